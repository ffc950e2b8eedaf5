#!/usr/bin/env python3
"""Damage real pictures and recordings and decode each in a process of its own, under sanitizers.

usage: mutate.py --build build-asan [--count 2000] [--seed 1] FOLDER...
  cmake --preset asan && cmake --build --preset asan --target fuzz_audio fuzz_image

Files below the folders are chosen by seed, and each is damaged in one of five ways: flipped bits, a cut, a block
that is zeroed, doubled or moved, the head of another file, nonsense in the header. The fuzz targets decode them
(twice, and in pieces) and check that the outcome is an item error or pixels or samples, the same each time. A crash,
a sanitizer's report, more than --seconds or more than --mbytes is a finding: the file is kept in --keep. Prints the
counts."""
import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

AUDIO = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".snd", ".gsm", ".g722", ".w64",
         ".caf"}
IMAGE = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm"}


def find(folders, most_bytes):
    files = {"audio": [], "image": []}
    for folder in folders:
        for at, _, names in os.walk(folder):
            for name in names:
                ending, path = os.path.splitext(name)[1].lower(), os.path.join(at, name)
                kind = "audio" if ending in AUDIO else "image" if ending in IMAGE else None
                if kind and os.path.isfile(path) and 0 < os.path.getsize(path) <= most_bytes:
                    files[kind].append((ending, path))
    return files


def flip(rng, data, _):
    for _ in range(rng.choice([1, 2, 8, 64])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(rng, data, _):
    del data[rng.randrange(len(data)):]


def block(rng, data, _):
    n = rng.randrange(1, max(2, min(len(data), 4096)))
    a, b = rng.randrange(len(data)), rng.randrange(len(data))
    piece = bytes(data[a:a + n])
    how = rng.randrange(3)
    if how == 0:
        data[a:a + n] = bytes(len(piece))
    elif how == 1:
        data[b:b] = piece
    else:
        del data[a:a + n]
        data[min(b, len(data)):min(b, len(data))] = piece


def swap_head(rng, data, other):
    n = rng.choice([4, 12, 44, 128, 512])
    data[:n] = other[:n]


def header(rng, data, _):
    for _ in range(rng.choice([1, 2, 4])):
        at = rng.randrange(min(len(data), 256))
        data[at:at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", rng.randbytes(4)])


DAMAGE = [flip, cut, block, swap_head, header]


def run(program, path, args):
    """(finding or None, seconds, MB) of one file."""
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1",
                       UBSAN_OPTIONS="halt_on_error=1", FUZZ_MAX_PIXELS=str(1 << 24))
    start = time.monotonic()
    child = subprocess.Popen([program, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        _, err = child.communicate(timeout=args.seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return "more than %d s" % args.seconds, args.seconds
    seconds = time.monotonic() - start
    if child.returncode:
        return "exit %d: %s" % (child.returncode, err.decode(errors="replace")[-2000:]), seconds
    return None, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--build", default="build-asan")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--mbytes", type=int, default=2000)
    parser.add_argument("--keep", default="findings")
    args = parser.parse_args()
    programs = {k: f"{args.build}/tests/fuzz/{k}/fuzz_{k}" for k in ("audio", "image")}
    files, findings, slowest, before = find(args.folders, 4 << 20), 0, 0.0, 0
    kinds = sorted(k for k in files if files[k])
    if not kinds:
        sys.exit("no pictures or recordings in " + " ".join(args.folders))
    counts = {}
    for i in range(args.count):
        rng = random.Random(f"{args.seed} {i}")
        kind = rng.choice(kinds)
        endings = sorted({e for e, _ in files[kind]})
        ending = rng.choice(endings)  # every format as often
        path = rng.choice(sorted(p for e, p in files[kind] if e == ending))
        other = rng.choice(files[kind])[1]
        with open(path, "rb") as f, open(other, "rb") as g:
            data, head = bytearray(f.read()), g.read(512)
        damage = rng.choice(DAMAGE)
        damage(rng, data, head)
        counts[kind, ending, damage.__name__] = counts.get((kind, ending, damage.__name__), 0) + 1
        with tempfile.NamedTemporaryFile(suffix=ending) as t:
            t.write(data)
            t.flush()
            finding, seconds = run(programs[kind], t.name, args)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024  # of all so far
            if peak > args.mbytes and peak > before and not finding:
                finding = "%d MB" % peak
            before, slowest = max(peak, before), max(slowest, seconds)
            if finding:
                findings += 1
                os.makedirs(args.keep, exist_ok=True)
                with open(os.path.join(args.keep, f"{i}{ending}"), "wb") as f:
                    f.write(data)
                print(f"FINDING {i} {damage.__name__} {path}: {finding}", flush=True)
    for kind in kinds:
        by_ending = {}
        for (k, e, _), n in counts.items():
            if k == kind:
                by_ending[e] = by_ending.get(e, 0) + n
        print(kind, " ".join(f"{e} {n}" for e, n in sorted(by_ending.items())))
    print(f"{args.count} files, {findings} findings, slowest {slowest:.1f} s, most memory {before} MB")
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
