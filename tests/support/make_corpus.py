#!/usr/bin/env python3
"""Make the small corpus of the job tests: sound, pictures, captions in groups, and rows that must be rejected.

usage: make_corpus.py DIR [--clean] [--copies N] [--bad-only]
  --clean     no row that must be rejected
  --copies N  N times as many rows, all different
  --bad-only  only rows that must be rejected

Writes DIR/manifest.jsonl, the media, and DIR/expect.json: rows, examples and rejects that a job must count, and the
ids of the rejects. The same bytes on every machine; the standard library alone is used."""
import argparse
import array
import json
import math
import struct
import wave
import zlib
from pathlib import Path

CAPTIONS = [
    ("en", "A red bicycle leans against the garden wall."), ("de", "Größere Vögel überqueren den Fluß."),
    ("fr", "L'été, la mer est calme et l'eau est tiède."), ("ru", "Сегодня утром шёл мелкий дождь."),
    ("el", "Ο γρήγορος σκύλος πηδάει."), ("ja", "駅の前に大きな木があります。"), ("hi", "यह एक छोटा वाक्य है।"),
    ("en", "\"Quoted\", with a back\\slash and an emoji \U0001F6B2."), ("ar", "القطة تنام على الكرسي."),
]
RATES = [16000, 8000, 22050, 44100, 48000, 11025]


class Random:
    """A 64-bit linear congruential generator: the same numbers everywhere."""

    def __init__(self, seed):
        self.state = seed * 2862933555777941757 + 3037000493 & (1 << 64) - 1

    def below(self, n):
        self.state = self.state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        return (self.state >> 33) % n


