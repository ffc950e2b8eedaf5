#!/usr/bin/env python3
"""Plant damage in a finished dataset that no SHA-256 shows: the shard is written again, and its size and SHA-256 in
dataset.json are made to fit.

usage: plant.py doubled-example|lost-example|id-out-of-range DATASET"""
import hashlib
import json
import os
import sys

import h5py


def doubled_example(f):
    """An example twice: the manifest row and the id of another one."""
    f["examples/row"][1] = f["examples/row"][0]


def lost_example(f):
    """One row less is counted than there are examples."""
    f.attrs["n_examples"] = f.attrs["n_examples"] - 1


def id_out_of_range(f):
    f["audio/ids"][0] = 65000


def main():
    what, dataset = sys.argv[1:]
    description = json.load(open(f"{dataset}/dataset.json", encoding="utf-8"))
    shard = next(s for s in description["shards"] if s["tokens"].get("audio") and s["examples"] > 1)
    path = f"{dataset}/{shard['file']}"
    with h5py.File(path, "r+") as f:
        {"doubled-example": doubled_example, "lost-example": lost_example, "id-out-of-range": id_out_of_range}[what](f)
    shard["bytes"] = os.path.getsize(path)
    shard["sha256"] = hashlib.sha256(open(path, "rb").read()).hexdigest()
    with open(f"{dataset}/dataset.json", "w", encoding="utf-8") as out:
        json.dump(description, out, indent=2)


main()
