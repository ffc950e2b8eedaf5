"""usage: sequence_references.py make GOLDEN FOLDER: a corpus and a config for each set of GOLDEN/*.json
sequence_references.py compare GOLDEN SET README.md: read the sequences of the folder SET with the code of the README,
and compare every document with what the reference made of it (tests/peers/sequence_references.py says what is where).
Every document is then compared once more with wrong copies, and each of them must be seen."""
import copy
import glob
import json
import pathlib
import re
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import make_corpus

CUSTOM = 32  # number of the first special of sequence.specials
command, golden, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
sets = {s["name"]: s for path in sorted(golden.glob("*.json")) if path.name != "tokenizer.json"
        for s in json.load(open(path, encoding="utf-8"))["sets"]}


def make(name, wanted):
    """Media of random content, as large as the reference says; sound of n MFCC frames has 240 + 160 n samples."""
    corpus = folder / name / "corpus"
    corpus.mkdir(parents=True)
    config = copy.deepcopy(wanted["config"])
    config["sequence"].setdefault("length", 256)
    config["text"] = {"tokenizer": "auto", "path": str(golden / "tokenizer.json"), **config.get("text", {})}
    config.update(corpus={"path": f"{name}/corpus/rows.jsonl", "splits": {"train": 1}},
                  output={"path": f"{name}/dataset", "shard_bytes": "4KiB", "unit_min": 1})
    (folder / name / "config.yaml").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
    seed = 0
    with open(corpus / "rows.jsonl", "w", encoding="utf-8") as out:
        for d in wanted["documents"]:
            for m in d["messages"]:
                seed += 1
                if m.pop("image", 0):
                    m["image_filepath"] = f"{seed}.png"
                    make_corpus.picture(corpus / f"{seed}.png", seed, 80, 60, 3)
                if n := m.pop("sound", 0):
                    m["audio_filepath"] = f"{seed}.wav"
                    make_corpus.sound(corpus / f"{seed}.wav", seed, 16000, 1, (240 + 160 * n) / 16000)
            out.write(json.dumps({"id": d["id"], "messages": d["messages"]}, ensure_ascii=False) + "\n")


class Dataset:
    def __init__(self, path):
        self.shards = [h5py.File(p) for p in sorted(glob.glob(f"{path}/shards/train-*.h5"))]
        self.blocks = [h5py.File(p) for p in sorted(glob.glob(f"{path}/sequences/default/train-*.h5"))]
        self.words = json.load(open(f"{path}/vocabulary.json", encoding="utf-8"))
        self.ranges = {r["modality"]: r["offset"] for r in self.words["ranges"]}
        self.rows = {}  # (group, order): shard and number of the example
        for n, f in enumerate(self.shards):
            names, starts = f["examples/group"][:].tobytes().decode(), f["examples/group_offsets"][:]
            for i, order in enumerate(f["examples/order"][:]):
                self.rows[names[starts[i]:starts[i + 1]], int(order)] = n, i

    def part(self, row, stream, what):
        """Ids or vectors of an example."""
        n, i = row
        offsets = f"{stream}/{'vector_offsets' if what == 'vectors' else 'offsets'}"
        if offsets not in self.shards[n]:
            return np.zeros(0)
        a, b = self.shards[n][offsets][i:i + 2]
        return self.shards[n][f"{stream}/{what}"][a:b]


def expect(data, wanted, d):
    """What document d should be, by the reference: ids, loss, vectors and mask."""
    rows = [data.rows[d["id"], i] for i in range(len(d["messages"]))]
    media = [("image" if "image" in m else "audio", rows[i]) for i, m in enumerate(d["messages"])
             if "image" in m or "sound" in m]
    custom = wanted["config"]["sequence"].get("specials", [])
    special = {**data.words["special"], **{f"<{n}>": data.ranges["special"] + CUSTOM + i for i, n in enumerate(custom)}}
    ids, vectors = [], []
    for kind, *run in d["tokens"]:
        if kind == "ids":
            ids += run
        elif kind == "special":
            ids += [special[wanted["names"][run[0]]]]
        else:
            m, first, n = run
            stream, row = media[m]
            stored = data.part(row, stream, "ids" if kind == "codes" else "vectors")
            assert first + n <= len(stored), f"{d['id']}: {n} of {stream}, there are {len(stored)}"
            if kind == "codes":
                ids += (stored[first:first + n].astype(np.int64) + data.ranges[stream]).tolist()
            else:
                vectors.append([stream, len(ids), len(ids) + n, False, stored[first:first + n]])
                ids += n * [special["<vector>"]]
    kept = sum(len(data.part(row, stream, "vectors")) for stream, row in media)
    assert not vectors or sum(len(v[4]) for v in vectors) == kept, f"{d['id']}: there are {kept} vectors"
    for (stream, row), (at, end) in zip(media, d.get("ranges", [])):
        vectors.append([stream, at, len(ids) if end == -1 else end, True, data.part(row, stream, "vectors")])
    out = {"ids": np.array(ids), "vectors": vectors, "loss": None, "mask": None}
    if "loss" in d:
        out["loss"] = np.zeros(len(ids), np.int64)
        for a, b in d["loss"]:
            out["loss"][a:b] = 1
    if "mask" in d:
        width = sum(len(v[4]) for v in vectors)
        out["mask"] = np.array([np.isin(np.arange(width), np.concatenate([[], *(range(*r) for r in line)]))
                                for n, line in d["mask"] for _ in range(n)], np.uint8)
    return out


