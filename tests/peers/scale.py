#!/usr/bin/env python3
"""A corpus of many rows: how long it takes until it is indexed, sorted and cut into units, in how much memory per rank,
and how many bytes and names that takes on the disk. The standard library and mpirun are all it needs.

    scale.py --tessera build/tessera [--rows 1e7] [--kind text|audio|tsv|gzip] [--ranks 2] [--folder FOLDER]
             [--set KEY=VALUE ...] [--most-anonymous-mb 200] [--most-resident-mb 200]
             [--keep]

kind text: JSONL with id, group, order, lang, text and a key that is not known; tsv and gzip: the same rows in these
forms; audio: JSONL with audio_filepath, offset and duration, of 256 small files. `tessera index` is run, then the same
once more (what is there is found), then `tessera plan`, which makes an index of its own and cuts it into units. Memory
is read from /proc of every rank, every 20 ms: RssAnon is memory of the program's own; VmHWM adds its code and the pages
of mapped files, which the system takes back when it needs them.
With --most-anonymous-mb or --most-resident-mb the exit code is 1 when a rank had more.

On the disk a row takes 224 bytes and its texts: in a segment, in a sorted run, in a run of the next round where there
are more than index.merge_width of them (above 33 million rows), and in the index; its id takes 24 bytes in each of five
files. So 10^9 rows of kind text (112 bytes of texts) need 1.5 TB while the index is made and 0.36 TB after. One rank
reads the manifest twice (hash, scan) and merges twice; all ranks share what lies between: a stat per medium, and the
sorting. No folder of it has more than 4,096 files."""
import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path

BLOCK = 10000


