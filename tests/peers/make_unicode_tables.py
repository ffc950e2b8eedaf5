#!/usr/bin/env python3
"""Write src/text/unicode_tables.h: the classes of code points that the reference tokenizers see, asked from themselves.

The regex engines of tokenizers 0.23 and tiktoken 0.14 agree with each other (Unicode 16); the normaliser of tokenizers
knows Unicode 9, so later code points are marked as unknown to it (perl tells the ages). Needs python3 with the packages
tokenizers (0.23) and tiktoken (0.14), and perl.

usage: make_unicode_tables.py >src/text/unicode_tables.h"""
import subprocess
import sys
import unicodedata

import tiktoken
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

LAST = 0x110000
BLOCK = 128
POINTS = [c for c in range(LAST) if not 0xD800 <= c <= 0xDFFF]
TEXT = "".join(map(chr, POINTS))
CATEGORIES = ["\\p{Lu}", "\\p{Ll}", "\\p{Lt}", "\\p{Lm}", "\\p{Lo}", "\\p{M}", "\\p{N}", "\\s"]  # 1, 2, ...
WORD, LATE, INERT, NUMERIC = 16, 32, 64, 128


def matches(pattern):
    """Code points that match a class, in both engines."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    first = {ord(c) for piece, _ in split.pre_tokenize_str(TEXT) for c in piece}
    ranks = {bytes([i]): i for i in range(256)}
    plain = tiktoken.Encoding("classes", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    second = {ord(c) for c in plain.decode(plain.encode_ordinary(TEXT))}
    assert first == second, pattern
    return first


def words():
    """Characters that a token with single_word does not stand beside."""
    tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
    tokenizer.add_tokens([AddedToken("Q", single_word=True)])
    return {c for c in POINTS if not tokenizer.encode("Q" + chr(c)).ids}


def numeric():
    """Characters that the pre-tokenizer Digits takes apart."""
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {c for c in POINTS if len(digits.pre_tokenize_str("a" + chr(c))) == 2}


def in_unicode_9():
    program = (r'for (0..0x10FFFF) { next if $_ >= 0xD800 && $_ < 0xE000;'
               r' print "$_\n" if chr($_) =~ /\p{Present_In: 9.0}/ }')
    out = subprocess.run(["perl", "-e", program], capture_output=True, text=True, check=True).stdout
    return set(map(int, out.split()))


def inert(known):
    """Code points that neither decompose nor change what stands beside them in NFC."""
    second = set()
    for c in known:
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            second.add(int(parts[1], 16))
    jamo = set(range(0x1100, 0x1200))
    return {c for c in known if c not in second and c not in jamo and not unicodedata.combining(chr(c)) and
            unicodedata.normalize("NFC", chr(c)) == chr(c)}


def lines(values, per_line):
    for i in range(0, len(values), per_line):
        yield "    " + ", ".join(map(str, values[i:i + per_line])) + ","


def main():
    flags = [0] * LAST
    for number, pattern in enumerate(CATEGORIES, 1):
        for c in matches(pattern):
            assert flags[c] == 0, (pattern, hex(c))
            flags[c] = number
    known = in_unicode_9()
    for bit, chosen in ((WORD, words()), (NUMERIC, numeric()), (INERT, inert(known)), (LATE, set(POINTS) - known)):
        for c in chosen:
            flags[c] += bit
    blocks, index = {}, []
    for at in range(0, LAST, BLOCK):
        index.append(blocks.setdefault(tuple(flags[at:at + BLOCK]), len(blocks)))
    out = ["/* Classes of code points (unicode_class.h), written by tests/peers/make_unicode_tables.py. */",
           "#pragma once", "", "#include <stdint.h>", "", "/* clang-format off */",
           f"static const uint16_t unicode_index[{len(index)}] = {{", *lines(index, 22), "};",
           f"static const uint8_t unicode_blocks[{len(blocks)}][{BLOCK}] = {{"]
    for block in blocks:
        out += ["    {", *lines(block, 23), "    },"]
    out += ["};", "/* clang-format on */"]
    sys.stdout.write("\n".join(out) + "\n")


main()
