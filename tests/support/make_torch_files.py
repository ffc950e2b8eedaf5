#!/usr/bin/env python3
"""Make the files of torch.save that tests/unit/encoder reads (tests/golden/torch-files). Needs PyTorch.

usage: make_torch_files.py DIR

Good ones, damaged ones (the zip packed anew with a part changed) and ones whose pickle calls code. Element i of a
tensor, where nothing else is said, is i / 2 - 1."""
import argparse
import builtins
import collections
import io
import os
import zipfile
from pathlib import Path

import torch


def numbers(*shape, dtype=torch.float32):
    n = 1
    for size in shape:
        n *= size
    return (torch.arange(n, dtype=torch.float32) / 2 - 1).reshape(shape).to(dtype)


def tensors():
    """Every type and kind of view."""
    whole = numbers(3, 4)
    return collections.OrderedDict(
        f32=numbers(2, 3), f16=numbers(5, dtype=torch.float16), bf16=numbers(5, dtype=torch.bfloat16),
        f64=numbers(2, dtype=torch.float64), i64=torch.tensor([-1, 1 << 40]), flag=torch.tensor([True, False]),
        scalar=torch.tensor(2.5), empty=torch.zeros(0, 4), parameter=torch.nn.Parameter(numbers(4)), whole=whole,
        rows=whole[1:], columns=whole[:, ::2], transposed=whole.t(), repeated=whole[0].expand(2, 4), tied=whole)


class Calls:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def saved(what, **options):
    out = io.BytesIO()
    torch.save(what, out, **options)
    return out.getvalue()


def packed(data, changes=None, method=zipfile.ZIP_STORED):
    """The same zip with parts replaced: ending of the name -> bytes, or None to leave it out."""
    out, changes = io.BytesIO(), changes or {}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            bytes_ = changes.get(name.split("/", 1)[1], old.read(name))
            if bytes_ is not None:
                new.writestr(zipfile.ZipInfo(name), bytes_, method)
    return out.getvalue()


def weight_norms():
    """Both ways to store weight norm over the last dimension, and the weight that they mean."""
    torch.manual_seed(1)
    g, v = torch.rand(1, 1, 3) + 0.5, torch.randn(4, 2, 3)
    folded = (g.double() * v.double() / v.double().pow(2).sum((0, 1), keepdim=True).sqrt()).float()
    old = {"wav2vec2.conv.weight_g": g, "wav2vec2.conv.weight_v": v, "folded": folded}
    name = "conv.parametrizations.weight.original"
    new = {name + "0": g, name + "1": v, "folded": folded}
    return old, new


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    old, new = weight_norms()
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    for p in module.parameters():
        p.data = numbers(*p.shape)
    few = {"a": numbers(2, 3), "b": numbers(4)}
    good = saved(few)
    files = {
        "tensors": saved(tensors()), "tensors-protocol3": saved(tensors(), pickle_protocol=3),
        "tensors-protocol4": saved(tensors(), pickle_protocol=4),
        "tensors-deflated": packed(saved(tensors()), method=zipfile.ZIP_DEFLATED),
        "module-state": saved(module.state_dict()),
        "checkpoint": saved({"epoch": 3, "loss": 0.5, "notes": ["x", (1, 2)], "state_dict": few,
                             "optimizer": {"state": {0: {"m": numbers(2)}}, "lr": 0.1}}),
        "weight-norm": saved(old), "parametrizations": saved(new),
        "big-endian": packed(good, {"byteorder": b"big"}),
        "no-pickle": packed(good, {"data.pkl": None}),
        "no-storage": packed(good, {"data/1": None}),
        "short-storage": packed(good, {"data/0": bytes(20)}),
        "long-storage": packed(good, {"data/0": bytes(28)}),
        "list": saved([numbers(2)]),
        "old-format": saved(few, _use_new_zipfile_serialization=False),
        "whole-module": saved(module),
        "code-system": saved({"a": numbers(2), "b": Calls(os.system, "true")}),
        "code-eval": saved({"a": numbers(2), "b": Calls(builtins.eval, "1")}, pickle_protocol=4),
        "code-first": saved(Calls(builtins.exec, "pass")),
    }
    for name, data in files.items():
        (folder / f"{name}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