def group_of(data, block, first, end):
    """Group of the first span with text."""
    for k in range(first, end):
        if block["spans/kind"][k] == 0:
            n, start = int(block["spans/shard"][k]), int(block["spans/start"][k])
            i = int(np.searchsorted(data.shards[n]["text/offsets"][:], start, side="right")) - 1
            return next(g for (g, _), row in data.rows.items() if row == (n, i))
    raise AssertionError("a document without text")


def documents_of(data, block, i):
    """(group, what it is) of each document of sequence i."""
    sequence = read_sequence(block, i, lambda n: data.shards[n])
    vectors = read_vectors(block, i, lambda n: data.shards[n])
    mask = cross_attention_mask(vectors, len(sequence["input_ids"]))
    columns = np.concatenate([[0], np.cumsum([len(v[4]) * v[3] for v in vectors])]).astype(int)
    first, last = block["offsets"][i:i + 2]
    lengths = block["spans/length"][first:last].astype(int)
    tokens = np.concatenate([[0], np.cumsum(lengths)])
    begins = [*np.flatnonzero(block["spans/begins"][first:last]), last - first]
    for a, b in zip(begins[:-1], begins[1:]):
        at, end = tokens[a], tokens[b]
        own = [k for k, v in enumerate(vectors) if at <= v[1] < end]
        shown = mask[:, columns[own[0]]:columns[own[-1] + 1]] if own else mask[:, :0]
        assert not shown[:at].any() and not shown[end:].any(), "a token of another document attends"
        assert (sequence["position_ids"][at:end] == np.arange(end - at)).all()
        yield group_of(data, block, first + a, first + b), {
            "ids": sequence["input_ids"][at:end], "loss": sequence["loss_mask"][at:end], "mask": shown[at:end],
            "vectors": [[v[0], v[1] - at, v[2] - at, *v[3:]] for v in (vectors[k] for k in own)]}


def differences(wanted, found):
    if len(wanted["ids"]) != len(found["ids"]):
        return [f"{len(found['ids'])} tokens, not {len(wanted['ids'])}: {found['ids'].tolist()}, "
                f"not {wanted['ids'].tolist()}"]
    out = [f"token {i} is {found['ids'][i]}, not {wanted['ids'][i]}"
           for i in np.flatnonzero(wanted["ids"] != found["ids"])]
    if wanted["loss"] is not None:
        out += [f"the loss of token {i} is {found['loss'][i]}" for i in np.flatnonzero(wanted["loss"] != found["loss"])]
    if len(wanted["vectors"]) != len(found["vectors"]):
        return out + [f"{len(found['vectors'])} runs of vectors, not {len(wanted['vectors'])}"]
    for n, (w, f) in enumerate(zip(wanted["vectors"], found["vectors"])):
        out += [f"{name} of the vectors {n} is {b}, not {a}" for name, a, b in zip(
            ("stream", "at", "end", "cross"), w[:4], f[:4]) if a != b]
        out += [f"the vectors {n} are others"] if not np.array_equal(w[4], f[4]) else []
    if wanted["mask"] is not None and not np.array_equal(wanted["mask"], found["mask"]):
        out.append("the cross-attention mask is another")
    return out


def wrong_copies(right):
    """Copies of which one thing is wrong."""
    n = len(right["ids"])
    for i in range(n):
        x = copy.deepcopy(right)
        x["ids"][i] += 1
        yield f"id {i}", x
        if right["loss"] is not None:
            x = copy.deepcopy(right)
            x["loss"][i] ^= 1
            yield f"loss {i}", x
    x = copy.deepcopy(right)
    x["ids"] = x["ids"][:-1]
    yield "length", x
    for k, v in enumerate(right["vectors"]):
        for column in (1, 2):
            x = copy.deepcopy(right)
            x["vectors"][k][column] -= 1
            yield f"place {k}", x
        x = copy.deepcopy(right)
        x["vectors"][k][4] = np.roll(v[4], 1, axis=0)
        yield f"order of vectors {k}", x
        x = copy.deepcopy(right)
        del x["vectors"][k]
        yield f"lost vectors {k}", x
    if right["mask"] is not None:
        for t, c in np.ndindex(right["mask"].shape):
            x = copy.deepcopy(right)
            x["mask"][t, c] ^= 1
            yield f"mask {t}, {c}", x


def compare(wanted):
    data = Dataset(folder / "dataset")
    found = [d for b in data.blocks for i in range(b.attrs["n_sequences"]) for d in documents_of(data, b, i)]
    assert sorted(g for g, _ in found) == sorted(d["id"] for d in wanted["documents"]), [g for g, _ in found]
    faults, planted, sequences = [], 0, sum(b.attrs["n_sequences"] for b in data.blocks)
    assert sequences < len(found), "no two documents share a sequence"
    for group, what in found:
        right = expect(data, wanted, next(d for d in wanted["documents"] if d["id"] == group))
        faults += [f"{group}: {x}" for x in differences(right, what)]
        for name, wrong in wrong_copies(right) if not faults else []:
            planted += 1
            assert differences(wrong, what), f"{group}: {name} was not seen"
    print("\n".join(faults) or f"{len(found)} documents in {sequences} sequences; {planted} wrong copies seen")
    sys.exit(bool(faults))


if command == "make":
    for name, wanted in sets.items():
        make(name, wanted)
else:
    readme = open(sys.argv[4], encoding="utf-8").read()
    exec(next(c for c in re.findall(r"```python\n(.*?)```", readme, re.S) if "def cross_attention_mask" in c))
    config = json.load(open(folder / "config.yaml", encoding="utf-8"))
    compare(sets[config["output"]["path"].split("/")[0]])
