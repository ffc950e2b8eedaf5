#!/usr/bin/env python3
"""Run the Python of the README on a dataset, and compare what it reads with the materialised sequences.

usage: readme_snippets.py README.md DATASET
       readme_snippets.py --loop SET README.md DATASET      only the training loop, on this set of sequences
Where PyTorch and joblib are not installed stand-ins give the few names that the README uses. Leaves codebook.npy, made
as the README says from the centroids of the dataset's audio codebook."""
import glob
import re
import sys
import types

import h5py
import numpy as np

QUICK = "quickstart/dataset"


class Loader:
    """Batches in the order of the sampler, as the default collation of PyTorch stacks them."""

    def __init__(self, data, batch_size, sampler, **_):
        self.data, self.batch_size, self.sampler = data, batch_size, sampler

    def __iter__(self):
        for first in range(0, len(self.sampler), self.batch_size):
            rows = [self.data[i] for i in self.sampler[first:first + self.batch_size]]
            yield {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def stand_in_for_torch():
    try:
        import torch
    except ImportError:
        torch = types.ModuleType("torch")
        torch.utils = types.SimpleNamespace(data=types.SimpleNamespace(Dataset=object, DataLoader=Loader))
        torch.from_numpy = lambda x: x
        sys.modules["torch"] = torch


def stand_in_for_joblib(centroids):
    """What joblib.load gives for a model of scikit-learn: its centroids are fp64."""
    joblib = types.ModuleType("joblib")
    joblib.load = lambda path: types.SimpleNamespace(cluster_centers_=centroids.astype(np.float64))
    sys.modules["joblib"] = joblib


def compare(sequences, dataset, split, name="default"):
    """Each sequence of a split equals its line of the materialised tables, in whatever order these stand."""
    lines = []
    for path in sorted(glob.glob(f"{dataset}/sequences/{name}/tokens-{split}-*.h5")):
        with h5py.File(path) as f:
            tables = [f[name][:].astype(np.int64) for name in ("input_ids", "loss_mask", "position_ids")]
            used = np.arange(tables[0].shape[1]) < f["tokens"][:][:, None]
            lines += [tuple(np.where(u, t[i], 0).tobytes() for t in tables) for i, u in enumerate(used)]
            pad = f.attrs["pad_id"]
    mine = []
    for i in range(len(sequences)):
        got = {k: np.asarray(v) for k, v in sequences[i].items()}
        ids = np.where(got["input_ids"] == pad, 0, got["input_ids"])
        mine.append((ids.tobytes(), got["loss_mask"].tobytes(), got["position_ids"].tobytes()))
    assert lines and sorted(lines) == sorted(mine), f"{split}: {len(mine)} sequences, {len(lines)} materialised"
    print(f"{split}: {len(mine)} sequences as materialised")


def read_from(block, names, epoch, done, batches, rank=0, ranks=1):
    """The training loop of the README from a checkpoint on, for some batches (0: to the end): the sequences it saw, as
    bytes, and `done` of the next checkpoint."""
    seen = []
    for old, new in (("epoch, done = 0, 0", f"epoch, done = {epoch}, {done}"),
                     ("rank, ranks = 0, 1", f"rank, ranks = {rank}, {ranks}"),
                     ("    print(", "    seen.append(batch); ("),
                     ("    break\n", "    if len(seen) == batches: break\n")):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    names = {**names, "seen": seen, "batches": batches}
    exec(compile(block, "README.md", "exec"), names)
    rows = [b"".join(np.asarray(batch[k])[i].tobytes() for k in sorted(batch))
            for batch in seen for i in range(len(batch["input_ids"]))]
    return rows, names["done"]


def check_resume(block, names):
    """Stopped after some batches, or after each, the loop sees the same sequences in the same order."""
    whole, n = read_from(block, names, 0, 0, 0)
    assert n == len(whole) > 4 and len(set(whole)) > 0.8 * n, (n, len(whole), len(set(whole)))
    for stop in {1, (n + 7) // 8, n // 4}:
        first, done = read_from(block, names, 0, 0, stop)
        rest, end = read_from(block, names, 0, done, 0)
        assert done == 4 * stop and end == n and first + rest == whole, stop
    first = [read_from(block, names, 0, 0, 1, rank, 2) for rank in range(2)]
    places = {done for _, done in first}
    assert len(places) == 1, places
    rest = [read_from(block, names, 0, places.copy().pop(), 0, rank, 2)[0] for rank in range(2)]
    assert sorted(sum([rows for rows, _ in first] + rest, [])) == sorted(whole), "two processes"
    other, _ = read_from(block, names, 1, 0, 0)
    assert other != whole and sorted(other) == sorted(whole)
    print(f"{n} sequences, stopped in several places")


def check_vectors(data):
    """Each vector of the table comes with its sequence, and the mask has a column for each that is attended to."""
    total = columns = attended = 0
    for i in range(len(data)):
        item = data[i]
        total += sum(len(rows) for _, _, rows in item["vectors"])
        columns += item["cross_attention_mask"].shape[1]
        attended += int(item["cross_attention_mask"].sum())
    length, at, end, cross = (np.concatenate([block[f"vectors/{c}"] for block in data.blocks]).astype(np.int64)
                              for c in ("length", "at", "end", "cross"))
    assert total == length.sum() and columns == (length * cross).sum(), (total, columns)
    assert attended == ((end - at) * length * cross).sum(), attended
    print(f"{total} vectors, {columns} of them attended to")


def only_loop(name, blocks, dataset):
    names = {}
    exec(next(b for b in blocks if "def read_sequence" in b), names)
    loop = next(b for b in blocks if "class Sequences" in b)
    loop = loop.replace(f'"{QUICK}"', f'"{dataset}", name="{name}"')
    check_resume(loop, names)
    exec(loop.split("\ndata = ")[0], names)
    check_vectors(names["Sequences"](dataset, "train", name, vectors=True))
    if glob.glob(f"{dataset}/sequences/{name}/tokens-*.h5"):
        compare(names["Sequences"](dataset, "train", name), dataset, "train", name)


def main():
    readme, dataset = sys.argv[-2:]
    stand_in_for_torch()
    with open(readme, encoding="utf-8") as f:
        blocks = re.findall(r"```python\n(.*?)```", f.read(), flags=re.S)
    assert len(blocks) == 5, f"{len(blocks)} Python blocks in the README"
    if sys.argv[1] == "--loop":
        only_loop(sys.argv[2], blocks, dataset)
        return
    centroids = np.load(f"{dataset}/codebooks/audio.npy")
    stand_in_for_joblib(centroids)
    names = {}
    for block in blocks:
        exec(compile(block.replace(QUICK, dataset), "README.md", "exec"), names)
    check_resume(next(b for b in blocks if "class Sequences" in b).replace(QUICK, dataset), names)
    for split in ("train", "valid"):
        compare(names["Sequences"](dataset, split), dataset, split)
    shape = names["batch"]["input_ids"].shape  # of the materialised reader, the last block with a batch
    assert len(shape) == 2 and 1 <= shape[0] <= 4, shape
    saved = np.load("codebook.npy")
    assert saved.dtype == np.float32 and np.array_equal(saved, centroids)


main()
