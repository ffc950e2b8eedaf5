#!/usr/bin/env python3
"""Ids of tessera beside those of `tokenizers` (0.23) and `tiktoken` (0.14), text by text, and the time that both take
on one core. Needs tokenizers, tiktoken; --train also makes tokenizers of a corpus's own texts.

    text_ids.py --program build/tests/support/text_ids --corpus CORPUS [--tokenizer tokenizer.json ...] [--train 32000]
    text_ids.py --program build/tests/support/text_ids --random 20000 [--tokenizer ...]

CORPUS: a folder; its .txt files and the fields of its .tsv files are the texts. --random adds texts of random
characters and of the names of added tokens. Each text must have the same ids, special tokens in it read and not read;
exit status 1 if one does not.
"""
import argparse
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
ROUNDS = 5
PATTERNS = {
    "gpt2": r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s""",
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|"""
              r"""\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k": "|".join([
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"""
        r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"""
        r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""]),
    "other": r"""[A-Za-z]+|\d| ?[^\sA-Za-z\d]+|\s+""",
}
LLAMA3 = (r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"""
          r"""\s+(?!\S)|\s+""")


def corpus_texts(folder):
    texts = []
    for path in sorted(pathlib.Path(folder).rglob("*.t[xs][tv]")):
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".txt":
            texts.append(text)
        elif path.suffix == ".tsv":
            for line in text.splitlines():
                texts += [cell for cell in line.split("\t") if cell]
    return texts


def random_texts(n, names, seed=1):
    """Little texts of what makes trouble: blanks, case, contractions, marks, all of Unicode, names of tokens."""
    r = random.Random(seed)
    plain = list(" \n\r\t'sSdDlLvVrReEmMtTaA1234/.,!-_ 　éſßİǅˇªあ中한̧́̇ـا٣Ⅷ½🙂👍🏽\u200d\ufb06\ufeff") + [" ", "  ", "\r\n"]
    def one():
        k = r.random()
        if names and k < 0.1:
            return r.choice(names)
        if k < 0.15:
            c = r.randrange(0x110000)
            return "" if 0xD800 <= c < 0xE000 else chr(c)
        if k < 0.2:
            return chr(r.randrange(0x300, 0x370))
        return r.choice(plain)
    return ["".join(one() for _ in range(r.randrange(1, 40))) for _ in range(n)]


