#!/usr/bin/env python3
"""Read exported sequences with nothing but NumPy and the standard library, and compare them with the index, the shards
and the corpus.

usage: read_exports.py DATASET README.md MANIFEST megatron|npy|webdataset|jsonl FOLDER [AUDIO-TOKEN]
The sequences are read with the Python of the README; the set is the one that FOLDER/export.json names."""
import collections
import glob
import io
import json
import re
import struct
import sys
import tarfile

import h5py
import numpy as np

dataset, readme, manifest, form, folder, *pattern = sys.argv[1:]
patterns = {"image": "<img_%d>", "audio": pattern[0] if pattern else "<aud_%d>"}
with open(readme, encoding="utf-8") as f:
    exec(next(c for c in re.findall(r"```python\n(.*?)```", f.read(), re.S) if "def read_sequence" in c))
with open(f"{folder}/export.json", encoding="utf-8") as f:
    said = json.load(f)
with open(f"{dataset}/vocabulary.json", encoding="utf-8") as f:
    vocabulary = json.load(f)
assert said["complete"] and said["export"] == form and said["vocabulary_size"] == vocabulary["size"]
offsets = {r["modality"]: r["offset"] for r in vocabulary["ranges"]}
Expected = collections.namedtuple("Expected", "input_ids loss_mask position_ids modality tokens starts vectors")
specials = dict(vocabulary["special"])


def expected_of(split):
    """Every sequence of the split in order; modality as the spans and vectors have it."""
    shards = [h5py.File(p) for p in sorted(glob.glob(f"{dataset}/shards/{split}-*.h5"))]
    out = []
    for path in sorted(glob.glob(f"{dataset}/sequences/{said['set']}/{split}-*.h5")):
        block = h5py.File(path)
        names = block.attrs["specials"]
        for i, name in enumerate((names.decode() if isinstance(names, bytes) else names).split()):
            specials[f"<{name}>"] = offsets["special"] + 32 + i
        for i in range(block.attrs["n_sequences"]):
            s, vectors = read_sequence(block, i, lambda n: shards[n]), read_vectors(block, i, lambda n: shards[n])
            first, end = block["offsets"][i:i + 2]
            kinds, lengths, begins = (block[f"spans/{c}"][first:end] for c in ("kind", "length", "begins"))
            modality = np.full(len(s["input_ids"]), 255)
            used = int(block["tokens"][i])
            modality[:used] = np.repeat(np.where(kinds == 5, 0, kinds), lengths)
            for kind, a, b, cross, _ in vectors:
                if not cross:
                    modality[a:b] = KINDS.index(kind)
            starts = [int(x) for x, b in zip(np.cumsum(lengths) - lengths, begins) if b]
            out.append(Expected(s["input_ids"], s["loss_mask"], s["position_ids"], modality, used, starts, vectors))
    assert said["splits"][split]["sequences"] == len(out)
    assert said["splits"][split]["documents"] == sum(len(e.starts) for e in out)
    assert said["splits"][split]["tokens"] == sum(e.tokens for e in out)
    return out


def documents(expected):
    """(number of the sequence, first token, end) of every document."""
    return [(i, a, b) for i, e in enumerate(expected) for a, b in zip(e.starts, e.starts[1:] + [e.tokens])]


def read_megatron(prefix):
    """megatron/core/datasets/indexed_dataset.py, from the description of its files."""
    index = open(f"{prefix}.idx", "rb").read()
    assert index[:9] == b"MMIDIDX\x00\x00" and struct.unpack("<Q", index[9:17]) == (1,)
    kind = {8: np.uint16, 4: np.int32}[index[17]]
    n, n_documents = struct.unpack("<QQ", index[18:34])
    lengths = np.frombuffer(index, np.int32, n, 34)
    starts = np.frombuffer(index, np.int64, n, 34 + 4 * n)
    ends = np.frombuffer(index, np.int64, n_documents, 34 + 12 * n)
    assert len(index) == 34 + 12 * n + 8 * n_documents and np.array_equal(ends, np.arange(n + 1))
    data = open(f"{prefix}.bin", "rb").read()
    assert len(data) == lengths.sum() * np.dtype(kind).itemsize
    return [np.frombuffer(data, kind, length, start) for length, start in zip(lengths, starts)], kind


