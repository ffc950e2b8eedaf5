"""usage: sequence_sets.py DATASET README.md SET...: read these sets of sequences with the code of the README, and
compare what they cover with the shards, and the cross-attention mask with the rule of the reference, written here once
more. SET:2 says that the documents of the first split stand there twice."""
import collections
import glob
import json
import re
import sys

import h5py
import numpy as np

dataset, readme, *names = sys.argv[1:]
code = next(c for c in re.findall(r"```python\n(.*?)```", open(readme, encoding="utf-8").read(), re.S)
            if "def cross_attention_mask" in c)
exec(code)
described = json.load(open(f"{dataset}/dataset.json", encoding="utf-8"))
ranges = {r["modality"]: r for r in json.load(open(f"{dataset}/vocabulary.json", encoding="utf-8"))["ranges"]}
special = ranges["special"]["offset"]
BOS, VECTOR, MARKERS = special, special + 11, {"image": special + 12, "audio": special + 13}
streams = {"unified": {}, "slots": {"image": "vectors"}, "cross": {"image": "cross", "audio": "cross"},
           "hybrid": {"image": "cross"}}


def sparse(positions, end):
    """processing_mllama.py, get_cross_attention_token_mask, with the end of the document in place of -1."""
    mask = [[a, b] for a, b in zip(positions[:-1], positions[1:])] + [[positions[-1], end]]
    last = mask[-1][1]
    for m in mask[::-1]:
        if m[0] == m[1] - 1:
            m[1] = last
        last = m[1]
    return mask


def check_ranges(sequence, vectors):
    """Ranges of the markers of each document."""
    ids, at = sequence["input_ids"], sequence["position_ids"]
    used = int((ids != block.attrs["pad_id"]).sum())
    starts = [i for i in range(used) if at[i] == 0] + [used]
    wanted = []
    for a, b in zip(starts[:-1], starts[1:]):
        for name, marker in MARKERS.items():
            positions = [i for i in range(a, b) if ids[i] == marker]
            wanted += [(name, *m) for m in sparse(positions, b)] if positions else []
    assert sorted(wanted) == sorted((v[0], v[1], v[2]) for v in vectors if v[3]), (wanted, vectors)
    mask = cross_attention_mask(vectors, len(ids))
    assert mask.sum() == sum((v[2] - v[1]) * len(v[4]) for v in vectors if v[3])


def ids_of(splits, name):
    return sum(len(f[name]["ids"]) for f in splits if name in f)


for name in names:
    name, _, times = name.partition(":")
    forms = streams[name]
    copies = {"train": int(times or 1), "valid": 1}
    for split in ("train", "valid"):
        shards = [h5py.File(p) for p in sorted(glob.glob(f"{dataset}/shards/{split}-*.h5"))]
        found, seen = collections.Counter(), collections.Counter()
        blocks = [h5py.File(p) for p in sorted(glob.glob(f"{dataset}/sequences/{name}/{split}-*.h5"))]
        for block in blocks:
            for i in range(block.attrs["n_sequences"]):
                sequence = read_sequence(block, i, lambda n: shards[n])
                vectors = read_vectors(block, i, lambda n: shards[n])
                ids, loss = sequence["input_ids"], sequence["loss_mask"]
                for r in ranges.values():
                    found[r["modality"]] += int(((ids >= r["offset"]) & (ids < r["offset"] + r["size"])).sum())
                assert not loss[(ids == BOS) | (ids == VECTOR) | (ids == block.attrs["pad_id"])].any()
                slots = sum(end - at for _, at, end, cross, _ in vectors if not cross)
                assert int((ids == VECTOR).sum()) == slots
                for kind, at, end, cross, rows in vectors:
                    seen[kind] += len(rows)
                    assert forms[kind] == ("cross" if cross else "vectors")
                check_ranges(sequence, vectors)
        for stream in ("image", "audio"):
            if stream in forms:
                total = sum(len(f[stream]["vectors"]) for f in shards if stream in f)
                assert found[stream] == 0 and seen[stream] == copies[split] * total, (name, split, stream)
            else:
                assert found[stream] == copies[split] * ids_of(shards, stream), (name, split, stream)
        literals = sum(len(f["literals/ids"]) for f in blocks)
        text = copies[split] * ids_of(shards, "text")
        assert found["text"] > text if literals else found["text"] == text, (name, split)
    print(f"{name}: {described['sequences'][name]['documents']} documents")
