#!/usr/bin/env python3
"""Ten Lloyd iterations in float64 on small cases, written to expect.safetensors beside this script (needs NumPy).

CASE/x (n, d) and CASE/init (k, d) float32; then for iteration t labels[t] (ties go to the lowest index), margins[t]
(second best minus best squared distance; 0 is a tie; infinite for one centroid) and inertia[t] (float64) for the
centroids before update t, and centroids[t] (float64) after it. An empty cluster keeps its centroid.
"""
import json
import struct
from pathlib import Path

import numpy as np

N, D, K, ITERATIONS = 300, 8, 12, 10


def cases(r):
    def normal(*shape):
        return r.standard_normal(shape).astype(np.float32)

    centres = 6 * normal(K, D)
    blobs = (centres[r.integers(K, size=N)] + normal(N, D)).astype(np.float32)
    cloud = normal(N, D)
    grid = r.integers(-3, 4, (N, 2)).astype(np.float32)
    few = normal(7, D)[r.integers(7, size=N)]
    lost = cloud[:K].copy()
    lost[[1, K - 1]] = 100
    shifted = (cloud + 1000).astype(np.float32)
    cross = np.float32([[-1, 0], [1, 0], [0, -1], [0, 1], [0, 2]])
    return {
        "all": (cloud[:K], cloud[:K]),
        "blobs": (blobs, blobs[:K]),
        "cloud": (cloud, cloud[-K:]),
        "duplicates": (few, few[:K]),
        "empty": (cloud, lost),
        "line": (normal(N, 1), np.float32([[-1], [0], [1]])),
        "offset": (shifted, shifted[:K]),
        "one": (cloud, cloud[:1]),
        "ties": (grid, cross),
    }


def lloyd(x, c):
    x, c = x.astype(np.float64), c.astype(np.float64)
    labels, margins, inertia, centroids = [], [], [], []
    for _ in range(ITERATIONS):
        distance = ((x[:, None] - c) ** 2).sum(-1)
        near = np.sort(distance, 1)
        label = distance.argmin(1)
        c = np.stack([x[label == j].mean(0) if (label == j).any() else c[j] for j in range(len(c))])
        labels.append(label)
        margins.append(near[:, 1] - near[:, 0] if len(c) > 1 else np.full(len(x), np.inf))
        inertia.append(near[:, 0].sum())
        centroids.append(c)
    return {
        "labels": np.int32(labels),
        "margins": np.float32(margins),
        "inertia": np.float64(inertia),
        "centroids": np.float64(centroids),
    }


def main():
    tensors = {}
    for name, (x, init) in cases(np.random.default_rng(1)).items():
        for key, value in ({"x": x, "init": init} | lloyd(x, init)).items():
            tensors[f"{name}/{key}"] = np.ascontiguousarray(value)
    kinds = {"float64": "F64", "float32": "F32", "int32": "I32"}
    header, data = {}, b""
    for name, t in tensors.items():
        offsets = [len(data), len(data) + t.nbytes]
        header[name] = {"dtype": kinds[t.dtype.name], "shape": t.shape, "data_offsets": offsets}
        data += t.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(__file__).with_name("expect.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


main()
