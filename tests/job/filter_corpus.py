#!/usr/bin/env python3
"""Make the corpus of filter.sh: each row is kept, or left out by the rule that its id begins with.

usage: filter_corpus.py DIR

Writes DIR/manifest.jsonl, the media, and DIR/expect.json: {id: rule} of the filtered rows, {id: id of the first row} of
the duplicates. The standard library alone is used."""
import json
import math
import struct
import sys
import wave
import zlib
from pathlib import Path

RATE = 8000


class Random:
    """A 64-bit linear congruential generator: the same numbers everywhere."""

    def __init__(self, seed):
        self.state = seed * 2862933555777941757 + 3037000493 & (1 << 64) - 1

    def below(self, n):
        self.state = self.state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        return (self.state >> 33) % n


def voice(seed, seconds, level=8000):
    r = Random(seed)
    base = 90 + r.below(300)
    return [round(level * math.sin(2 * math.pi * base * i / RATE)) + r.below(level // 4 + 1)
            for i in range(round(RATE * seconds))]


def write_sound(path, samples, width=2):
    """Mono; with width 4 the same samples in 32 bits: another file, the same sound."""
    with wave.open(str(path), "wb") as f:
        f.setparams((1, width, RATE, len(samples), "NONE", ""))
        f.writeframes(struct.pack(f"<{len(samples)}{'h' if width == 2 else 'i'}",
                                  *(s << (width * 8 - 16) for s in samples)))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write_picture(path, seed, width, height, spread=256, level=6):
    r = Random(seed)
    lines = bytearray()
    for _ in range(height):
        lines.append(0)
        lines += bytes(r.below(spread) for _ in range(3 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(lines), level)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


class Corpus:
    def __init__(self, folder):
        self.folder, self.lines = folder, []
        self.rules, self.firsts = {}, {}
        folder.mkdir(parents=True)

    def add(self, name, rule=None, first=None, **row):
        self.lines.append(json.dumps({"id": name, **row}, ensure_ascii=False))
        if rule:
            self.rules[name] = rule
        if first:
            self.firsts[name] = first

    def sound(self, name, samples, rule=None, width=2, **row):
        write_sound(self.folder / f"{name}.wav", samples, width)
        self.add(name, rule, audio_filepath=f"{name}.wav", **row)

    def picture(self, name, seed, width, height, rule=None, spread=256, level=6, **row):
        write_picture(self.folder / f"{name}.png", seed, width, height, spread, level)
        self.add(name, rule, image_filepath=f"{name}.png", **row)


def add_listed(c):
    c.add("language.text", "language", text="une phrase", text_lang="fr")
    c.sound("language.sound", voice(1, 0.5), "language", lang="fr-CA", text_lang="en", text="a sentence")
    c.add("license.text", "license", text="a sentence", license="Proprietary-1")
    c.add("min-chars", "min-chars", text="hi")
    c.add("max-chars", "max-chars", text="a sentence " * 5)
    c.sound("min-seconds", voice(2, 0.25), "min-seconds")
    c.sound("max-seconds", voice(3, 12.5), "max-seconds")
    c.picture("min-side", 4, 11, 40, "min-side")
    c.picture("min-pixels", 5, 13, 14, "min-pixels")
    c.picture("max-pixels", 6, 110, 100, "max-pixels")
    c.picture("max-aspect", 7, 100, 20, "max-aspect")


def add_decoded(c):
    c.sound("silence.short", [0] * 4000, "silence")
    c.sound("silence.long", [1, 0] * 36000, "silence")
    c.sound("kept.half-silent", [0] * 40000 + voice(8, 4))
    loud = [max(-32768, min(32767, 4 * s)) for s in voice(9, 9, 12000)]
    c.sound("clipping.short", loud[:4000], "clipping")
    c.sound("clipping.long", loud, "clipping")
    c.sound("kept.some-clipped", loud[:8000] + voice(10, 8))
    c.picture("blank-image", 11, 20, 30, "blank-image", spread=1)
    c.picture("kept.faint", 12, 20, 30, spread=4)
    write_picture(c.folder / "good.png", 13, 20, 20)
    c.add("silence.with-picture", "silence", image_filepath="good.png", audio_filepath="silence.short.wav")


def add_duplicates(c):
    """The first row of the manifest is the first, wherever the index puts it."""
    long, short, other = voice(20, 9.3), voice(21, 0.7), voice(22, 0.7)
    c.sound("license.long", long, "license", license="Proprietary-1")  # filtered, so no first row
    for i, (name, samples) in enumerate([("long", long), ("short", short)]):
        c.sound(f"first.{name}", samples, text="the first one", group=f"z{i}")  # behind its duplicates in the index
        for k in range(3):
            c.sound(f"duplicate.{name}.{k}", samples, "duplicate", 4 if k % 2 else 2, first=f"first.{name}",
                    text="the first one", group=f"g{i}{k}")
        c.sound(f"other-text.{name}", samples, text="another text")
    c.sound("kept.other", other)
    c.add("kept.segment", audio_filepath="first.long.wav", offset=1, duration=2)
    c.picture("first.picture", 23, 30, 30)
    c.picture("duplicate.picture", 23, 30, 30, "duplicate", level=1, first="first.picture")
    c.picture("kept.transposed", 23, 25, 36)
    c.add("kept.both", image_filepath="first.picture.png", audio_filepath="first.short.wav", text="the first one")
    c.add("duplicate.both", "duplicate", first="kept.both", image_filepath="duplicate.picture.png",
          audio_filepath="duplicate.short.1.wav", text="the first one")
    c.add("first.text", text="words alone", text_lang="en")
    c.add("duplicate.text", "duplicate", first="first.text", text="words alone", text_lang="de")


def main():
    c = Corpus(Path(sys.argv[1]))
    add_listed(c)
    add_decoded(c)
    add_duplicates(c)
    cut = c.folder / "cut.png"
    write_picture(cut, 30, 40, 40)
    cut.write_bytes(cut.read_bytes()[:2000])
    c.add("bad.picture", image_filepath="cut.png")
    c.add("bad.with-silence", image_filepath="cut.png", audio_filepath="silence.short.wav")
    for i in range(20):
        c.sound(f"kept.{i}", voice(100 + i, 0.4 + 0.1 * i), text=f"sentence number {i}", lang="en", text_lang="de-AT")
        c.picture(f"kept.picture.{i}", 200 + i, 20 + i, 30)
    (c.folder / "manifest.jsonl").write_text("\n".join(c.lines) + "\n", encoding="utf-8")
    expect = {"rows": len(c.lines), "rules": c.rules, "firsts": c.firsts}
    (c.folder / "expect.json").write_text(json.dumps(expect, indent=1) + "\n")


main()
