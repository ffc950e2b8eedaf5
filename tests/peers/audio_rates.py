#!/usr/bin/env python3
"""Sound against the usual libraries, in turns on one core. With files: decoding by tessera and by libsndfile called
directly (decode_rates.c, which is built here against the core library beside the program), and what the whole default
path of `tessera bench audio` leaves of decoding alone. Without: resampling, MFCC-39 and log-mel of noise beside soxr HQ
and torchaudio. Prints x real time of both and their ratio; above 1 tessera is faster.

    pip install numpy soxr torch torchaudio
    taskset -c 0 python3 tests/peers/audio_rates.py build/tessera [--rounds 3] [FILES_OR_FOLDERS...]

Where torchaudio does not load beside a torch of another CUDA version,
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


def build(tessera, program):
    here = Path(__file__).parent
    libraries = subprocess.run(["pkg-config", "--libs", "sndfile", "libmpg123", "libxxhash", "libcrypto"],
                               capture_output=True, check=True, text=True).stdout.split()
    core = Path(tessera).resolve().parent / "src" / "libtessera_core.a"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-I", here.parent.parent / "src", "-o", program,
                    here / "decode_rates.c", core, *libraries, "-lm"], check=True)


def decode_in_turns(program, files, rounds):
    """{format: [files, seconds of sound, of tessera, of libsndfile]}"""
    text = subprocess.run([program, str(rounds)], input="\n".join(map(str, files)), text=True, capture_output=True,
                          check=True).stdout
    out = collections.defaultdict(lambda: [0, 0.0, 0.0, 0.0])
    for line in text.splitlines():
        *numbers, kind = line.split()
        for name in (kind, "all") if float(numbers[2]) else (kind,):
            out[name] = [a + float(b) for a, b in zip(out[name], [1] + numbers)]
    return out


def compare_files(tessera, program, files, rounds):
    decoded = decode_in_turns(program, files, rounds)
    report = bench(tessera, "--data", *files)
    whole = {r["format"]: r["seconds"]["decode"] / r["seconds"]["codes"] for r in report["formats"] + [report["all"]]}
    print(f"{'files, x real time':18s} {'files':>6s} {'sound, s':>9s} {'tessera':>9s} {'libsndfile':>11s} {'ratio':>7s}"
          f" {'whole path of decoding':>24s}")
    for kind in sorted(decoded, key=lambda k: (k == "all", k)):
        n, sound, ours, theirs = decoded[kind]
        other = f"{sound / theirs:11.0f} {theirs / ours:7.2f}" if theirs else f"{'':11s} {'':7s}"
        print(f"{kind:18s} {n:6.0f} {sound:9.1f} {sound / ours:9.0f} {other} {whole[kind]:24.3f}")


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
    a.add_argument("paths", nargs="*")
    o = a.parse_intermixed_args()
    torch.set_num_threads(1)
    if not o.paths:
        noise = (0.2 * np.random.default_rng(0).random(96000 * 60, dtype=np.float32) - 0.1).astype(np.float32)
        with torch.inference_mode():
            compare_noise([(bench(o.tessera), rivals(noise)) for _ in range(o.rounds)])
        return
    with tempfile.TemporaryDirectory() as folder:
        build(o.tessera, folder + "/decode_rates")
        compare_files(o.tessera, folder + "/decode_rates", list(all_files(o.paths)), o.rounds)


if __name__ == "__main__":
    sys.exit(main())
