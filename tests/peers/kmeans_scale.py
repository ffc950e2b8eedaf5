#!/usr/bin/env python3
"""What k-means of a large set costs, from rates measured here: memory per node, bytes per iteration, seconds per
iteration by number of ranks. Needs numpy and mpirun.

    kmeans_scale.py --tessera build/tessera [--data X.npy] [--vectors 1e8] [--codes 1000] [--cores 64]
                    [--network 10e9] [--latency 5e-6]

Every core runs all rows of the data and a twentieth of them, alone but all at the same time: the difference is the
time per vector, the rest is what an iteration costs whatever the number of vectors (update, panels, bounds of the
centroids). Two ranks then share all rows, and the prediction for them is checked. Sums go through shared memory within
a node (each rank adds up its slice of all buffers; 10 GB/s) and across nodes by a ring (bytes a second of the network
card) with messages up and down a tree (latency).
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile

from kmeans import clean_environment, make_rows

MEMORY_RATE = 10e9


def run(a, data, start, ranks):
    """Seconds per iteration: one rank on every core at the same time, each with all rows; or `ranks` share them."""
    bench = [a.tessera, "bench", "kmeans", "--data", data, "--start", start, "--iters", str(a.iterations), "--json"]
    if ranks > 1:
        commands = [["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", str(ranks)] + bench]
    else:
        commands = [["taskset", "-c", str(core)] + bench for core in sorted(os.sched_getaffinity(0))]
    seconds = []
    for _ in range(a.rounds):
        running = [subprocess.Popen(c, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                   for c in commands]
        seconds += [json.loads(r.communicate()[0])["seconds"] / a.iterations for r in running]
    return statistics.median(seconds)


def sums_bytes(a, d, n):
    """Low limbs, and high ones where more vectors are added up than one limb takes; counts and marks."""
    limbs = 2 if n > 2 ** 22 else 1
    return a.codes * (8 * d * limbs + 16)


def iteration(a, d, n, ranks, per_vector, fixed):
    cores = min(ranks, a.cores)
    nodes = math.ceil(ranks / a.cores)
    size = sums_bytes(a, d, n)
    within = 2 * size / MEMORY_RATE if ranks > 1 else 0
    across = 0
    if nodes > 1:
        across = 2 * size * (nodes - 1) / nodes / a.network + 2 * math.ceil(math.log2(nodes)) * a.latency
    return n / ranks * per_vector, fixed + within + across, nodes, cores


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tessera", default="build/tessera")
    p.add_argument("--data", help="a .npy; else 100,000 x 768 synthetic rows with a falling spectrum")
    p.add_argument("--vectors", type=float, default=1e8)
    p.add_argument("--codes", type=int, default=1000)
    p.add_argument("--iterations", type=int, default=15)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--cores", type=int, default=64, help="ranks per node")
    p.add_argument("--network", type=float, default=10e9, help="bytes per second and node")
    p.add_argument("--latency", type=float, default=5e-6, help="seconds per message")
    a = p.parse_args()
    import numpy as np
    x = np.load(a.data) if a.data else make_rows("decay")
    n, d = x.shape
    few = n // 20
    with tempfile.TemporaryDirectory() as folder:
        f = pathlib.Path(folder)
        np.save(f / "x.npy", x)
        np.save(f / "few.npy", x[:few])
        np.save(f / "start.npy", x[np.random.default_rng(1).permutation(few)[:a.codes]].astype(np.float32))
        one, little = run(a, f / "x.npy", f / "start.npy", 1), run(a, f / "few.npy", f / "start.npy", 1)
        two = run(a, f / "x.npy", f / "start.npy", 2)
    per_vector = (one - little) / (n - few)
    fixed = max(little - few * per_vector, 0)
    work, rest, _, _ = iteration(a, d, n, 2, per_vector, fixed)
    print(f"measured on {n} x {d}, {a.codes} codes, per iteration, all cores busy: "
          f"{per_vector * 1e6:.2f} us a vector and rank, "
          f"{fixed * 1e3:.1f} ms besides")
    print(f"two ranks: {two * 1e3:.1f} ms, predicted {1e3 * (work + rest):.1f} ms ({(work + rest) / two - 1:+.0%})")
    total, words = int(a.vectors), (d + 63) // 64 * 64
    print(f"{total} x {d}, {a.codes} codes; {sums_bytes(a, d, total) / 1e6:.1f} MB of sums per node and iteration")
    print("  ranks nodes  fp16 rows/node   + filter, bounds   seconds/iteration   of which sums and update")
    ranks = 1
    while ranks <= 4096:
        work, rest, nodes, _ = iteration(a, d, total, ranks, per_vector, fixed)
        mine = total / nodes
        groups = math.ceil(a.codes / 48)
        held = mine * (words + 36 + 2 * groups)
        print(f"  {ranks:5d} {nodes:5d}  {mine * d * 2 / 1e9:11.2f} GB  {held / 1e9:14.2f} GB  {work + rest:16.3f}  "
              f"{rest / (work + rest):20.1%}")
        ranks *= 4


if __name__ == "__main__":
    main()
