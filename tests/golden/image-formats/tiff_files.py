"""TIFF files of every kind that the decoder tells apart: written here, or by Pillow where libtiff has to compress."""
import io
import struct
import zlib

import numpy as np
from PIL import Image

W, H = 13, 9
SHORT, LONG, LONG8 = (3, "H", 2), (4, "I", 4), (16, "Q", 8)
NONE, DEFLATE, PACKBITS = 1, 8, 32773


def packed(row, bits, order, fill):
    """One row of samples, most significant bit first."""
    if bits == 16:
        return row.astype(order + ("i2" if row.dtype.kind == "i" and row.min() < 0 else "u2")).tobytes()
    if bits == 32:
        return row.astype(order + ("f4" if row.dtype.kind == "f" else "i4")).tobytes()
    shifts = np.arange(bits - 1, -1, -1)
    ones = (row.astype(np.int64).ravel()[:, None] >> shifts & 1).astype(np.uint8).ravel()
    data = np.packbits(ones)
    return (np.packbits(np.unpackbits(data, bitorder="little")) if fill == 2 else data).tobytes()


def compress(data, method):
    if method == DEFLATE:
        return zlib.compress(data)
    if method == PACKBITS:
        return b"".join(bytes([len(data[i : i + 128]) - 1]) + data[i : i + 128] for i in range(0, len(data), 128))
    return data


def blocks(pixels, bits, order, fill, method, tile, rows):
    """Strips or tiles of one plane (or of all samples together)."""
    h, w, s = pixels.shape
    tw, th = tile or (w, rows)
    for y in range(0, h, th):
        for x in range(0, w, tw):
            part = pixels[y : y + th, x : x + tw]
            if tile:
                part = np.pad(part, ((0, th - part.shape[0]), (0, tw - part.shape[1]), (0, 0)))
            yield compress(b"".join(packed(r.ravel(), bits, order, fill) for r in part), method)


