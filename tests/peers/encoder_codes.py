#!/usr/bin/env python3
"""Codes of tessera beside those of the reference pipeline: transformers in fp64, then the nearest centroid in fp64.
Needs numpy, torch, transformers, soundfile.

    encoder_codes.py --tessera build/tessera --model FOLDER [--layer 9] [--codes 500] FILE.wav ...

FOLDER: a HuBERT or wav2vec 2.0 model as hubs have it; the files: 16 kHz, mono, shorter than 30 s. Centroids are vectors
of the files themselves, drawn at random. Every frame must have the same code whose two nearest centroids differ by more
than 1e-4 of the distance; exit status 1 if one does not.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

MARGIN = 1e-4


def vectors(a):
    import numpy as np
    import soundfile
    import torch
    from transformers import AutoFeatureExtractor, AutoModel
    extractor = AutoFeatureExtractor.from_pretrained(a.model)
    model = AutoModel.from_pretrained(a.model).double().eval()
    found = []
    for name in a.files:
        x, rate = soundfile.read(name, dtype="float32")
        assert rate == 16000 and x.ndim == 1, f"{name}: 16 kHz and mono are wanted"
        x = x.astype(np.float64)
        if extractor.do_normalize:
            x = (x - x.mean()) / np.sqrt(x.var() + 1e-7)
        with torch.inference_mode():
            found.append(model(torch.from_numpy(x)[None], output_hidden_states=True).hidden_states[a.layer][0].numpy())
    return found


def nearest(x, centroids):
    """Codes, and how much farther the second centroid is, as a share of the distance."""
    import numpy as np
    d = ((x[:, None] - centroids[None].astype(np.float64)) ** 2).sum(2)
    two = np.partition(d, 1, axis=1)[:, :2]
    return d.argmin(1), (two[:, 1] - two[:, 0]) / two[:, 1]


def ours(a, folder, name):
    import numpy as np
    (folder / "c.yaml").write_text(
        f"corpus: {{path: '{folder}'}}\noutput: {{path: '{folder}/out'}}\n"
        f"audio: {{feature: encoder, encoder: {{path: '{pathlib.Path(a.model).resolve()}', layer: '{a.layer}'}}, "
        f"codebook: {{path: '{folder}/codes.npy'}}}}\n")
    subprocess.run([a.tessera, "encode", folder / "c.yaml", name, "--what", "tokens", "--npy", folder / "ids.npy"],
                   check=True)
    return np.load(folder / "ids.npy").reshape(-1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--tessera", default="build/tessera")
    p.add_argument("--model", required=True)
    p.add_argument("--layer", type=int, default=9)
    p.add_argument("--codes", type=int, default=500)
    a = p.parse_args()
    import numpy as np
    found = vectors(a)
    whole = np.concatenate(found)
    picked = np.random.default_rng(1).permutation(len(whole))[:a.codes]
    centroids = whole[picked].astype(np.float32)
    # between the vectors, so that no frame sits on a centroid
    centroids += np.roll(centroids, 1, 0)
    centroids /= 2
    frames = clear = wrong = differing = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.save(folder / "codes.npy", centroids)
        for name, x in zip(a.files, found):
            codes, margin = nearest(x, centroids)
            ids = ours(a, folder, name)
            assert len(ids) == len(codes), f"{name}: {len(ids)} ids, the reference has {len(codes)}"
            frames += len(ids)
            clear += int((margin > MARGIN).sum())
            differing += int((ids != codes).sum())
            wrong += int(((ids != codes) & (margin > MARGIN)).sum())
    print(f"{frames} frames, {clear} with a margin above {MARGIN:g}: {wrong} of these have another code; "
          f"{differing - wrong} of the others")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
