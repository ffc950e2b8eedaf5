#!/usr/bin/env python3
"""How many packed sequences a second the Python of the README reads in one process, from the index and from the
materialised tables (tessera pack CONFIG --materialise), in order and in a random one.

usage: read_rates.py README.md DATASET [--name default] [--split train] [--seconds 5]
  python3 tests/peers/read_rates.py README.md quickstart/dataset      # needs torch, h5py
Medians of five turns, files in the page cache.
"""
import argparse
import glob
import re
import statistics
import time

import numpy as np

COLUMNS = ("input_ids", "loss_mask", "position_ids")


def readme_names(path, dataset):
    with open(path, encoding="utf-8") as f:
        blocks = re.findall(r"```python\n(.*?)```", f.read(), flags=re.S)
    names = {}
    for block in blocks:
        if "def read_sequence" in block or "class Sequences" in block:
            exec(block.split("\ndata = ")[0], names)
    return names


def rate(read, order, seconds):
    """Sequences a second: `order` again and again for that long."""
    start, n = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for i in order:
            read(int(i))
        n += len(order)
    return n / (time.perf_counter() - start)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("readme")
    p.add_argument("dataset")
    p.add_argument("--name", default="default")
    p.add_argument("--split", default="train")
    p.add_argument("--seconds", type=float, default=5)
    o = p.parse_args()
    names = readme_names(o.readme, o.dataset)
    data = names["Sequences"](o.dataset, o.split, o.name)
    order = np.arange(len(data))
    mixed = np.random.default_rng(0).permutation(len(data))
    length = int(data.blocks[0].attrs["length"])
    ways = {"index, in order": (data.__getitem__, order), "index, random": (data.__getitem__, mixed)}
    tables = [names["Columns"](p) for p in
              sorted(glob.glob(f"{o.dataset}/sequences/{o.name}/tokens-{o.split}-*.h5"))]
    if tables:
        def materialised(i):
            block = int(np.searchsorted(data.ends, i, side="right"))
            i -= int(data.ends[block] - data.blocks[block].attrs["n_sequences"])
            return {c: np.array(tables[block][c][i]) for c in COLUMNS}
        ways |= {"tables, in order": (materialised, order), "tables, random": (materialised, mixed)}
        for i in mixed[:50]:  # the same tokens
            a, b = data[int(i)], materialised(int(i))
            assert all(np.array_equal(a[c].numpy(), b[c]) for c in COLUMNS), i
    turns = {way: [] for way in ways}
    for _ in range(5):
        for way, (read, numbers) in ways.items():
            turns[way].append(rate(read, numbers, o.seconds / 5))
    for way, rates in turns.items():
        median = statistics.median(rates)
        print(f"{way:18} {median:9,.0f} sequences of {length} a second, {median * length / 1e6:7.1f} M tokens")


main()
