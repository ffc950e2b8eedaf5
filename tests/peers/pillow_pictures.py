#!/usr/bin/env python3
"""Every file below a folder that tessera or Pillow takes for a picture: the same RGB bytes from both? Needs Pillow 13,
numpy and xxhash (pip install pillow numpy xxhash), and the executable picture_sums of the test build.

    pillow_pictures.py --sums build/tests/support/picture_sums CORPUS [--alpha white] [--max-pixels N] [--draft WxH]

Pillow reads from memory (from a path it maps some uncompressed files, and then turns TIFF wrongly), applies the EXIF
orientation and converts to RGB; --alpha white composites on white first. --draft compares pictures at the size that
draft() and image.scale_on_decode choose. Printed are counts, every difference, and every file that only one of them
reads with what the other says. Exit status 1 when pixels differ.
"""
import argparse
import collections
import io
import os
import pathlib
import subprocess
import sys
import warnings

import xxhash
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM")


def has_alpha(m):
    return m.mode in ("RGBA", "LA", "PA") or "transparency" in m.info


def turned(m):
    return ImageOps.exif_transpose(m)


def drafted(m, size):
    """draft() with the size as the file stores it."""
    width, height = map(int, size.split("x"))
    if m.getexif().get(0x0112, 1) in (5, 6, 7, 8):
        width, height = height, width
    m.draft(None, (width, height))


def by_pillow(data, options):
    """The line that picture_sums should print, or (False, reason)."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as m:
            if options.max_pixels and m.width * m.height > options.max_pixels:
                return False, f"{m.width} x {m.height} pixels"
            if options.draft:
                drafted(m, options.draft)
            m.load()
            m = turned(m)
            if options.alpha == "white" and has_alpha(m):
                m = m.convert("RGBA")
                m = Image.alpha_composite(Image.new("RGBA", m.size, (255, 255, 255)), m)
            m = m.convert("RGB")
            return True, f"{m.width} {m.height} {xxhash.xxh3_64_hexdigest(m.tobytes())}"
    except Exception as e:
        return False, f"{type(e).__name__}: {e}"


def kind(data):
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS).format
    except Exception:
        return "other"


def files_below(folder):
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(root, name)
            if os.path.isfile(path) and "\n" not in path:
                yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sums", required=True)
    parser.add_argument("--alpha", choices=("drop", "white"), default="drop")
    parser.add_argument("--max-pixels", type=int, default=0, help="0: none")
    parser.add_argument("--draft", default="", metavar="WxH")
    parser.add_argument("folder")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Image.init()
    Image.MAX_IMAGE_PIXELS = None
    command = [options.sums, options.alpha, str(options.max_pixels), *filter(None, options.draft.split("x"))]
    ours = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    counts = collections.defaultdict(collections.Counter)
    for path in files_below(options.folder):
        data = pathlib.Path(path).read_bytes()
        read, theirs = by_pillow(data, options)
        ours.stdin.write(path + "\n")
        ours.stdin.flush()
        mine = ours.stdout.readline().rstrip("\n")
        if not mine:
            sys.exit(f"picture_sums ended at {path}")
        we_read = mine[:1].isdigit()
        outcome = {(1, 1): "differ", (1, 0): "only Pillow", (0, 1): "only tessera", (0, 0): "neither"}[read, we_read]
        outcome = "equal" if read and mine == theirs else outcome
        counts[kind(data)][outcome] += 1
        if outcome not in ("equal", "neither"):
            print(f"{outcome}: {path}\n    Pillow:  {theirs}\n    tessera: {mine}", flush=True)
    print(f"\n{'':6s} {'equal':>8s} {'differ':>8s} {'only Pillow':>12s} {'only tessera':>13s} {'neither':>8s}")
    for name, c in sorted(counts.items()):
        print(f"{name:6s} {c['equal']:8d} {c['differ']:8d} {c['only Pillow']:12d} {c['only tessera']:13d} "
              f"{c['neither']:8d}")
    sys.exit(any(c["differ"] for c in counts.values()))


if __name__ == "__main__":
    main()