def check_megatron(split, expected):
    found, kind = read_megatron(f"{folder}/{split}")
    assert kind == (np.uint16 if vocabulary["size"] < 65500 else np.int32)
    wanted = [expected[i].input_ids[a:b] for i, a, b in documents(expected)]
    assert len(found) == len(wanted)
    for got, ids in zip(found, wanted):
        assert np.array_equal(got, ids)


def check_npy(split, expected):
    for name in ("input_ids", "loss_mask", "position_ids", "modality"):
        table = np.load(f"{folder}/{split}.{name}.npy", mmap_mode="r")
        assert table.shape == (len(expected), said["length"]), table.shape
        assert np.array_equal(table, np.stack([getattr(e, name) for e in expected])), name


def examples_of(split):
    """Ids of each example by stream."""
    out = {}
    for path in sorted(glob.glob(f"{dataset}/shards/{split}-*.h5")):
        with h5py.File(path) as f:
            for i in range(f.attrs["n_examples"]):
                a, b = f["examples/id_offsets"][i:i + 2]
                name = f["examples/id"][a:b].tobytes().decode()
                for s in ("text", "image", "audio"):
                    if s in f:
                        out[name, s] = f[f"{s}/ids"][f[f"{s}/offsets"][i]:f[f"{s}/offsets"][i + 1]].astype(np.int64)
    return out


def samples_of(split):
    """The samples of all tar files as webdataset groups them; members are of one owner and time."""
    samples = {}
    for number, path in enumerate(sorted(glob.glob(f"{folder}/{split}-*.tar"))):
        assert path.endswith(f"-{number:06d}.tar")
        with tarfile.open(path, "r:") as tar:
            for m in tar:
                assert m.isreg() and (m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) == (0, 0, 0, "", "", 0o644)
                key, _, suffix = m.name.partition(".")
                assert key not in samples or list(samples)[-1] == key, "members of a sample are not neighbours"
                data = tar.extractfile(m).read()
                assert suffix not in samples.setdefault(key, {})
                samples[key][suffix] = json.loads(data) if suffix == "json" else np.load(io.BytesIO(data))
    return samples


def check_vectors(sample, vectors):
    places = sample["json"]["vectors"]
    assert len(places) == len(vectors)
    counted = collections.Counter()
    for place, (kind, at, end, cross, rows) in zip(places, vectors):
        assert (place["stream"], place["start"], place["end"], place["cross"]) == (kind, at, end, cross)
        assert place["first"] == counted[kind] and place["count"] == len(rows) and place["from"] >= 0
        counted[kind] += len(rows)
        got = sample[f"{kind}_vectors.npy"][place["first"]:counted[kind]]
        assert got.dtype == np.float16 and np.array_equal(got.view(np.uint16), rows.view(np.uint16))
    for kind in ("image", "audio"):
        assert len(sample.get(f"{kind}_vectors.npy", [])) == counted[kind]


def check_webdataset(split, expected):
    samples, examples = samples_of(split), examples_of(split)
    assert list(samples) == [f"{split}-{i:09d}" for i in range(len(expected))]
    for i, (e, sample) in enumerate(zip(expected, samples.values())):
        for name in ("input_ids", "loss_mask", "position_ids"):
            assert np.array_equal(sample[f"{name}.npy"], getattr(e, name)), name
        about = sample["json"]
        assert (about["set"], about["split"], about["sequence"]) == (said["set"], split, i)
        assert about["tokens"] == e.tokens and about["documents"] == e.starts
        for s in about["spans"]:
            ids = examples[s["example"], s["stream"]][s["from"]:s["from"] + s["end"] - s["start"]]
            assert np.array_equal(e.input_ids[s["start"]:s["end"]], ids + offsets[s["stream"]])
        check_vectors(sample, e.vectors)


