#!/usr/bin/env python3
"""Read shards with plain h5py, as the README shows it, and compare with the examples that went in.

usage: test_shard_h5py.py WRITE_SHARD      the program that makes a shard and expected.jsonl"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np


def examples(path):
    with h5py.File(path) as f:
        text, text_offsets = f["examples/text"][:], f["examples/text_offsets"][:]
        ids, offsets = f["audio/ids"][:], f["audio/offsets"][:]
        for i in range(f.attrs["n_examples"]):
            yield bytes(text[text_offsets[i]:text_offsets[i + 1]]).decode(), ids[offsets[i]:offsets[i + 1]]


def flat(group, name, i, offsets="offsets"):
    start, end = group[offsets][i:i + 2]
    return group[name][start:end]


def text_of(f, name, i):
    g = f["examples"]
    if name + "_table" in g:
        return flat(g, name + "_table", int(g[name][i]), name + "_table_offsets").tobytes().hex()
    return flat(g, name, i, name + "_offsets").tobytes().hex()


def compare(f, i, wanted):
    for name in ("id", "group", "role", "lang", "license", "source", "text", "text_lang", "extra"):
        assert text_of(f, name, i) == wanted[name], (i, name)
    for name in ("text", "image", "audio"):
        assert flat(f[name], "ids", i).tolist() == wanted[name + "_ids"], (i, name)
    assert flat(f["audio"], "durations", i).tolist() == wanted["durations"], i
    assert f["image/grid"][i].tolist() == wanted["grid"], i
    vectors = flat(f["image"], "vectors", i, "vector_offsets")
    assert vectors.dtype == np.float16 and vectors.shape[1] == 4
    assert vectors.view(np.uint16).ravel().tolist() == wanted["vectors"], i
    assert f["examples/row"][i] == wanted["row"] and f["image/xxh3"][i] == wanted["xxh3"], i
    assert f["audio/seconds"][i] == wanted["seconds"], i
    assert f["examples/checksum"][i] == checksum(f, i), i


def chain(values):
    """FNV-1a of 64 bits over numbers."""
    h = 0xcbf29ce484222325
    for v in values:
        h = (h ^ int(v) % 2**64) * 0x100000001b3 % 2**64
    return h


def checksum(f, i):
    """As src/shards/example_sum.h defines it."""
    words = []
    for name in ("id", "group", "role", "lang", "license", "source", "text", "text_lang", "extra"):
        text = bytes.fromhex(text_of(f, name, i))
        words += [len(text), chain(text)]
    words += [f["examples"][name][i] for name in ("order", "row", "starts_group")]
    for name in ("text", "image", "audio", "sensor"):
        if name not in f:
            continue
        g = f[name]
        words += [len(flat(g, "ids", i)), chain(flat(g, "ids", i))]
        if "durations" in g:
            words.append(chain(flat(g, "durations", i)))
        words += list(g["grid"][i]) if "grid" in g else []
        if "vectors" in g:
            vectors = flat(g, "vectors", i, "vector_offsets")
            words += [len(vectors), chain(vectors.view(np.uint16).ravel())]
        words += [g["xxh3"][i]] if "xxh3" in g else []
        words += [g["seconds"][i:i + 1].view(np.uint64)[0]] if "seconds" in g else []
    return chain(words)


def check_form(f, deflate):
    assert f.attrs["format"].decode() == "tessera-shard" and f.attrs["format_version"] == 1
    assert f.attrs["config_sha256"].decode() == 64 * "c" and f.attrs["created_by"].decode().startswith("tessera ")
    assert f["audio"].attrs["vocab_size"] == 500 and f["audio"].attrs["rate_hz"] == 100.0
    assert f["audio"].attrs["encoder"].decode() == "mfcc" and f["text"].attrs["layer"] == -1
    assert f["image"].attrs["codebook_sha256"].decode() == 64 * "a"
    assert f["audio"].attrs["n_ids"] == len(f["audio/ids"]) and f["audio"].attrs["weights_sha256"] == b""
    types = {"text/ids": "u2", "image/ids": "u4", "audio/ids": "u2", "audio/offsets": "i8", "audio/durations": "u2",
             "audio/xxh3": "u8", "audio/seconds": "f8", "image/grid": "i4", "examples/id": "u1",
             "examples/lang": "u2", "examples/starts_group": "u1", "examples/order": "i8"}
    for name, kind in types.items():
        assert f[name].dtype == np.dtype(kind), name
    packed = []
    f.visititems(lambda name, x: packed.append(name) if isinstance(x, h5py.Dataset) and x.compression else None)
    wanted = {f"examples/{x}" for x in ("id", "group", "role", "text", "text_lang", "extra")}
    wanted |= {"audio/ids", "audio/durations", "text/ids", "image/ids"}
    assert set(packed) == (wanted if deflate else set()), packed


def main():
    for deflate in (0, 4):
        with tempfile.TemporaryDirectory() as d:
            subprocess.run([sys.argv[1], d, str(deflate)], check=True)
            wanted = [json.loads(line) for line in Path(d, "expected.jsonl").read_text().splitlines()]
            read = list(examples(Path(d, "shard.h5")))
            assert len(read) == len(wanted) > 70
            for (text, ids), w in zip(read, wanted):
                assert text == bytes.fromhex(w["text"]).decode() and ids.tolist() == w["audio_ids"]
            with h5py.File(Path(d, "shard.h5")) as f:
                check_form(f, deflate)
                for i, w in enumerate(wanted):
                    compare(f, i, w)
    print("h5py reads the shards")


main()
