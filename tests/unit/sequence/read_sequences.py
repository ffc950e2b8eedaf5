"""Packed sequences of a dataset as arrays of joint ids and loss masks."""
import glob

import h5py
import numpy as np

KINDS = ["text", "image", "audio", "sensor", "special", "literal"]


def read_sequences(dataset, split="train", name="default"):
    shards = [h5py.File(path) for path in sorted(glob.glob(f"{dataset}/shards/{split}-*.h5"))]
    for path in sorted(glob.glob(f"{dataset}/sequences/{name}/{split}-*.h5")):
        with h5py.File(path) as f:
            kind, shard, start, n_ids, length, loss = (
                f["spans"][k][:] for k in ("kind", "shard", "start", "ids", "length", "loss"))
            for first, end in zip(f["offsets"][:-1], f["offsets"][1:]):
                ids, mask = np.full(f.attrs["length"], f.attrs["pad_id"]), np.zeros(f.attrs["length"], bool)
                at = 0
                for i in range(first, end):
                    k, n = KINDS[kind[i]], int(length[i])
                    if k == "special":
                        ids[at:at + n] = start[i]
                    else:
                        stream = f["literals"] if k == "literal" else shards[shard[i]][k]
                        found = stream["ids"][start[i]:start[i] + n_ids[i]]
                        if n_ids[i] > n:
                            found = found[np.append(True, found[1:] != found[:-1])]
                        ids[at:at + n] = found
                    ids[at:at + n] += f.attrs.get(f"offset_{k}", 0)
                    mask[at:at + n] = loss[i]
                    at += n
                yield ids, mask
