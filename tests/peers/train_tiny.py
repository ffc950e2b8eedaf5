#!/usr/bin/env python3
"""A tiny transformer learns from a dataset: its held-out loss falls below the unigram entropy of each modality, and
below that of the same model on tokens of which those of a modality have changed places.

usage: train_tiny.py README.md DATASET [--seconds 120]
  python3 tests/peers/train_tiny.py README.md quickstart/dataset      # needs torch, h5py

Sequences are read by the code of the README. A run stops after --seconds, counted without reading; both models see the
same sequences in the same order. Prints nats per token on the split `valid`; the exit code is 1 when it did not learn.
"""
import argparse
import re
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, LAYERS, CONTEXT, BATCH = 128, 4, 3, 256, 16


class Model(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Embedding(CONTEXT, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.places.weight, std=0.02)
        self.mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT)

    def forward(self, ids):
        n = ids.shape[1]
        x = self.tokens(ids) + self.places.weight[:n]
        x = self.layers(x, mask=self.mask[:n, :n], is_causal=True)
        return self.norm(x) @ self.tokens.weight.T


def modality_of(ids, block):
    """0 text, 1 image, 2 audio, 3 anything else, from the ranges in the attributes of an index file."""
    out = np.full(ids.shape, 3, np.int64)
    bounds = sorted((int(block.attrs[f"offset_{k}"]), i) for i, k in enumerate(["text", "image", "audio"])
                    if block.attrs[f"offset_{k}"] >= 0)
    bounds += [(int(block.attrs["offset_special"]), 3), (int(block.attrs["vocab_size"]), 3)]
    bounds.sort()
    for (a, kind), (b, _) in zip(bounds[:-1], bounds[1:]):
        out[(ids >= a) & (ids < b)] = kind
    return out


def windows(data, rng):
    """All sequences of a split, cut into windows of CONTEXT + 1 tokens: ids, loss mask, modality."""
    ids, loss = (np.stack([np.asarray(data[i][k]) for i in range(len(data))]) for k in ("input_ids", "loss_mask"))
    n = ids.shape[1] // (CONTEXT + 1) * (CONTEXT + 1)
    ids, loss = (x[:, :n].reshape(-1, CONTEXT + 1) for x in (ids, loss))
    kept = loss.any(1)
    ids, loss = ids[kept], loss[kept]
    kind = modality_of(ids, data.blocks[0])
    mixed = ids.copy()
    for row, kinds in zip(mixed, kind):  # tokens of one modality change places with each other
        for k in range(3):
            at = np.flatnonzero(kinds == k)
            row[at] = row[rng.permutation(at)]
    return ids, mixed, loss, kind


def unigram(train, valid, size):
    """Cross entropy of the held-out tokens under the frequencies of the training tokens, for each modality."""
    out = {}
    for k, name in enumerate(["text", "image", "audio"]):
        counts = np.bincount(train[0][train[3] == k], minlength=size) + 0.1
        ids = valid[0][valid[3] == k]
        if len(ids):
            out[name] = float(-np.log((counts / counts.sum())[ids]).mean())
    return out


def learn(ids, loss, size, seconds):
    torch.manual_seed(0)
    model = Model(size)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    rng, spent, steps = np.random.default_rng(0), 0.0, 0
    while spent < seconds:
        pick = rng.integers(0, len(ids), BATCH)
        x, m = torch.from_numpy(ids[pick]), torch.from_numpy(loss[pick][:, 1:] != 0)
        start = time.monotonic()
        value = F.cross_entropy(model(x[:, :-1])[m], x[:, 1:][m])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        spent += time.monotonic() - start
        steps += 1
    return model, steps


@torch.no_grad()
def held_out(model, ids, loss, kind):
    sums, counts = np.zeros(4), np.zeros(4)
    for at in range(0, len(ids), 16):
        x = torch.from_numpy(ids[at:at + 16])
        nats = F.cross_entropy(model(x[:, :-1]).transpose(1, 2), x[:, 1:], reduction="none").numpy()
        use, k = loss[at:at + 16, 1:] != 0, kind[at:at + 16, 1:]
        for i in range(4):
            sums[i] += nats[use & (k == i)].sum()
            counts[i] += (use & (k == i)).sum()
    return {n: sums[i] / counts[i] for i, n in enumerate(["text", "image", "audio"]) if counts[i]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readme")
    parser.add_argument("dataset")
    parser.add_argument("--seconds", type=float, default=120)
    args = parser.parse_args()
    names, rng = {}, np.random.default_rng(0)
    with open(args.readme, encoding="utf-8") as f:
        blocks = re.findall(r"```python\n(.*?)```", f.read(), re.S)
    for code in blocks:
        if "def read_sequence" in code or "class Sequences" in code:
            exec(code.split("\ndata = ")[0], names)
    train, valid = (windows(names["Sequences"](args.dataset, s), rng) for s in ("train", "valid"))
    data = names["Sequences"](args.dataset, "train")
    size = int(data.blocks[0].attrs["vocab_size"])
    print(f"{train[0].size} tokens to learn from, {valid[0].size} held out, {size} ids")
    floor = unigram(train, valid, size)
    model, steps = learn(train[0], train[2], size, args.seconds)
    ordered = held_out(model, valid[0], valid[2], valid[3])
    model, steps_mixed = learn(train[1], train[2], size, args.seconds)
    mixed = held_out(model, valid[1], valid[2], valid[3])
    good = True
    print(f"{'nats a token':14}{'unigram':>9}{'shuffled':>10}{'in order':>10}   ({steps_mixed} and {steps} steps)")
    for name, entropy in floor.items():
        print(f"{name:14}{entropy:9.3f}{mixed[name]:10.3f}{ordered[name]:10.3f}")
        good &= ordered[name] < entropy and ordered[name] < mixed[name]
    print("it learns" if good else "it does not learn")
    sys.exit(not good)


if __name__ == "__main__":
    main()
