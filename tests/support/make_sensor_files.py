#!/usr/bin/env python3
"""Make the HDF5 files of tests/golden/sensor-files: arrays as others write them, and files that lead elsewhere. Needs
numpy and h5py.

usage: make_sensor_files.py DIR"""
import sys
from pathlib import Path

import h5py
import numpy as np

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
x = np.arange(12).reshape(4, 3)


def make(name, fill):
    with h5py.File(folder / name, "w") as f:
        fill(f)


def typed(kind, **more):
    return lambda f: f.create_dataset("run/samples", data=(x - 5).astype(kind), **more)


def two(f):
    f["a"], f["b"], f["name"] = x.astype("f4"), x.astype("f4"), "not numbers"


def one_of_three(f):
    f["name"], f["cube"], f["x"] = "not numbers", np.zeros((2, 2, 2)), x.astype("f4")


def soft(f):
    f["there"] = x.astype("f4")
    f["here"] = h5py.SoftLink("/there")


def elsewhere(f):
    f["here"] = h5py.ExternalLink("float32.h5", "/run/samples")
    f["group"] = h5py.ExternalLink("float32.h5", "/run")


def external(f):
    f.create_dataset("here", shape=(4, 3), dtype="f4", external=[("/etc/hostname", 0, 48)])


def virtual(f):
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("float32.h5", "run/samples", shape=(4, 3))
    f.create_virtual_dataset("here", layout)


def huge_chunk(f):
    f.create_dataset("here", shape=(4, 3), maxshape=(None, 3), dtype="f4", chunks=(1 << 24, 3))


def holes(f):
    f.create_dataset("here", shape=(4, 3), dtype="f4", chunks=(2, 3))[:2] = x[:2]


def huge(f):
    f.create_dataset("here", shape=(1 << 40, 3), dtype="f4", chunks=(64, 3))


for kind in ("<f2", "<f4", ">f4", "<f8", "i1", "<i2", ">i2", "<i4", "<i8"):
    name = np.dtype(kind).name + ("-big" if kind[0] == ">" else "") + ".h5"
    make(name, typed(kind))
make("packed.h5", typed("<i2", chunks=(2, 3), compression="gzip", shuffle=True))
make("tiles.h5", typed(">f4", chunks=(3, 2), compression="gzip", shuffle=True, fletcher32=True))
with h5py.File(folder / "latest.h5", "w", libver="latest") as latest:
    latest.create_dataset("run/samples", data=(x - 5).astype("f4"), chunks=(2, 3), fletcher32=True)
make("booleans.h5", lambda f: f.create_dataset("x", data=x > 3))
make("two.h5", two)
make("one-of-three.h5", one_of_three)
make("soft-link.h5", soft)
make("external-link.h5", elsewhere)
make("external-values.h5", external)
make("virtual.h5", virtual)
make("huge-chunk.h5", huge_chunk)
make("huge.h5", huge)
make("holes.h5", holes)
make("scale-offset.h5", typed("<i4", chunks=(2, 3), scaleoffset=4))
