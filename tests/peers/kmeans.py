#!/usr/bin/env python3
"""k-means of tessera beside faiss Clustering and faiss SuperKMeans: same rows, same start, same number of iterations,
one core each, in turn. Needs numpy and faiss-cpu (pip install numpy faiss-cpu).

    kmeans.py --tessera build/tessera decay iso [X.npy ...] [--codes 1000] [--iterations 15] [--rounds 3]

decay, iso: 100,000 x 768 synthetic rows with a falling or a flat spectrum; else a .npy of fp32 or fp16 rows. Printed
are medians of the seconds, the inertia of the final centroids (fp64), and the share of rows that `tessera assign` puts
elsewhere than faiss does for the final centroids of faiss. SuperKMeans takes no start. Pin it: taskset -c 0 ...
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def clean_environment(core=None):
    env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    env.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if core:
        env["OPENBLAS_CORETYPE"] = core
    return env


def make_rows(kind, n=100_000, d=768):
    import numpy as np
    r = np.random.default_rng(1)
    if kind == "iso":
        return r.standard_normal((n, d), dtype=np.float32)
    spectrum = np.arange(1, d + 1, dtype=np.float32) ** -0.4
    centres = 2 * spectrum * r.standard_normal((400, d), dtype=np.float32)
    x = centres[r.integers(0, 400, n)] + spectrum * r.standard_normal((n, d), dtype=np.float32)
    rotation, _ = np.linalg.qr(r.standard_normal((d, d)))
    return np.ascontiguousarray(x @ rotation.astype(np.float32))


def true_inertia(x, c):
    """Sum of squared distances to the nearest of c, in fp64."""
    import numpy as np
    c = c.astype(np.float64)
    total = 0.0
    for i in range(0, len(x), 4096):
        b = x[i:i + 4096].astype(np.float64)
        total += ((b * b).sum(1) + ((c * c).sum(1) - 2 * b @ c.T).min(1)).sum()
    return total


def rival(folder, kind, codes, iterations):
    """Runs in a process of its own, whose environment names the BLAS kernels. Saves centroids and faiss's labels."""
    import faiss
    import numpy as np
    faiss.omp_set_num_threads(1)
    x = np.load(folder / "x.npy").astype(np.float32)
    start = np.load(folder / "start.npy").astype(np.float32)
    engine = faiss.Kmeans if kind == "clustering" else faiss.SuperKmeans
    km = engine(x.shape[1], codes, niter=iterations, seed=1, max_points_per_centroid=10 ** 9)
    begin = time.perf_counter()
    km.train(x, init_centroids=start) if kind == "clustering" else km.train(x)
    seconds = time.perf_counter() - begin
    centroids = np.ascontiguousarray(km.centroids, dtype=np.float32)
    np.save(folder / f"{kind}.npy", centroids)
    if kind == "clustering":
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(centroids)
        np.save(folder / "labels.npy", index.search(x, 1)[1][:, 0])
    print(json.dumps({"seconds": seconds}))


def run_rival(a, folder, kind):
    command = [sys.executable, __file__, "--rival", kind, "--folder", str(folder), "--codes", str(a.codes),
               "--iterations", str(a.iterations)]
    out = subprocess.run(command, env=clean_environment(a.blas_core), check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])["seconds"]


def run_tessera(a, folder):
    command = [a.tessera, "bench", "kmeans", "--data", folder / "x.npy", "--start", folder / "start.npy", "--iters",
               str(a.iterations), "--json"]
    out = subprocess.run(command, env=clean_environment(), check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def differing_labels(a, folder):
    import numpy as np
    subprocess.run([a.tessera, "assign", folder / "clustering.npy", folder / "x.npy", "--to", folder / "ours"],
                   env=clean_environment(), check=True, capture_output=True)
    return float(np.mean(np.load(folder / "ours.labels.npy") != np.load(folder / "labels.npy")))


def compare(a, data, folder):
    import numpy as np
    x = make_rows(data) if data in ("decay", "iso") else np.load(data)
    order = np.random.default_rng(1).permutation(len(x))[:a.codes]
    np.save(folder / "x.npy", np.ascontiguousarray(x))
    np.save(folder / "start.npy", np.ascontiguousarray(x[order]).astype(np.float32))
    seconds = {kind: [] for kind in ("tessera", *a.rivals)}
    peaks = []
    for _ in range(a.rounds):
        ours = run_tessera(a, folder)
        seconds["tessera"].append(ours["seconds"])
        peaks.append(ours["peak_gflops"])
        for kind in a.rivals:
            seconds[kind].append(run_rival(a, folder, kind))
    median = {k: statistics.median(v) for k, v in seconds.items()}
    print(f"{data}: {x.shape[0]} x {x.shape[1]} {x.dtype}, {a.codes} codes, {a.iterations} iterations; "
          f"{a.rounds} rounds, peak {statistics.median(peaks):.0f} GFLOP/s; "
          f"BLAS kernels of faiss: {a.blas_core or 'as detected'}")
    for kind in seconds:
        inertia = ours["inertia"] if kind == "tessera" else true_inertia(x, np.load(folder / f"{kind}.npy"))
        print(f"  {kind:12s} {median[kind]:9.3f} s  {median[kind] / median['tessera']:6.2f} x   inertia {inertia:.8g} "
              f"({inertia / ours['inertia'] - 1:+.1e})")
    if "clustering" in a.rivals:
        print(f"  rows assigned otherwise, for the centroids of faiss: {100 * differing_labels(a, folder):.4f} %")
    sys.stdout.flush()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", nargs="*", default=["decay", "iso"])
    p.add_argument("--tessera", default="build/tessera")
    p.add_argument("--codes", type=int, default=1000)
    p.add_argument("--iterations", type=int, default=15)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--rivals", nargs="*", default=["clustering", "superkmeans"], choices=["clustering", "superkmeans"])
    p.add_argument("--blas-core", default="SkylakeX" if "avx512f" in open("/proc/cpuinfo").read() else "",
                   help="OPENBLAS_CORETYPE for faiss, whose own detection may pick slow kernels; '' leaves it alone")
    p.add_argument("--rival", choices=["clustering", "superkmeans"], help=argparse.SUPPRESS)
    p.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.rival:
        return rival(a.folder, a.rival, a.codes, a.iterations)
    for data in a.data:
        with tempfile.TemporaryDirectory() as folder:
            compare(a, data, pathlib.Path(folder))


if __name__ == "__main__":
    main()
