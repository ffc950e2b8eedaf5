#!/usr/bin/env python3
"""Run the Python of the README on a dataset, and compare what it reads with the materialised sequences.

usage: readme_snippets.py README.md DATASET
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
    """Batches in order, as the default collation of PyTorch stacks them."""

    def __init__(self, data, batch_size, **_):
        self.data, self.batch_size = data, batch_size

    def __iter__(self):
        for first in range(0, len(self.data), self.batch_size):
            rows = [self.data[i] for i in range(first, min(first + self.batch_size, len(self.data)))]
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


def compare(sequences, dataset, split):
    """Each sequence of a split equals its line of the materialised tables, in whatever order these stand."""
    lines = []
    for path in sorted(glob.glob(f"{dataset}/sequences/default/tokens-{split}-*.h5")):
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


def main():
    readme, dataset = sys.argv[1:]
    centroids = np.load(f"{dataset}/codebooks/audio.npy")
    stand_in_for_torch()
    stand_in_for_joblib(centroids)
    with open(readme, encoding="utf-8") as f:
        blocks = re.findall(r"```python\n(.*?)```", f.read(), flags=re.S)
    assert len(blocks) == 5, f"{len(blocks)} Python blocks in the README"
    names = {}
    for block in blocks:
        exec(compile(block.replace(QUICK, dataset), "README.md", "exec"), names)
    for split in ("train", "valid"):
        compare(names["Sequences"](dataset, split), dataset, split)
    shape = names["batch"]["input_ids"].shape  # of the materialised reader, the last block with a batch
    assert len(shape) == 2 and 1 <= shape[0] <= 4, shape
    saved = np.load("codebook.npy")
    assert saved.dtype == np.float32 and np.array_equal(saved, centroids)


main()
