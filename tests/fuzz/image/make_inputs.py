#!/usr/bin/env python3
"""Write the inputs that were not found by searching: reference pictures cut and flipped, and small files that claim or
inflate to something huge.

usage: make_inputs.py     writes to inputs/ beside this script"""
import random
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent.parent / "golden"
FILES = """image-decode/420.jpg image-decode/gray.jpg image-decode/cmyk.jpg image-decode/progressive.jpg
image-decode/restart.jpg image-decode/exif6.jpg image-decode/rgb.png image-decode/palette-trns.png
image-decode/gray-alpha.png image-decode/exif8.png image-decode/alpha.webp image-decode/lossless.webp
image-more/ycck.jpg image-more/arithmetic.jpg image-more/scans.jpg image-more/xmp-twice.jpg
image-more/color3-2bit-adam7.png image-more/color6-16bit-adam7.png image-more/raw-deflated.png
image-more/xmp-deflated.png image-more/moving.webp image-more/small-frame-alpha.webp
image-formats/interlaced.gif image-formats/runs4.bmp image-formats/rgb16-565.bmp image-formats/plain-100.ppm
image-formats/raw-1000.pgm image-formats/rgb-mm-8-tiles.tif image-formats/grey4-photometric0-fill2.tif
image-formats/rgb-tiff_lzw.tif image-formats/ycbcr-jpeg.tif image-formats/bits-group4.tif
image-formats/ycbcr-lzw-21.tif""".split()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w, h, depth, color, idat, before=b"", interlaced=0):
    header = struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def many_scans(plain, n):
    """The last scan of a progressive JPEG again and again."""
    last = plain.rfind(b"\xff\xda")
    return plain[:last] + plain[last:-2] * n + plain[-2:]


def claims():
    jpeg = (GOLDEN / "image-decode/420.jpg").read_bytes()
    frame = jpeg.find(b"\xff\xc0") + 5
    rows = zlib.compress(bytes(1 << 16), 9)
    yield "huge.png", png(60000, 60000, 8, 0, rows)
    yield "huge-adam7.png", png(0x7FFFFFFF, 0x7FFFFFFF, 16, 6, rows, b"", 1)
    yield "wide.png", png(1 << 18, 1, 1, 0, zlib.compress(bytes(1 + (1 << 15))))
    yield "huge.jpg", jpeg[:frame] + b"\xff\xdc\xff\xdc" + jpeg[frame + 4 :]
    yield "within-limit.jpg", jpeg[:frame] + b"\x02\x00\x02\x00" + jpeg[frame + 4 :]
    yield "scans.jpg", many_scans((GOLDEN / "image-decode/progressive.jpg").read_bytes(), 300)
    yield "canvas.webp", riff(b"RIFF", b"WEBP" + riff(b"VP8X", b"\2\0\0\0" + b"\xff\xff\x7f" * 2))
    zeros = zlib.compress(bytes(16 << 20), 9)
    text = chunk(b"zTXt", b"Raw profile type exif\0\0" + zeros) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros)
    yield "text.png", png(1, 1, 8, 0, zlib.compress(b"\0\0"), text)
    yield "profile.png", png(1, 1, 8, 0, zlib.compress(b"\0\0"), chunk(b"iCCP", b"x\0\0" + zeros))
    ifd = b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 0x0112, 3, 0xFFFFFFFF, 0xFFFFFFF0) * 20
    yield "ifd.png", png(1, 1, 8, 0, zlib.compress(b"\0\0"), chunk(b"eXIf", ifd))
    frame = struct.pack("<BHHHHB", 0x2C, 0, 0, 0xFFFF, 0xFFFF, 0) + b"\x08\x02\x04\x01\0;"
    yield "huge.gif", b"GIF89a" + struct.pack("<HHBBB", 0xFFFF, 0xFFFF, 0, 0, 0) + frame
    yield "zeros.bmp", runs_of_nothing()
    for name, tags in directories().items():
        yield name + ".tif", tags
    yield "empty", b""


def runs_of_nothing():
    """A run length coded picture that jumps to its end."""
    head = struct.pack("<IiiHHIIiiII", 40, 500, 500, 1, 8, 1, 0, 0, 0, 1, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 58) + head + bytes(4) + b"\0\2\xff\xff" * 3


def directories():
    """Small files with a size, strips or tiles that they do not hold."""
    def tiff(width, height, method, data, **more):
        tags = {256: width, 257: height, 258: 8, 259: method, 262: 1, 273: 200, 277: 1, 278: height, 279: len(data)}
        tags.update({int(k[1:]): v for k, v in more.items()})
        body = b"".join(struct.pack("<HHII", k, 4, 1, v) for k, v in sorted(tags.items()) if v is not None)
        return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(body) // 12) + body + bytes(4)).ljust(200, b"\0") + data

    zeros = zlib.compress(bytes(1 << 18))
    tiles = {"_273": None, "_278": None, "_279": None, "_324": 200, "_325": len(zeros)}
    return {
        "huge": tiff(60000, 60000, 8, zeros),
        "huge-raw": tiff(60000, 60000, 1, zeros),
        "huge-fax": tiff(500, 500, 4, bytes(50), _258=1),
        "huge-tiles": tiff(16, 16, 8, zeros, _322=1 << 20, _323=1 << 20, **tiles),
        "no-tiles": tiff(16, 16, 8, zeros, _322=0, _323=0, **tiles),
        "huge-strips": tiff(512, 512, 8, zeros, _278=0xFFFFFFFF),
        "far-strips": tiff(512, 512, 1, b"", _273=0xFFFFFFFF),
        "own-directory": tiff(512, 512, 5, zeros, _273=8),
    }


def main():
    draw = random.Random(1)
    out = HERE / "inputs"
    out.mkdir(exist_ok=True)
    for name in FILES:
        data, name = (GOLDEN / name).read_bytes(), name.replace("/", "-")
        (out / f"cut-{name}").write_bytes(data[: draw.randrange(len(data) // 4, len(data))])
        flipped = bytearray(data)
        for _ in range(3):
            flipped[draw.randrange(20, len(data))] ^= 1 << draw.randrange(8)
        (out / f"flipped-{name}").write_bytes(flipped)
    for name, data in claims():
        (out / name).write_bytes(data)


main()
