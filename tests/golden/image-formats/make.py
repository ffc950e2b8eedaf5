#!/usr/bin/env python3
"""GIF, BMP, PNM and TIFF files of every kind that the decoders tell apart, and what Pillow makes of them:
expect.safetensors. scaled.safetensors has JPEG files of other folders as draft(None, (width, height)) gives them.
Needs Pillow and numpy; Pillow 13 made these. Files of another maker stay and are read as well:
ycbcr-lzw-21.tif and ycbcr-lzw-22-tiles.tif were written with libtiff 4.5 (YCbCr of fewer colors than pixels).

usage: make.py [FOLDER]"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from bmp_files import bmps
from gif_files import gifs
from tiff_files import tiffs

sys.path.insert(0, str(Path(__file__).parent.parent))
from picture_tensors import write_expectations, write_tensors  # noqa: E402

W, H = 13, 9


def pnm(kind, most, data, comment=b""):
    return b"P%d\n%s%d %d\n%s%s" % (kind, comment, W, H, b"%d\n" % most if most else b"", data)


def text(values):
    return b" ".join(b"%d" % v for v in np.ravel(values))


def pnms(rng):
    bits = rng.integers(0, 2, (H, W))
    yield "plain.pbm", pnm(1, 0, text(bits))
    yield "plain-dense.pbm", pnm(1, 0, text(bits).replace(b" ", b"") + b"\n", b"# two\n# lines\n")
    yield "raw.pbm", pnm(4, 0, np.packbits(bits, axis=1).tobytes())
    for most in (1, 100, 255, 1000, 65535):
        form, top = (">u2", 65535) if most > 255 else ("u1", 255)
        values = rng.integers(0, most + 1, (H, W, 3))
        beyond = rng.integers(0, top + 1, (H, W, 3))
        beyond[: H // 2] //= 200 if most > 255 else 1
        yield f"plain-{most}.pgm", pnm(2, most, text(values[..., 0] if most < 256 else values[..., 0] // 200))
        yield f"plain-{most}.ppm", pnm(3, most, text(values))
        yield f"raw-{most}.pgm", pnm(5, most, beyond[..., 0].astype(form).tobytes())
        yield f"raw-{most}.ppm", pnm(6, most, beyond.astype(form).tobytes())
    yield "comments.ppm", b"P6 # one\n#two\r 1#three, inside a number\n3 # four\n9\t255\n" + rng.bytes(W * H * 3)
    samples = text(rng.integers(0, 256, (H, W, 3))).replace(b"1 ", b"1#c\n ", 5)
    yield "plain-comments.ppm", pnm(3, 255, samples)


def scaled(golden):
    """FOLDER/FILE/WIDTHxHEIGHT; the size is meant after orientation."""
    for name in ("image-decode/420.jpg", "image-decode/422.jpg", "image-decode/gray.jpg", "image-decode/cmyk.jpg",
                 "image-decode/progressive.jpg", "image-decode/exif6.jpg", "image-more/two-pictures.jpg"):
        for width, height in ((1, 1), (5, 4), (8, 12), (100, 1)):
            with Image.open(golden / name) as im:
                turned = im.getexif().get(0x0112, 1) >= 5
                im.draft(None, (height, width) if turned else (width, height))
                yield f"{name}/{width}x{height}", np.array(ImageOps.exif_transpose(im).convert("RGB"))


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    rng = np.random.default_rng(1)
    for source in (gifs(rng), bmps(rng), pnms(rng), tiffs(rng)):
        for name, data in source:
            (folder / name).write_bytes(data)
    write_tensors(folder / "scaled.safetensors", dict(scaled(Path(__file__).parent.parent)))
    write_expectations(folder, (".gif", ".bmp", ".pbm", ".pgm", ".ppm", ".tif"))


main()
