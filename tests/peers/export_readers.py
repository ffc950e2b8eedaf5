#!/usr/bin/env python3
"""Exports of one set of sequences, read by the programs that they are for: IndexedDataset of megatron-core, webdataset
with PyTorch's DataLoader, datasets' JSON reader. All must hold the same tokens as the .npy files.

    pip install numpy torch webdataset datasets megatron-core
    for f in npy megatron webdataset jsonl; do tessera export DATASET --format $f --to OUT/$f --sequences NAME; done
    export_readers.py OUT --vocabulary DATASET/vocabulary.json

Without one of the packages its format is left out, which is said; exit status 1 if any token differs.
"""
import argparse
import glob
import importlib.util
import json
import sys

import numpy as np


def load_megatron():
    """megatron/core/datasets/indexed_dataset.py; None: not installed."""
    if not importlib.util.find_spec("megatron"):
        return None
    from megatron.core.datasets.indexed_dataset import IndexedDataset
    return IndexedDataset


def read_json(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


class Split:
    """The tables of a split: the truth."""

    def __init__(self, folder, name):
        self.ids, self.loss, self.at, self.modality = (
            np.load(f"{folder}/{name}.{t}.npy", mmap_mode="r")
            for t in ("input_ids", "loss_mask", "position_ids", "modality"))
        self.name = name

    def documents(self):
        for ids, at, modality in zip(self.ids, self.at, self.modality):
            used = int((modality != 255).sum())
            starts = [i for i in range(used) if at[i] == 0] + [used]
            yield from (ids[a:b] for a, b in zip(starts, starts[1:]))


def check_megatron(folder, split):
    reader = load_megatron()
    if not reader:
        return "megatron-core is not installed"
    data, documents = reader(f"{folder}/{split.name}", mmap=True), list(split.documents())
    assert len(data) == len(documents) and len(data.document_indices) == len(documents) + 1
    for i, ids in enumerate(documents):
        assert np.array_equal(data[i], ids), f"document {i}"
    return f"{len(data)} documents, {sum(data.sequence_lengths)} tokens of {data[0].dtype}"


def check_webdataset(folder, split):
    try:
        import torch
        import webdataset
    except ImportError:
        return "webdataset or torch is not installed"
    files = sorted(glob.glob(f"{folder}/{split.name}-*.tar"))
    data = webdataset.WebDataset(files, shardshuffle=False).decode().to_tuple("input_ids.npy", "loss_mask.npy",
                                                                              "position_ids.npy", "json")
    data = data.map_tuple(*[lambda x: torch.from_numpy(x.astype(np.int64))] * 3, lambda x: x["tokens"])
    rows = [[np.asarray(x) for x in batch] for batch in torch.utils.data.DataLoader(data, batch_size=4)]
    for i, truth in enumerate((split.ids, split.loss, split.at)):
        assert np.array_equal(np.concatenate([r[i] for r in rows]), truth), i
    assert np.array_equal(np.concatenate([r[3] for r in rows]), (np.asarray(split.modality) != 255).sum(1))
    return f"{len(split.ids)} sequences from {len(files)} tar files"


def check_jsonl(folder, split, vocabulary):
    try:
        import datasets
    except ImportError:
        return "datasets is not installed"
    import tempfile
    offset = {r["modality"]: r["offset"] for r in vocabulary["ranges"]}
    with tempfile.TemporaryDirectory() as cache:
        lines = datasets.load_dataset("json", data_files=f"{folder}/{split.name}.jsonl", split="train", cache_dir=cache)
        documents = list(split.documents())
        assert len(lines) == len(documents)
        for line, ids in zip(lines, documents):
            assert line["tokens"] == len(ids)
            media = [s for s in line["segments"] if s.get("ids")]
            found = [i + offset["image" if s.get("image") else "audio"] for s in media for i in s["ids"]]
            assert found == [i for i in ids.tolist() if i >= offset["special"] + 64]
    return f"{len(lines)} lines"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--vocabulary", required=True)
    a = parser.parse_args()
    vocabulary = read_json(a.vocabulary)
    for name in read_json(f"{a.folder}/npy/export.json")["splits"]:
        split = Split(f"{a.folder}/npy", name)
        print(f"{name}: megatron: {check_megatron(f'{a.folder}/megatron', split)}")
        print(f"{name}: webdataset: {check_webdataset(f'{a.folder}/webdataset', split)}")
        print(f"{name}: jsonl: {check_jsonl(f'{a.folder}/jsonl', split, vocabulary)}")
    return 0


sys.exit(main())