def ours(program, texts, path, pattern="", specials="", parse=True, rounds=0):
    data = b"".join(struct.pack("<I", len(t)) + t for t in (x.encode() for x in texts))
    done = subprocess.run([program, path, pattern, specials, "parse" if parse else "plain", str(rounds)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    ids, at = [], 0
    while at < len(done.stdout):
        n = struct.unpack_from("<I", done.stdout, at)[0]
        ids.append(list(struct.unpack_from(f"<{n}I", done.stdout, at + 4)))
        at += 4 + 4 * n
    seconds, size = done.stderr.decode().split()
    return ids, float(seconds), int(size)


def fastest(call):
    best = 1e9
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def compare(name, texts, got, want):
    wrong = [i for i in range(len(texts)) if got[i] != want[i]]
    print(f"{name}: {len(texts)} texts, {sum(map(len, want))} ids, {len(wrong)} texts differ")
    for i in wrong[:5]:
        print("   ", ascii(texts[i]), got[i][:20], want[i][:20])
    return len(wrong)


def check_json(a, path, texts, name):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    names = [t.content for t in tokenizer.get_added_tokens_decoder().values()][:40]
    everything = texts + random_texts(a.random, names)
    wrong = 0
    for parse in (True, False):
        tokenizer.encode_special_tokens = not parse
        want = [tokenizer.encode(t, add_special_tokens=False).ids for t in everything]
        got, _, _ = ours(a.program, everything, path, parse=parse)
        wrong += compare(f"{name} ({'special tokens read' if parse else 'plain'})", everything, got, want)
    if texts:
        # every text once: its own cache keeps whole words, so repeated rounds are no advantage to either
        theirs = fastest(lambda: [tokenizer.encode(t, add_special_tokens=False) for t in texts])
        batch = fastest(lambda: tokenizer.encode_batch_fast(texts, add_special_tokens=False))
        _, seconds, size = ours(a.program, texts, path, rounds=ROUNDS)
        print(f"    {size / seconds / 1e6:.1f} MB/s; tokenizers {size / min(theirs, batch) / 1e6:.1f} MB/s "
              f"(ratio {min(theirs, batch) / seconds:.1f})")
    return wrong


def check_ranks(a, path, pattern, texts, folder):
    import base64
    import tiktoken
    ranks = {base64.b64decode(t): int(r) for t, r in (line.split() for line in open(path, "rb") if line.strip())}
    specials = {"<|endoftext|>": max(ranks.values()) + 1, "<|end|>": max(ranks.values()) + 2}
    special_path = pathlib.Path(folder) / "specials.json"
    special_path.write_text(json.dumps(specials))
    encoding = tiktoken.Encoding("x", pat_str=PATTERNS.get(pattern, pattern), mergeable_ranks=ranks,
                                 special_tokens=specials)
    everything = texts + random_texts(a.random, list(specials))
    own = PATTERNS["other"] if pattern == "other" else pattern
    wrong = 0
    for parse in (True, False):
        want = [encoding.encode(t, allowed_special="all") if parse else encoding.encode_ordinary(t) for t in everything]
        got, _, _ = ours(a.program, everything, path, own, str(special_path), parse)
        wrong += compare(f"tiktoken {pattern} ({'special tokens read' if parse else 'plain'})", everything, got, want)
    if texts:
        theirs = fastest(lambda: [encoding.encode_ordinary(t) for t in texts])
        _, seconds, size = ours(a.program, texts, path, own, parse=False, rounds=ROUNDS)
        print(f"    {size / seconds / 1e6:.1f} MB/s; tiktoken {size / theirs / 1e6:.1f} MB/s "
              f"(ratio {theirs / seconds:.1f})")
    return wrong


def trained(texts, size, folder):
    """tokenizer.json files of all the forms, with a vocabulary of the texts; and one of ranks."""
    import base64
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    def make(name, normalizer, pre, model=None, added=(), alphabet=None):
        tokenizer = Tokenizer(model or models.BPE())
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre
        first = pre_tokenizers.ByteLevel.alphabet() if alphabet is None else alphabet
        special = ["<unk>"] + [f"<0x{i:02X}>" for i in range(256)] if alphabet is not None else []
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=first,
                                                                 special_tokens=special, show_progress=False))
        tokenizer.add_special_tokens([AddedToken("<|end|>", normalized=False)])
        tokenizer.add_tokens(list(added))
        path = pathlib.Path(folder) / f"{name}.json"
        tokenizer.save(str(path))
        return path

    def split(regex, **more):
        level = pre_tokenizers.ByteLevel(add_prefix_space=more.get("prefix", False), use_regex=False)
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), more.get("behavior", "isolated"),
                                                             more.get("invert", False)), level])

    flags = [AddedToken("<img>", lstrip=True, rstrip=True, normalized=False), AddedToken("mask", single_word=True),
             AddedToken("é", single_word=True, normalized=True), AddedToken("  ", normalized=False),
             AddedToken("<a>", rstrip=True), AddedToken("<a><b>", lstrip=True), AddedToken("Å", normalized=True)]
    paths = [
        make("gpt2", None, pre_tokenizers.ByteLevel(add_prefix_space=False)),
        make("gpt2-prefix", normalizers.NFKC(), pre_tokenizers.ByteLevel(add_prefix_space=True), added=flags),
        make("llama3", None, split(LLAMA3), models.BPE(ignore_merges=True), added=flags),
        make("qwen", normalizers.NFC(), split(LLAMA3.replace("{1,3}", "")), added=flags),
        make("nfd", normalizers.Sequence([normalizers.NFD(), normalizers.Replace("a", "bb")]), split(LLAMA3),
             added=flags),
        make("nfkd", normalizers.NFKD(), split(PATTERNS["o200k"], behavior="removed", invert=True), added=flags),
        make("other", None, split(PATTERNS["other"]), added=flags),
        make("digits", None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                      pre_tokenizers.ByteLevel(add_prefix_space=False)])),
        make("digit-runs", None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False),
                                                          pre_tokenizers.ByteLevel(add_prefix_space=True)])),
        make("characters", normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
             models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"), alphabet=list("abc▁")),
    ]
    for name, scheme, cut in (("metaspace", "always", True), ("metaspace-first", "first", True),
                              ("metaspace-whole", "never", False)):
        paths.append(make(name, None, pre_tokenizers.Metaspace(prepend_scheme=scheme, split=cut),
                          models.BPE(byte_fallback=name == "metaspace", fuse_unk=name == "metaspace-first",
                                     unk_token="<unk>"), alphabet=list("abc▁"), added=flags[:1] if cut else []))
    vocabulary = json.loads(paths[0].read_text())["model"]["vocab"]
    back = {c: b for b, c in ((b, chr(b)) for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE)}
    for i, b in enumerate(b for b in range(256) if b not in back.values()):
        back[chr(256 + i)] = b
    order = sorted(vocabulary.items(), key=lambda item: item[1])
    ranks = pathlib.Path(folder) / "ranks.tiktoken"
    with open(ranks, "w", encoding="ascii") as out:
        for rank, token in enumerate(bytes(back[c] for c in t) for t, _ in order):
            out.write(f"{base64.b64encode(token).decode()} {rank}\n")
    return paths, ranks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--corpus")
    parser.add_argument("--tokenizer", action="append", default=[])
    parser.add_argument("--train", type=int, default=0)
    parser.add_argument("--random", type=int, default=5000)
    a = parser.parse_args()
    texts = corpus_texts(a.corpus) if a.corpus else []
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        paths, ranks = trained(texts, a.train, folder) if a.train else ([], None)
        for path in [*map(pathlib.Path, a.tokenizer), *paths]:
            wrong += check_json(a, path, texts, path.name if path.parent == pathlib.Path(folder) else str(path))
        for pattern in PATTERNS if ranks else ():
            wrong += check_ranks(a, ranks, pattern, texts, folder)
    return 1 if wrong else 0


sys.exit(main())