def text_rows(first, n, all_rows):
    groups = max(1, all_rows // 4)
    return [(f"doc-{i:010d}", f"g{i // 4 * 7919 % groups}", i % 4, "en", f"s{i % 97}",
             f"A caption of row {i}, as long as captions are, with some words more.") for i in range(first, first + n)]


def write_manifest(folder, kind, rows):
    if kind == "audio":
        (folder / "media").mkdir()
        for i in range(256):
            with wave.open(str(folder / f"media/{i:03d}.wav"), "wb") as f:
                f.setparams((1, 2, 16000, 800, "NONE", ""))
                f.writeframes(bytes(1600))
    path = folder / {"text": "m.jsonl", "audio": "m.jsonl", "tsv": "m.tsv", "gzip": "m.jsonl.gz"}[kind]
    with (gzip.open(path, "wb", 1) if kind == "gzip" else open(path, "wb")) as f:
        if kind == "tsv":
            f.write(b"id\tgroup\torder\tlang\tspeaker\ttext\n")
        for first in range(0, rows, BLOCK):
            n = min(BLOCK, rows - first)
            if kind == "audio":
                lines = [f'{{"audio_filepath": "media/{i % 256:03d}.wav", "offset": {i // 256 * 0.05:.2f}, "duration": '
                         f'{1 + i % 50 / 10}, "id": "clip-{i:010d}"}}\n' for i in range(first, first + n)]
            elif kind == "tsv":
                lines = ["\t".join(map(str, r)) + "\n" for r in text_rows(first, n, rows)]
            else:
                lines = [f'{{"id": "{r[0]}", "group": "{r[1]}", "order": {r[2]}, "lang": "{r[3]}", '
                         f'"speaker": "{r[4]}", "text": "{r[5]}"}}\n' for r in text_rows(first, n, rows)]
            f.write("".join(lines).encode())
    return path


class Sampler(threading.Thread):
    """Peaks of the ranks, which are the processes of that name in the folder, by process id."""

    def __init__(self, program, folder):
        super().__init__(daemon=True)
        self.program, self.folder, self.done = os.path.basename(program), str(folder), threading.Event()
        self.anonymous, self.resident = {}, {}

    def sample(self):
        for name in os.listdir("/proc"):
            try:
                if not name.isdigit() or os.readlink(f"/proc/{name}/cwd") != self.folder:
                    continue
                status = Path(f"/proc/{name}/status").read_text()
                if not status.startswith(f"Name:\t{self.program}\n"):
                    continue
            except OSError:
                continue
            for key, peaks in (("RssAnon", self.anonymous), ("VmHWM", self.resident)):
                found = re.search(rf"{key}:\s+(\d+) kB", status)
                if found:
                    peaks[name] = max(peaks.get(name, 0), int(found[1]) / 1024)

    def run(self):
        while not self.done.wait(0.02):
            self.sample()


def launch(a, verb):
    """Run a verb and print its log with the time since the start. Returns the highest RssAnon and VmHWM in MB."""
    command = [a.mpirun, "-n", str(a.ranks)] if a.ranks > 1 else []
    command += [a.tessera, verb, "c.yaml"] + [x for s in a.set for x in ("--set", s)]
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", TMPDIR=str(a.folder))
    sampler = Sampler(a.tessera, a.folder)
    sampler.start()
    start = time.monotonic()
    with subprocess.Popen(command, cwd=a.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as p:
        for line in p.stdout:
            if re.search("reading|probing|merging|rows|units|ERROR|WARN", line):
                print(f"  {time.monotonic() - start:7.2f} s  {line.split('] ', 1)[-1].strip()[:120]}", flush=True)
    sampler.done.set()
    sampler.join()
    if p.returncode:
        sys.exit(f"tessera {verb}: exit code {p.returncode}")
    print(f"  {time.monotonic() - start:7.2f} s  done")
    for name, what in (("RssAnon", sampler.anonymous), ("VmHWM", sampler.resident)):
        print(f"  {name} per rank, MB: {', '.join(f'{v:.0f}' for v in what.values())}")
    if not sampler.anonymous:
        sys.exit("no rank was seen: is there no /proc with RssAnon?")
    return max(sampler.anonymous.values()), max(sampler.resident.values())


def survey(folder):
    """Bytes below a folder, and the most names in one folder."""
    size, most = 0, 0
    for path, folders, files in os.walk(folder):
        most = max(most, len(folders) + len(files))
        size += sum(os.stat(os.path.join(path, f)).st_size for f in files)
    return size, most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tessera", default="build/tessera")
    parser.add_argument("--mpirun", default="mpirun")
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--kind", choices=["text", "audio", "tsv", "gzip"], default="text")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("scale"))
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--most-anonymous-mb", type=float)
    parser.add_argument("--most-resident-mb", type=float)
    parser.add_argument("--keep", action="store_true", help="leave the manifest and the index there")
    a = parser.parse_args()
    a.tessera, a.folder, rows = os.path.realpath(a.tessera), a.folder.resolve(), int(a.rows)
    if a.folder.exists():
        sys.exit(f"{a.folder} is there already")
    a.folder.mkdir(parents=True)
    manifest = write_manifest(a.folder, a.kind, rows)
    (a.folder / "c.yaml").write_text(f"corpus: {{path: {manifest.name}}}\noutput: {{path: out}}\n")
    print(f"{rows} rows, {manifest.stat().st_size / rows:.0f} bytes each")
    peaks = []
    for verb in ("index", "index", "plan"):
        print(verb, flush=True)
        peaks.append(launch(a, verb))
    size, names = survey(a.folder / "out/state/index")
    print(f"index: {size / rows:.0f} bytes a row in {names} files")
    if not a.keep:
        shutil.rmtree(a.folder)
    for what, limit, peak in (("RssAnon", a.most_anonymous_mb, max(p[0] for p in peaks)),
                              ("VmHWM", a.most_resident_mb, max(p[1] for p in peaks))):
        print(f"highest {what} of a rank: {peak:.0f} MB")
        if limit and peak > limit:
            sys.exit(f"that is more than {limit:.0f} MB")


main()