def tokens_of(segment):
    """Joint ids that a segment stands for."""
    if "special" in segment:
        return [specials[segment["special"]]]
    if "text" in segment:
        return list(bytes.fromhex(segment["hex"]) if "hex" in segment else segment["text"].encode())
    stream = next(s for s in ("image", "audio") if s in segment)
    if "ids" in segment:
        return [i + offsets[stream] for i in segment["ids"]]
    return [specials[f"<{stream}>"]] if segment.get("cross") else [specials["<vector>"]] * segment["vectors"]


def text_of(segment):
    """The text form of a segment."""
    if "special" in segment or "text" in segment:
        return segment.get("special", segment.get("text"))
    stream = next(s for s in ("image", "audio") if s in segment)
    if "ids" in segment:
        return "".join(patterns[stream] % i for i in segment["ids"])
    return f"<{stream}>" if segment.get("cross") else "<vector>" * segment["vectors"]


def check_line(line, e, a, b, examples):
    """One document; `examples` are those of the segments with their tokens."""
    tokens, loss, at = [], [], 0
    for segment in line["segments"]:
        ids = tokens_of(segment)
        tokens += ids
        loss += [segment.get("loss", True)] * len(ids)
    assert tokens == e.input_ids[a:b].tolist() and loss == e.loss_mask[a:b].astype(bool).tolist()
    for m in line["media"]:
        stream, name = next(iter(m.items()))
        assert a <= a + m["start"] < a + m["end"] <= b and name in line["examples"], m
        inside = e.input_ids[a + m["start"]:a + m["end"]]
        assert inside[0] >= offsets[stream] or inside[0] in (specials["<vector>"], specials[f"<{stream}>"])
    for segment in line["segments"]:
        for stream in ("image", "audio", "text"):
            name = segment.get("example") if stream == "text" else segment.get(stream)
            if stream in segment and name:
                examples[name, stream].append((segment.get("from", 0), tokens_of(segment)))


def check_jsonl(split, expected):
    """Also that every text of the corpus comes back, and the ids of its media."""
    with open(f"{folder}/{split}.jsonl", encoding="utf-8", newline="\n") as f:
        lines = [json.loads(line) for line in f]
    wanted, found = documents(expected), collections.defaultdict(list)
    assert len(lines) == len(wanted)
    for line, (i, a, b) in zip(lines, wanted):
        assert (line["sequence"], line["start"], line["tokens"]) == (i, a, b - a)
        first = next(iter(line["examples"]), None)  # None: a piece that has special tokens alone
        assert line["id"] == (groups.get(first) or first)
        check_line(line, expected[i], a, b, found)
        assert line["text"] == "".join(text_of(s) for s in line["segments"])
    for (name, stream), parts in found.items():
        tokens = [t for _, part in sorted(parts) for t in part]
        if stream == "text":
            assert bytes(tokens).decode() == texts[name], name
            seen.add(name)
    return lines


texts, groups, seen = {}, {}, set()
with open(manifest, encoding="utf-8") as f:
    for line in f:
        try:
            row = json.loads(line)
        except ValueError:
            continue  # a row that is broken on purpose
        if row["id"] not in texts:
            texts[row["id"]], groups[row["id"]] = row.get("text", ""), row.get("group")
for split in said["splits"]:
    globals()[f"check_{form}"](split, expected_of(split))
if form == "jsonl":
    rejected = {json.loads(line).get("id") for line in open(f"{dataset}/rejects.jsonl", encoding="utf-8")}
    missing = {name for name, text in texts.items() if text} - seen - rejected
    assert not missing, missing
print(f"{form}: {said['splits']}")
