#!/usr/bin/env python3
"""Run the Python of the README on a dataset, and compare what it reads with the materialised sequences.

usage: readme_snippets.py README.md DATASET
Without PyTorch a stand-in gives its two names that the data set class uses; the training loop is then left out."""
import glob
import re
import sys
import types

import h5py
import numpy as np

QUICK = "quickstart/dataset"


def use_torch():
    """Whether there is a real PyTorch; otherwise something with the names that Sequences needs."""
    try:
        import torch
        return True
    except ImportError:
        data = types.SimpleNamespace(Dataset=object)
        torch = types.ModuleType("torch")
        torch.utils, torch.from_numpy = types.SimpleNamespace(data=data), lambda x: x
        sys.modules["torch"] = torch
        return False


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
    blocks = re.findall(r"```python\n(.*?)```", open(readme, encoding="utf-8").read(), flags=re.S)
    assert len(blocks) == 3, f"{len(blocks)} Python blocks in the README"
    names = {}
    for block in blocks if use_torch() else blocks[:2]:
        assert QUICK in block or "class" in block
        exec(compile(block.replace(QUICK, dataset), "README.md", "exec"), names)
    for split in ("train", "valid"):
        compare(names["Sequences"](dataset, split), dataset, split)


main()
