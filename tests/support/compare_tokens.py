#!/usr/bin/env python3
"""Whether two datasets have the same ids, and for each of them the same text, tokens and durations.

usage: compare_tokens.py DATASET DATASET"""
import sys
from pathlib import Path

import h5py


def flat(f, offsets, values):
    data, offsets = f[values][:], f[offsets][:]
    return [data[offsets[i]:offsets[i + 1]].tobytes() for i in range(len(offsets) - 1)]


def examples(dataset):
    found = {}
    for path in sorted(Path(dataset, "shards").glob("*.h5")):
        with h5py.File(path, "r") as f:
            ids = flat(f, "examples/id_offsets", "examples/id")
            columns = [flat(f, f"{stream}/offsets", f"{stream}/ids") for stream in ("audio", "image", "text")
                       if stream in f]
            for row in zip(ids, *columns, strict=True):
                assert row[0] not in found, row[0]
                found[row[0]] = row[1:] + (path.name.split("-")[0],)
    return found


def main():
    one, other = map(examples, sys.argv[1:])
    if not one or one.keys() != other.keys():
        sys.exit(f"{len(one)} and {len(other)} ids, differing: {sorted(one.keys() ^ other.keys())[:5]}")
    wrong = [key for key in one if one[key] != other[key]]
    if wrong:
        sys.exit(f"{len(wrong)} of {len(one)} examples differ, such as {wrong[0]}")
    print(f"{len(one)} examples have the same tokens")


if __name__ == "__main__":
    main()