def sound(path, seed, rate, channels, seconds):
    """A voice-like sound: a few partials that glide, and noise."""
    r = Random(seed)
    base, glide, noise = 90 + r.below(300), r.below(200) - 100, 200 + r.below(3000)
    frames = int(rate * seconds)
    samples = array.array("h")
    for i in range(frames):
        t = i / rate
        phase = 2 * math.pi * (base * t + glide * t * t / 2)
        value = 6000 * math.sin(phase) + 3000 * math.sin(3 * phase) * math.cos(7 * t) + 1500 * math.sin(7 * phase)
        value += r.below(2 * noise) - noise
        for c in range(channels):
            samples.append(max(-32768, min(32767, round(value * (1 - 0.3 * c)))))
    if struct.pack("=h", 1) != struct.pack("<h", 1):
        samples.byteswap()
    with wave.open(str(path), "wb") as f:
        f.setparams((channels, 2, rate, frames, "NONE", ""))
        f.writeframes(samples.tobytes())


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(path, seed, width, height, channels):
    """Coloured tiles over a gradient; channels 1 grey, 3 RGB, 4 RGBA."""
    r = Random(seed)
    tiles = [[r.below(256) for _ in range(channels)] for _ in range(12)]
    lines = bytearray()
    for y in range(height):
        lines.append(0)
        for x in range(width):
            tile = tiles[(x * 4 // width + y * 3 // height * 4) % 12]
            for c in range(channels):
                lines.append((tile[c] + x + y * (c + 1)) % 256)
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(lines), 6)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


class Corpus:
    def __init__(self, folder):
        self.folder, self.lines, self.rejected = folder, [], []
        (folder / "sound").mkdir(parents=True)
        (folder / "picture").mkdir()
        (folder / "bad").mkdir()

    def add(self, **row):
        self.lines.append(json.dumps(row, ensure_ascii=False))

    def reject(self, **row):
        self.add(**row)
        self.rejected.append(row["id"])

    def good_rows(self, k):
        """Groups of a picture and its spoken captions, single sounds, single pictures, texts."""
        for g in range(5):
            name = f"{k}-group{g}"
            picture(self.folder / f"picture/{name}.png", 1000 * k + g, 40 + 23 * g, 90 - 11 * g, (3, 4, 1)[g % 3])
            lang, text = CAPTIONS[g]
            self.add(id=name, group=name, order=0, image_filepath=f"picture/{name}.png", text=text, text_lang=lang,
                     license="CC0-1.0", source="made")
            for s in range(1 + g % 3):
                lang, text = CAPTIONS[(g + s) % len(CAPTIONS)]
                sound(self.folder / f"sound/{name}.{s}.wav", 1000 * k + 10 * g + s, RATES[(g + s) % 6], 1 + s % 2,
                      0.4 + 0.23 * g + 0.31 * s)
                self.add(id=f"{name}.{s}", group=name, order=s + 1, audio_filepath=f"sound/{name}.{s}.wav", text=text,
                         lang=lang, text_lang=lang, license="CC0-1.0", source="made", speaker=f"s{s}")
        for s in range(6):
            name = f"{k}-sound{s}"
            sound(self.folder / f"sound/{name}.wav", 1000 * k + 500 + s, RATES[s], 1 + s % 2, 0.3 + 0.4 * s)
            row = {"id": name, "audio_filepath": f"sound/{name}.wav"}
            if s % 2:
                row["text"] = CAPTIONS[s][1]
            self.add(**row)
        for p in range(6):
            name = f"{k}-picture{p}"
            width, height = 16 + 31 * p, 120 - 17 * p
            picture(self.folder / f"picture/{name}.png", 1000 * k + 700 + p, width, height, (3, 1, 4)[p % 3])
            self.add(id=name, image_filepath=f"picture/{name}.png", text=CAPTIONS[p][1])
        picture(self.folder / f"picture/{k}-both.png", 1000 * k + 800, 70, 70, 3)
        sound(self.folder / f"sound/{k}-both.wav", 1000 * k + 801, 16000, 1, 0.9)
        self.add(id=f"{k}-both", image_filepath=f"picture/{k}-both.png", audio_filepath=f"sound/{k}-both.wav",
                 text=CAPTIONS[7][1])
        sound(self.folder / f"sound/{k}-long.wav", 1000 * k + 900, 8000, 1, 13.7)
        self.add(id=f"{k}-long", audio_filepath=f"sound/{k}-long.wav", text="a long one")
        self.add(id=f"{k}-part", audio_filepath=f"sound/{k}-long.wav", offset=2.5, duration=1.25, text="a part of it")
        for t in range(3):
            self.add(id=f"{k}-text{t}", text=CAPTIONS[t + 2][1] * (t + 1), role="user")

    def bad_rows(self):
        picture(self.folder / "picture/whole.png", 1, 60, 60, 3)
        sound(self.folder / "sound/whole.wav", 2, 16000, 1, 0.5)
        png, wav = ((self.folder / f"{p}").read_bytes() for p in ("picture/whole.png", "sound/whole.wav"))
        for name, data in {
            "cut.png": png[: len(png) // 2], "cut-in-header.png": png[:20],
            "flipped.png": png[:60] + bytes(b ^ 255 for b in png[60:64]) + png[64:],
            "cut-in-header.wav": wav[:30], "empty.wav": b"", "text.png": b"this is no picture\n" * 10,
        }.items():
            (self.folder / "bad" / name).write_bytes(data)
            kind = "image_filepath" if name.endswith(".png") else "audio_filepath"
            self.reject(id=f"bad-{name}", **{kind: f"bad/{name}"}, text="broken")
        self.reject(id="bad-missing", audio_filepath="bad/missing.wav")
        self.reject(id="bad-outside", image_filepath="../outside.png")
        self.reject(id="bad-half", image_filepath="picture/whole.png", audio_filepath="bad/empty.wav")

    def finish(self, doubled):
        if doubled:  # the first row of an id wins; a broken line is a row too
            self.add(id="0-sound1", audio_filepath="sound/0-sound2.wav", text="an id that is taken")
            self.rejected.append("0-sound1")
            self.lines.append('{"id": "broken line", "text": ')
            self.rejected.append(None)
        (self.folder / "manifest.jsonl").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        expect = {"rows": len(self.lines), "examples": len(self.lines) - len(self.rejected),
                  "rejects": len(self.rejected), "rejected": self.rejected}
        (self.folder / "expect.json").write_text(json.dumps(expect, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--bad-only", action="store_true")
    parser.add_argument("--copies", type=int, default=1)
    a = parser.parse_args()
    corpus = Corpus(a.folder)
    for k in range(0 if a.bad_only else a.copies):
        corpus.good_rows(k)
    if not a.clean:
        corpus.bad_rows()
    corpus.finish(doubled=not a.clean and not a.bad_only)


if __name__ == "__main__":
    main()
