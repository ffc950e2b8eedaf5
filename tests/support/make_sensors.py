#!/usr/bin/env python3
"""Make the corpus of the sensor job tests: six channels at 100 Hz as a motion sensor gives them, each recording in each
format that is read, and rows that must be rejected. Needs numpy and h5py.

usage: make_sensors.py DIR [--clean]
  --clean   no row that must be rejected

Writes DIR/manifest.jsonl, the recordings, and DIR/expect.json: rows, examples, rejects, and for each rejected id the
reason and a part of the message."""
import argparse
import io
import json
import struct
from pathlib import Path

import h5py
import numpy as np

CHANNELS, RATE = 6, 100
NAMES = "time,ax,ay,az,gx,gy,gz"


def recording(seed, n):
    """A few motions of different pace, gravity on one axis, noise."""
    r = np.random.default_rng(seed)
    t = np.arange(n)[:, None] / RATE
    pace = r.choice([0.7, 1.9, 4.5], CHANNELS) * (1 + 0.1 * r.random(CHANNELS))
    x = np.sin(2 * np.pi * (pace * t + r.random(CHANNELS))) * r.choice([0.2, 1, 3], CHANNELS)
    x += 0.05 * r.normal(size=x.shape)
    x[:, 2] += 9.81
    x[:, 3:] *= 40
    return x.astype(np.float32)


def npy(x):
    out = io.BytesIO()
    np.save(out, x)
    return out.getvalue()


def hdf5(**datasets):
    out = io.BytesIO()
    with h5py.File(out, "w") as f:
        for name, x in datasets.items():
            f.create_dataset(name, data=x, chunks=(64, x.shape[1]), compression="gzip")
    return out.getvalue()


def csv(x, names=NAMES):
    lines = [names] if names else []
    lines += [f"{i / RATE:.2f}," + ",".join(f"{v:.9g}" for v in row) for i, row in enumerate(x)]
    return ("\n".join(lines) + "\n").encode()


def wav(x):
    body = x.astype("<f4").tobytes()
    channels = x.shape[1]
    head = struct.pack("<HHIIHH", 3, channels, RATE, RATE * 4 * channels, 4 * channels, 32)
    data = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(data)) + data


class Corpus:
    def __init__(self, folder):
        self.folder, self.lines, self.rejected = folder, [], {}
        folder.mkdir(parents=True)

    def add(self, name, content, **row):
        (self.folder / name).write_bytes(content)
        self.lines.append({"id": name, "sensor_filepath": name, "rate_hz": RATE, **row})

    def reject(self, name, reason, message, content, **row):
        self.add(name, content, **row)
        self.rejected[name] = [reason, message]


def add_good(c):
    for k in range(12):
        x = recording(k, 300 + 57 * k)
        group = {"group": f"g{k}", "text": f"motion {k}"} if k % 3 == 0 else {}
        c.add(f"{k}.npy", npy(x), **group)
        c.add(f"{k}.h5", hdf5(samples=x), **group)
        c.add(f"{k}.csv", csv(x), **group)
        c.add(f"{k}.wav", wav(x), **group)
    x = recording(50, 1000)
    c.add("whole.npy", npy(x[200:500]))
    c.add("segment.csv", csv(x), offset=2, duration=3)
    c.add("doubles.npy", npy(x[200:500].astype(np.float64)))
    c.add("slow.npy", npy(recording(51, 400)), rate_hz=50)


def add_bad(c):
    x = recording(60, 300)
    nan, endless = x.copy(), x.copy()
    nan[17, 3] = np.nan
    endless[5, 1] = np.inf
    c.reject("five.npy", "invalid", "5 channels, not 6", npy(x[:, :5]))
    c.reject("five.csv", "invalid", "line 2 has 6 fields, not 7", csv(x[:, :5]))
    c.reject("five.wav", "invalid", "5 channels, not 6", wav(x[:, :5]))
    c.reject("cube.npy", "unsupported-format", "3 dimensions", npy(x[:, :, None]))
    c.reject("nan.npy", "invalid", "sample 17 of channel 3", npy(nan))
    c.reject("nan.csv", "invalid", 'line 19: field 5, "nan"', csv(nan))
    c.reject("inf.h5", "invalid", "sample 5 of channel 1", hdf5(samples=endless))
    c.reject("words.csv", "invalid", 'line 3: field 2, "many"', b"0,1,2,3,4,5,6\n1,1,2,3,4,5,6\n2,many,2,3,4,5,6\n")
    c.reject("cut.npy", "damaged", "bytes are there", npy(x)[:-100])
    c.reject("cut.h5", "damaged", "not a whole HDF5 file", hdf5(samples=x)[:-100])
    c.reject("cut.wav", "damaged", "truncated", wav(x)[:-2400])
    c.reject("other.h5", "invalid", "/samples", hdf5(values=x, others=x))
    c.reject("short.npy", "empty", "one frame needs", npy(x[:5]))
    c.reject("long.npy", "too-large", "sensor.max_seconds", npy(recording(61, 6001)))
    c.reject("behind.npy", "invalid", "the segment starts at 9", npy(x), offset=9, duration=1)
    c.reject("ends.npy", "damaged", "truncated: 200 of 400 samples", npy(x), offset=1, duration=4)
    c.reject("rate.npy", "unsupported-format", "cannot be resampled", npy(x), rate_hz=99.99877)
    c.reject("nothing.csv", "empty", "", csv(x[:0]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path)
    p.add_argument("--clean", action="store_true")
    a = p.parse_args()
    c = Corpus(a.folder)
    add_good(c)
    if not a.clean:
        add_bad(c)
    (a.folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in c.lines), encoding="utf-8")
    rows, rejects = len(c.lines), len(c.rejected)
    expect = {"rows": rows, "examples": rows - rejects, "rejects": rejects, "rejected": c.rejected}
    (a.folder / "expect.json").write_text(json.dumps(expect, indent=1), encoding="utf-8")


main()
