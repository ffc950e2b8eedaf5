#!/usr/bin/env python3
"""Picture files that no common program writes, and what Pillow makes of them: expect.safetensors has FILE/rgb and,
where the file has transparency, FILE/white (alpha composited on white). Needs Pillow and numpy; Pillow 13 made these.

usage: make.py [FOLDER]

ycck.jpg, cmyk-no-adobe.jpg, rgb.jpg, arithmetic.jpg, 411.jpg, 440.jpg and scans.jpg were written with libjpeg-turbo 2.1
(jpeg_set_colorspace, arith_code, h_samp_factor, scan_info) and are only read here."""
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))
from picture_tensors import write_expectations  # noqa: E402

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(row, depth):
    """Samples of one row, most significant bit first."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    return np.packbits(np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :].ravel()).tobytes()


def up_filtered(rows):
    """Every second row with filter "up", so that the decoder has to undo one."""
    out, before = b"", None
    for i, row in enumerate(rows):
        bits = np.frombuffer(row, np.uint8)
        up = i % 2 and before is not None
        out += b"\2" + (bits - before).tobytes() if up else b"\0" + row
        before = bits
    return out


def png(pixels, depth, color, interlaced=0, before=b"", after=b"", part=50):
    h, w, _ = pixels.shape
    passes = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [pixels]
    data = zlib.compress(b"".join(up_filtered([packed(r, depth) for r in p]) for p in passes if p.size))
    idat = b"".join(chunk(b"IDAT", data[i : i + part]) for i in range(0, len(data), part))
    header = struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + idat + after + chunk(b"IEND", b"")


def exif(value, order="<", kind=3, tag=0x0112):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    field = struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
    first = struct.pack(order + "HHIHH", 0x0100, 3, 1, 9, 0)
    return head + struct.pack(order + "H", 2) + first + struct.pack(order + "HHI", tag, kind, 1) + field + bytes(4)


def xmp(value, element=False):
    text = f"><tiff:Orientation>{value}</tiff:Orientation" if element else f'tiff:Orientation="{value}"'
    return f"<x:xmpmeta><rdf:Description {text}></x:xmpmeta>".encode()


def profile(data):
    """The text form in which ImageMagick stores EXIF."""
    return b"\nexif\n%8d\n" % len(data) + data.hex().encode() + b"\n"


def png_kinds(rng):
    for color, channels in CHANNELS.items():
        for depth in (1, 2, 4, 8, 16):
            if (color in (2, 4, 6) and depth < 8) or (color, depth) == (3, 16):
                continue
            pixels = rng.integers(0, 2**depth, (9, 13, channels))
            if depth == 16 and color == 0:
                pixels %= 400
            palette = chunk(b"PLTE", rng.bytes(3 * 2**depth)) if color == 3 else b""
            for interlaced in (0, 1):
                name = f"color{color}-{depth}bit" + "-adam7" * interlaced
                yield name + ".png", png(pixels, depth, color, interlaced, palette)
            key = b"".join(struct.pack(">H", v) for v in pixels[4, 4]) if color != 3 else rng.bytes(2**depth)
            if color in (0, 2, 3):
                yield f"color{color}-{depth}bit-trns.png", png(pixels, depth, color, 0, palette + chunk(b"tRNS", key))
    yield "one-adam7.png", png(rng.integers(0, 256, (1, 1, 3)), 8, 2, 1)
    yield "short-palette.png", png(rng.integers(0, 16, (5, 7, 1)), 4, 3, 0, chunk(b"PLTE", bytes(range(9, 24))))


def png_orientations(rng):
    pixels = rng.integers(0, 256, (4, 6, 3))
    key, raw = b"XML:com.adobe.xmp\0", b"Raw profile type exif\0"
    texts = {
        "exif-big": chunk(b"eXIf", exif(6, ">")),
        "exif-long": chunk(b"eXIf", exif(5, ">", 4)),
        "exif-byte": chunk(b"eXIf", exif(6, kind=1)) + chunk(b"tEXt", key + xmp(6)),
        "exif-0": chunk(b"eXIf", exif(0)) + chunk(b"tEXt", key + xmp(6)),
        "exif-prefix": chunk(b"eXIf", b"Exif\0\0" + exif(7)),
        "exif-and-xmp": chunk(b"eXIf", exif(3)) + chunk(b"iTXt", key + bytes(4) + xmp(6)),
        "other-exif-and-xmp": chunk(b"eXIf", exif(3, tag=0x111)) + chunk(b"iTXt", key + bytes(4) + xmp(8)),
        "xmp-9": chunk(b"iTXt", key + bytes(4) + xmp(9)),
        "xmp-deflated": chunk(b"iTXt", key + b"\1\0en\0x\0" + zlib.compress(xmp(6, True))),
        "xmp-twice": chunk(b"iTXt", key + bytes(4) + xmp(3)) + chunk(b"iTXt", key + bytes(4) + xmp(5)),
        "raw": chunk(b"tEXt", raw + profile(b"Exif\0\0" + exif(6))),
        "raw-deflated": chunk(b"zTXt", raw + b"\0" + zlib.compress(profile(exif(8, ">")))),
        "raw-and-exif": chunk(b"eXIf", exif(3, tag=0x111)) + chunk(b"tEXt", raw + profile(exif(6))),
    }
    for name, text in texts.items():
        yield name + ".png", png(pixels, 8, 2, before=text)
    for name in ("exif-big", "raw-deflated"):
        yield name + "-after.png", png(pixels, 8, 2, after=texts[name])
    odd = chunk(b"gAMA", b"\0\0\0\1") + chunk(b"iCCP", b"x\0\0bad") + chunk(b"tIME", b"\0") + chunk(b"ABCD", b"abc")
    yield "odd-chunks.png", png(pixels, 8, 2, before=odd) + b"and something behind the end"


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def scene(w, h):
    y, x = np.mgrid[0:h, 0:w]
    return Image.fromarray(np.stack([x * 7 % 256, y * 9 % 256, (x * y + 90) % 256], -1).astype(np.uint8))


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpegs():
    plain = saved(scene(24, 17), "JPEG", quality=90)
    scan = plain.rfind(b"\xff\xda")
    app1 = {
        "exif-big": segment(0xE1, b"Exif\0\0" + exif(5, ">")),
        "xmp": segment(0xE1, XMP_MARK + xmp(6)),
        "xmp-twice": segment(0xE1, XMP_MARK + xmp(3)) + segment(0xE1, XMP_MARK + xmp(8, True)),
        "exif-and-xmp": segment(0xE1, XMP_MARK + xmp(6)) + segment(0xE1, b"Exif\0\0" + exif(3)),
        "exif-twice": segment(0xE1, b"Exif\0\0" + exif(7)) + segment(0xE1, b"Exif\0\0" + exif(6)),
        "exif-broken": segment(0xE1, b"Exif\0\0" + exif(7)[:20]) + segment(0xE1, XMP_MARK + xmp(6)),
        "fill": b"\xff\xff\xff",
    }
    for name, text in app1.items():
        yield name + ".jpg", plain[:2] + text + plain[2:]
    yield "exif-late.jpg", plain[:scan] + segment(0xE1, b"Exif\0\0" + exif(6)) + plain[scan:]
    yield "stray-bytes.jpg", plain[:scan] + b"\0\1\2" + plain[scan:-2] + bytes(9) + plain[-2:] + b"behind the end"
    yield "two-pictures.jpg", saved(scene(30, 20), "MPO", save_all=True, append_images=[scene(20, 30)])


def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def webps():
    clear = scene(20, 10)
    clear.putalpha(Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20)))
    yield "lossy-exif.webp", saved(scene(20, 10), "WEBP", exif=b"Exif\0\0" + exif(6))
    yield "lossless-xmp.webp", saved(scene(20, 10), "WEBP", lossless=True, xmp=xmp(5))
    yield "moving.webp", saved(scene(20, 10), "WEBP", save_all=True, append_images=[clear], exif=exif(8, ">"))
    yield "moving-alpha.webp", saved(clear, "WEBP", save_all=True, append_images=[scene(20, 10)])
    frame = saved(scene(20, 10), "WEBP", lossless=True)[12:]
    place = b"".join(struct.pack("<I", v)[:3] for v in (4, 3, 19, 9, 100)) + b"\0"
    canvas = struct.pack("<I", 39)[:3] + struct.pack("<I", 29)[:3]
    for name, flags in (("opaque", 0x02), ("alpha", 0x12)):
        body = riff(b"VP8X", bytes([flags, 0, 0, 0]) + canvas) + riff(b"ANIM", b"\x10\x20\x30\xff\0\0")
        body += riff(b"ANMF", place + frame)
        yield f"small-frame-{name}.webp", riff(b"RIFF", b"WEBP" + body)


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    rng = np.random.default_rng(1)
    for source in (png_kinds(rng), png_orientations(rng), jpegs(), webps()):
        for name, data in source:
            (folder / name).write_bytes(data)
    write_expectations(folder, (".png", ".jpg", ".webp"))


main()
