#!/usr/bin/env python3
"""Ids and decoded texts of our SentencePiece reader beside those of the package sentencepiece (0.2.3), which must be
equal, and the time that both take on one core. Needs the packages sentencepiece and protobuf.

    sentencepiece_ids.py --program build/tests/unit/text/sentencepiece_ids --texts FOLDER [--work FOLDER]
                         [--most-mb 12] [--given] [MODEL ...]

Texts: the column `transcript` of FOLDER/manifest.tsv, all .txt files below FOLDER (those that are UTF-8, up to
--most-mb), each as a whole and, up to a fifth of that, line by line; texts of random characters, blanks and marks; some
of 1 MB without a space. Models: those given, and (not with --given) models trained here on the same texts in many
settings (about two minutes; kept in --work); some of them are then changed: pieces out of use, other settings of
spaces, a denormaliser. The library's time is that of a call from Python. Exit status 1 when anything differs.

    sentencepiece_ids.py --write-decoded FOLDER STRINGS.json

Write FOLDER/decoded.json: what FOLDER/tokenizer.model makes of the ids of each string.
"""
import argparse
import hashlib
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb

SYMBOLS = ["<sep>", "<sep><sep>", "ab", "the ", "\u2581\u2581", "\u00fc\u00fc"]
TRAINED = {  # name: settings of the trainer
    "bpe-8k": dict(model_type="bpe", vocab_size=8000),
    "bpe-32k-llama": dict(model_type="bpe", vocab_size=32000, byte_fallback=True, split_digits=True,
                          normalization_rule_name="identity", remove_extra_whitespaces=False,
                          allow_whitespace_only_pieces=True),
    "bpe-8k-symbols": dict(model_type="bpe", vocab_size=8000, user_defined_symbols=SYMBOLS, byte_fallback=True,
                           normalization_rule_name="nfkc_cf"),
    "bpe-8k-suffix": dict(model_type="bpe", vocab_size=8000, treat_whitespace_as_suffix=True,
                          normalization_rule_name="nfkc"),
    "bpe-8k-across": dict(model_type="bpe", vocab_size=8000, split_by_whitespace=False, character_coverage=0.98),
    "unigram-8k": dict(model_type="unigram", vocab_size=8000),
    "unigram-32k": dict(model_type="unigram", vocab_size=32000, byte_fallback=True, split_digits=True,
                        normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
                        split_by_whitespace=False, hard_vocab_limit=False),
    "unigram-8k-symbols": dict(model_type="unigram", vocab_size=8000, user_defined_symbols=SYMBOLS,
                               normalization_rule_name="nmt_nfkc_cf", character_coverage=0.98),
    "unigram-8k-suffix": dict(model_type="unigram", vocab_size=8000, treat_whitespace_as_suffix=True,
                              normalization_rule_name="nfkc_cf", byte_fallback=True),
    "unigram-8k-across": dict(model_type="unigram", vocab_size=8000, split_by_whitespace=False),
    "word": dict(model_type="word", vocab_size=4000),
    "char": dict(model_type="char", vocab_size=300, user_defined_symbols=SYMBOLS, hard_vocab_limit=False),
}


def train(folder, texts):
    lines, size = [], 0
    for text in texts:
        for line in text.decode().split("\n"):
            if line.strip() and len(line) < 4000 and "\0" not in line:
                lines.append(line)
                size += len(line)
        if size > 6_000_000:
            break
    for name, settings in TRAINED.items():
        if not (folder / f"{name}.model").exists():
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(lines), model_prefix=str(folder / name), minloglevel=2, num_threads=1,
                input_sentence_size=40000, shuffle_input_sentence=False, **settings)


def change(folder):
    """Models that no trainer writes."""
    draw = random.Random(5)
    for name in ("bpe-8k", "bpe-8k-symbols", "unigram-8k-symbols"):
        m = pb.ModelProto.FromString((folder / f"{name}.model").read_bytes())
        for p in m.pieces:
            if p.type == 1 and draw.random() < 0.2:
                p.type = 5
        (folder / f"{name}-unused.model").write_bytes(m.SerializeToString())
    for name in ("bpe-8k", "unigram-8k"):
        m = pb.ModelProto.FromString((folder / f"{name}.model").read_bytes())
        for p in m.pieces:
            p.score = round(p.score / 50) if p.type == 1 else p.score  # ties
            p.piece = p.piece.replace("\u2581", " ")
        m.normalizer_spec.escape_whitespaces = False
        m.denormalizer_spec.CopyFrom(m.normalizer_spec)
        m.trainer_spec.unk_surface = "?"
        (folder / f"{name}-plain.model").write_bytes(m.SerializeToString())
    m = pb.ModelProto.FromString((folder / "bpe-32k-llama.model").read_bytes())
    del m.pieces[0]  # no unknown piece: allowed with byte_fallback
    (folder / "bpe-32k-no-unknown.model").write_bytes(m.SerializeToString())


