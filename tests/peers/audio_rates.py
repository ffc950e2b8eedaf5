#!/usr/bin/env python3
"""Sound against the usual libraries, in turns on one core: `tessera bench audio` beside libsndfile called directly (by
sndfile_rates.c, which is built here), soxr HQ, torchaudio's resampler, its MFCC-39 and fbank. Prints x real time of both
and their ratio (above 1: tessera is faster), and for the whole path how much of decoding alone is left.

    pip install numpy soxr torch torchaudio
    taskset -c 0 python3 tests/peers/audio_rates.py build/tessera [--rounds 3] [--noise] FILES_OR_FOLDERS...

--noise: no files, resampling and features alone. Where torchaudio does not load beside a torch of another CUDA version,
take the call of _check_cuda_version() out of its _extension/__init__.py; nothing here uses CUDA."""
import argparse
import collections
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soxr
import torch
import torchaudio

RATES = (44100, 48000, 8000, 22050, 96000)
LENGTHS = {"60s": 60.0, "1.2s": 1.2}
FORMATS = {0x010000: "wav", 0x130000: "wav", 0x170000: "flac", 0x200000: "ogg", 0x230000: "mp3", 0x040000: "raw",
           0x020000: "aiff", 0x030000: "au", 0x180000: "caf", 0x0b0000: "w64", 0x220000: "rf64"}
CODECS = {0x60: "/vorbis", 0x64: "/opus", 0x20: "/gsm", 0x10: "/ulaw", 0x11: "/alaw", 0x12: "/ima-adpcm",
          0x13: "/ms-adpcm", 0x06: "/float", 0x07: "/double"}


def seconds_of(work, at_least=0.15):
    work()
    n, begun = 0, time.perf_counter()
    while n < 3 or time.perf_counter() - begun < at_least:
        work()
        n += 1
    return (time.perf_counter() - begun) / n


def mfcc39(x):
    m = torchaudio.compliance.kaldi.mfcc(x[None], sample_frequency=16000, use_energy=False).T
    d = torchaudio.functional.compute_deltas(m)
    return torch.cat([m, d, torchaudio.functional.compute_deltas(d)]).T.contiguous()


def rivals(noise):
    """{row of the table: {rival: {length: x real time}}}"""
    out = collections.defaultdict(lambda: collections.defaultdict(dict))
    for name, length in LENGTHS.items():
        for rate in RATES:
            x = noise[: int(rate * length)]
            sinc = torchaudio.transforms.Resample(rate, 16000)
            row = out[f"resample {rate} -> 16000"]
            row["soxr HQ"][name] = length / seconds_of(lambda: soxr.resample(x, rate, 16000, "HQ"))
            row["torchaudio"][name] = length / seconds_of(lambda: sinc(torch.from_numpy(x)))
        x = torch.from_numpy(noise[: int(16000 * length)])
        fbank = dict(sample_frequency=16000, num_mel_bins=80)
        out["MFCC-39"]["torchaudio"][name] = length / seconds_of(lambda: mfcc39(x))
        out["log-mel, 80"]["torchaudio"][name] = length / seconds_of(
            lambda: torchaudio.compliance.kaldi.fbank(x[None], **fbank))
    return out


def compare_noise(turns):
    print(f"{'noise, x real time':26s} {'length':>6s} {'tessera':>9s} {'rival':>12s} {'':>9s} {'ratio':>7s}")
    for row in turns[0][1]:
        for rival in turns[0][1][row]:
            for length in LENGTHS:
                ours = statistics.median(t["noise"][row][length] for t, _ in turns)
                theirs = statistics.median(r[row][rival][length] for _, r in turns)
                ratio = statistics.median(t["noise"][row][length] / r[row][rival][length] for t, r in turns)
                print(f"{row:26s} {length:>6s} {ours:9.0f} {rival:>12s} {theirs:9.0f} {ratio:7.2f}")


def decode_directly(program, paths):
    """{format: [seconds of work, seconds of sound]} of libsndfile."""
    text = subprocess.run([program, "3"], input="\n".join(map(str, paths)), text=True, capture_output=True,
                          check=True).stdout
    out = collections.defaultdict(lambda: [0.0, 0.0])
    for line in text.splitlines():
        work, _, frames, rate, kind = line.split()
        kind = int(kind, 16)
        name = FORMATS.get(kind & 0x0fff0000, "other") + CODECS.get(kind & 0xffff, "")
        out[name][0] += float(work)
        out[name][1] += int(frames) / int(rate)
    return out


def compare_files(turns):
    print(f"\n{'files, x real time':18s} {'files':>6s} {'sound, s':>9s} {'tessera':>9s} {'libsndfile':>11s} {'ratio':>7s}"
          f" {'whole path of decoding':>24s}")
    for i, row in enumerate(turns[0][0]["formats"] + [turns[0][0]["all"]]):
        ours = [(t["formats"] + [t["all"]])[i] for t, _ in turns]
        sound = row["audio_seconds"]
        decode = statistics.median(o["seconds"]["decode"] for o in ours)
        share = statistics.median(o["seconds"]["decode"] / o["seconds"]["codes"] for o in ours)
        known = [direct[row["format"]] for _, direct in turns if row["format"] in direct]
        theirs = statistics.median(w for w, _ in known) if known else None
        other = f"{known[0][1] / theirs:11.0f} {theirs / decode:7.2f}" if known else f"{'':11s} {'':7s}"
        print(f"{row['format']:18s} {row['files']:6d} {sound:9.1f} {sound / decode:9.0f} {other} {share:24.3f}")


def all_files(paths):
    for p in map(Path, paths):
        yield from sorted(q for q in p.rglob("*") if q.is_file()) if p.is_dir() else [p]


def bench(tessera, *arguments):
    command = [tessera, "bench", "audio", "--json", *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("tessera")
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--noise", action="store_true")
    a.add_argument("paths", nargs="*")
    o = a.parse_args()
    torch.set_num_threads(1)
    if o.noise or not o.paths:
        noise = (0.2 * np.random.default_rng(0).random(96000 * 60, dtype=np.float32) - 0.1).astype(np.float32)
        with torch.inference_mode():
            compare_noise([(bench(o.tessera), rivals(noise)) for _ in range(o.rounds)])
        return
    files = list(all_files(o.paths))
    with tempfile.TemporaryDirectory() as folder:
        program = folder + "/sndfile_rates"
        source = Path(__file__).with_name("sndfile_rates.c")
        subprocess.run(["cc", "-O2", "-o", program, source, "-lsndfile"], check=True)
        compare_files([(bench(o.tessera, "--data", *files), decode_directly(program, files)) for _ in range(o.rounds)])


if __name__ == "__main__":
    sys.exit(main())