def directory(tags, order, big, data):
    """Header, directory, values that do not fit into it, and the data of the picture at the end."""
    word, room, entry = ("Q", 8, 20) if big else ("I", 4, 12)
    at = (16 if big else 8) + (8 if big else 2) + entry * len(tags) + room
    inside = outside = b""
    offsets = next(t for t in tags if t in (273, 324))
    end = at + sum(len(v) * k[2] for k, v in tags.values() if len(v) * k[2] > room)
    tags[offsets] = (tags[offsets][0], [end + sum(map(len, data[:i])) for i in range(len(data))])
    for tag, (kind, values) in sorted(tags.items()):
        value = struct.pack(order + str(len(values)) + kind[1], *values)
        if len(value) > room:
            outside, value = outside + value, struct.pack(order + word, at + len(outside))
        inside += struct.pack(order + "HH" + word, tag, kind[0], len(values)) + value.ljust(room, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else mark + struct.pack(order + "HI", 42, 8)
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    return head + count + inside + bytes(room) + outside + b"".join(data)


def tiff(pixels, photometric, bits=8, order="<", method=NONE, tile=None, rows=4, planar=False, extra=(), form=1,
         fill=1, big=False, more=()):
    pixels = pixels.reshape(H, W, -1)
    planes = [pixels[..., i : i + 1] for i in range(pixels.shape[2])] if planar else [pixels]
    data = [b for p in planes for b in blocks(p, bits, order, fill, method, tile, rows)]
    tags = {256: (SHORT, [W]), 257: (SHORT, [H]), 258: (SHORT, [bits] * pixels.shape[2]), 259: (SHORT, [method]),
            262: (SHORT, [photometric]), 277: (SHORT, [pixels.shape[2]]), 284: (SHORT, [2 if planar else 1]),
            339: (SHORT, [form] * pixels.shape[2])}
    if fill != 1:
        tags[266] = (SHORT, [fill])
    if extra:
        tags[338] = (SHORT, list(extra))
    places, sizes = (324, 325) if tile else (273, 279)
    tags[places] = (LONG8 if big else LONG, [0] * len(data))
    tags[sizes] = (LONG, [len(d) for d in data])
    tags.update({322: (SHORT, [tile[0]]), 323: (SHORT, [tile[1]])} if tile else {278: (LONG, [rows])})
    tags.update(more)
    return directory(tags, order, big, data)


def greys(rng):
    for bits in (1, 2, 4, 8):
        values = rng.integers(0, 1 << bits, (H, W))
        for fill in (1, 2):
            for photometric in (0, 1):
                if (bits, fill, photometric) == (8, 2, 0):
                    continue  # not known to Pillow
                yield f"grey{bits}-photometric{photometric}-fill{fill}", tiff(values, photometric, bits, fill=fill)
            colors = {320: (SHORT, rng.integers(0, 1 << 16, 3 << bits).tolist())}
            if bits == 8 or fill == 1:
                yield f"palette{bits}-fill{fill}", tiff(values, 3, bits, fill=fill, more=colors)
        yield f"grey{bits}-packbits-fill2", tiff(values, 0, bits, method=PACKBITS, fill=2, order=">")
        yield f"palette{bits}-deflate-tiles", tiff(values, 3, bits, method=DEFLATE, tile=(16, 16), more=colors)
    deep = rng.integers(0, 400, (H, W))
    for order, name in (("<", "ii"), (">", "mm")):
        for method in (NONE, DEFLATE):
            yield f"grey16-{name}-{method}", tiff(deep, 1, 16, order, method)
        yield f"signed16-{name}", tiff(deep - 100, 1, 16, order, form=2)
        yield f"signed32-{name}", tiff(deep - 100, 1, 32, order, form=2)
        yield f"float32-{name}", tiff((deep - 60.0) * 0.9, 1, 32, order, form=3)
    yield "grey16-white-is-zero", tiff(deep, 0, 16)
    yield "grey16-fill2", tiff(deep, 1, 16, fill=2)
    yield "grey12", tiff(deep, 1, 12)
    yield "grey12-deflate", tiff(deep, 1, 12, method=DEFLATE)
    yield "unsigned32", tiff(deep, 1, 32)
    yield "signed8", tiff(deep & 255, 1, form=2)
    yield "float32-deflate", tiff((deep - 60.0) * 0.9, 1, 32, method=DEFLATE, form=3)
    pairs = rng.integers(0, 256, (H, W, 2))
    yield "grey-alpha", tiff(pairs, 1, extra=(2,))
    yield "grey-unnamed", tiff(pairs, 1, extra=(0,))
    yield "palette-alpha", tiff(pairs, 3, extra=(2,), more={320: (SHORT, rng.integers(0, 1 << 16, 768).tolist())})


def colors(rng):
    pixels = rng.integers(0, 256, (H, W, 6))
    rgb, rgba = pixels[..., :3], pixels[..., :4]
    for method in (NONE, DEFLATE, PACKBITS):
        for order, name in (("<", "ii"), (">", "mm")):
            yield f"rgb-{name}-{method}-tiles", tiff(rgb, 2, order=order, method=method, tile=(16, 16))
            yield f"rgb16-{name}-{method}", tiff(rgb * 257, 2, 16, order, method)
        yield f"rgb-planes-{method}", tiff(rgb, 2, method=method, planar=True)
        yield f"cmyk-{method}", tiff(rgba, 5, method=method)
        yield f"cmyk-planes-{method}", tiff(rgba, 5, method=method, planar=True, tile=(16, 16))
        for extra in (0, 1, 2):
            yield f"rgba-extra{extra}-{method}", tiff(rgba, 2, method=method, extra=(extra,))
            yield f"rgba16-extra{extra}-{method}", tiff(rgba * 257, 2, 16, method=method, extra=(extra,))
        yield f"rgba-unnamed-{method}", tiff(rgba, 2, method=method)
        yield f"rgba-planes-{method}", tiff(rgba, 2, method=method, planar=True, extra=(2,))
    yield "rgba-planes-premultiplied", tiff(rgba, 2, method=DEFLATE, planar=True, extra=(1,))
    yield "rgba-planes-unnamed", tiff(rgba, 2, method=DEFLATE, planar=True)
    yield "rgb16-planes", tiff(rgb * 257, 2, 16, method=DEFLATE, planar=True)
    yield "rgb-planes-unnamed", tiff(rgba, 2, method=DEFLATE, planar=True, extra=(0,))
    yield "rgb-5-samples", tiff(pixels[..., :5], 2, extra=(1, 0))
    yield "rgb-6-samples", tiff(pixels, 2, extra=(2, 0, 0))
    yield "rgb-fill2", tiff(rgb, 2, fill=2)
    yield "rgb-corel", tiff(rgba, 2, extra=(999,))
    yield "cmyk16", tiff(rgba * 257, 5, 16)
    yield "cmyk-5-samples", tiff(pixels[..., :5], 5, extra=(0,))
    yield "ycbcr", tiff(rgb, 6, more={530: (SHORT, [1, 1])})
    yield "rgb-big", tiff(rgb, 2, big=True)
    yield "rgb-one-strip", tiff(rgb, 2, rows=H)
    yield "rgb-swapped-mark", b"II\0*" + tiff(rgb, 2)[4:]
    yield "rgb-one-size", tiff(rgb, 2, more={258: (SHORT, [8])})


def orientations(rng):
    rgb = rng.integers(0, 256, (H, W, 3))
    for k in range(10):
        yield f"orientation{k}", tiff(rgb, 2, method=NONE if k % 2 else DEFLATE, more={274: (SHORT, [k])})
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"></x:xmpmeta>'
    yield "orientation-xmp", tiff(rgb, 2, more={700: ((1, "B", 1), list(packet))})
    yield "orientation-long", tiff(rgb, 2, more={274: (LONG, [8])})
    yield "orientation-byte", tiff(rgb, 2, more={274: ((1, "B", 1), [8])})


def saved_by_pillow(rng):
    y, x = np.mgrid[0:33, 0:41]
    scene = Image.fromarray(np.stack([x * 6, y * 7, x * y // 6], -1).astype(np.uint8))
    for method in ("tiff_ccitt", "group3", "group4"):
        yield "bits-" + method, scene.convert("1"), {"compression": method}
    for method in ("tiff_lzw", "lzma", "zstd"):
        yield "rgb-" + method, scene, {"compression": method}
    for mode in ("L", "RGB", "CMYK", "YCbCr"):
        yield f"{mode.lower()}-jpeg", scene.convert(mode), {"compression": "jpeg"}


def tiffs(rng):
    for source in (greys(rng), colors(rng), orientations(rng)):
        for name, data in source:
            yield name + ".tif", data
    for name, image, options in saved_by_pillow(rng):
        out = io.BytesIO()
        image.save(out, "TIFF", **options)
        yield name + ".tif", out.getvalue()