def read_texts(root, most):
    texts, size = [], 0
    manifest = root / "manifest.tsv"
    if manifest.exists():
        rows = [r.split("\t") for r in manifest.read_text(encoding="utf-8").split("\n") if r]
        place = rows[0].index("transcript")
        texts += [r[place].encode() for r in rows[1:] if len(r) > place and r[place]]
    files = sorted(root.rglob("*.txt"), key=lambda p: hashlib.md5(str(p.relative_to(root)).encode()).digest())
    for path in files:
        if not path.is_file() or size + path.stat().st_size > most:
            continue
        text = path.read_bytes()
        try:
            text.decode()
        except UnicodeDecodeError:
            continue
        texts.append(text)
        size += len(text)
    return texts


def odd_texts():
    draw = random.Random(3)
    pool = [" ", " ", "  ", "\u2581", "\u3000", "\u00a0", "\n", "\t", "\0", "\u200b", "\ufeff", "\u0085"]
    pool += ["\u00fc", "\u212b", "\ufb01", "\u0130", "\u00df", "\u1e9e", "\uff21", "\u0958", "\u1100\u1161\u11a8"]
    pool += ["\uac00"]
    pool += ["\u4e2d", "\U0001f600", "\U0001f468\u200d\U0001f469", "\ufffd", "\u0001", "<0x41>", "<s>", "</s>", "<unk>"]
    pool += ["e\u0301", "a", "b", "ab", "1", "23", "the", "The ", "hello", *SYMBOLS]
    texts = ["", " ", "   ", "\u2581", "\0", "\u200b", " \u200b ", "\u200b a"]
    texts += ["".join(draw.choice(pool) for _ in range(draw.randrange(1, 40))) for _ in range(20000)]
    for _ in range(5000):
        codes = [draw.choice([draw.randrange(0x80), draw.randrange(0x3000), draw.randrange(0xD800),
                              draw.randrange(0xE000, 0x110000)]) for _ in range(draw.randrange(1, 30))]
        texts.append("".join(map(chr, codes)))
    texts.append("".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(1 << 20)))
    texts.append("a" * (1 << 20))
    texts.append("\u4e2d\u6587" * 100000 + " end")
    return [t.encode() for t in texts]


def ours(program, model, texts, folder):
    with open(folder / "texts", "wb") as f:
        for t in texts:
            f.write(struct.pack("=Q", len(t)) + t)
    seconds = subprocess.run([program, model, folder / "texts", folder / "out"], check=True, capture_output=True,
                             text=True).stdout.split()
    data, at, found = (folder / "out").read_bytes(), 0, []
    for _ in texts:
        n, = struct.unpack_from("=Q", data, at)
        ids = list(struct.unpack_from(f"={n}I", data, at + 8))
        at += 8 + 4 * n
        n, = struct.unpack_from("=Q", data, at)
        found.append((ids, data[at + 8:at + 8 + n]))
        at += 8 + n
    return found, [float(s) for s in seconds]


def compare(program, model, texts, folder):
    library = sentencepiece.SentencePieceProcessor(model_file=str(model))
    found, seconds = ours(program, model, texts, folder)
    different, theirs = 0, 0.0
    for text, (ids, back) in zip(texts, found):
        word = text.decode()
        start = time.perf_counter()
        expected = library.encode(word)
        theirs += time.perf_counter() - start
        same = ids == expected
        if same and back.decode() != library.decode(expected):
            same = False
        if not same:
            different += 1
            if different <= 3:
                print(f"  {model.name}: {word[:60]!r}: {ids[:20]} / {expected[:20]}; {back[:60]!r}")
    size = sum(map(len, texts)) / 1e6
    name = model.stem if model.stem != "tokenizer" else model.parent.name
    print(f"{name:28} {len(texts)} texts, {size:.1f} MB, {different} different; encode {size / seconds[1]:.1f} MB/s, "
          f"library {size / theirs:.1f}; open {seconds[0] * 1e3:.0f} ms", flush=True)
    return different


def write_decoded(folder, strings):
    library = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    texts = [library.decode(library.encode(s)) for s in json.loads(strings.read_text())]
    (folder / "decoded.json").write_text(json.dumps(texts, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--write-decoded":
        return write_decoded(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", required=True)
    a.add_argument("--texts", required=True, type=pathlib.Path)
    a.add_argument("--work", type=pathlib.Path)
    a.add_argument("--most-mb", type=float, default=12)
    a.add_argument("--given", action="store_true")
    a.add_argument("models", nargs="*", type=pathlib.Path)
    a = a.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        work = a.work or scratch
        work.mkdir(parents=True, exist_ok=True)
        texts = read_texts(a.texts, a.most_mb * 1e6)
        if not a.given:
            train(work, texts)
            change(work)
        size = 0
        for text in list(texts):
            if size > a.most_mb * 2e5:
                break
            lines = text.split(b"\n")
            texts += lines if len(lines) > 1 else []
            size += len(text) if len(lines) > 1 else 0
        texts += odd_texts()
        models = a.models + ([] if a.given else sorted(work.glob("*.model")))
        return sum(compare(a.program, m, texts, scratch) for m in models) > 0


if __name__ == "__main__":
    sys.exit(main())
