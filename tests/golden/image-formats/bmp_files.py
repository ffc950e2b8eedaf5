"""BMP files of every kind that the decoder tells apart."""
import struct

import numpy as np

W, H = 13, 9
RGB = (0xFF0000, 0xFF00, 0xFF)
MASKS32 = (
    (*RGB, 0),
    (0xFF000000, 0xFF0000, 0xFF00, 0),
    (0xFF000000, 0xFF00, 0xFF, 0),
    (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
    (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    (*RGB, 0xFF000000),
    (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
    (0, 0, 0, 0),
)


def bmp(bits, data, palette=b"", colors=0, header=40, compression=0, masks=(), top_down=False, offset=None):
    fields = struct.pack("<iiHHIIiiII", W, -H if top_down else H, 1, bits, compression, len(data), 0, 0, colors, 0)
    if header == 12:
        fields = struct.pack("<HHHH", W, H, 1, bits)
    masks = struct.pack(f"<{len(masks)}I", *masks)
    info = struct.pack("<I", header) + fields + (masks if header > 40 else b"")
    info = info.ljust(header, b"\0") + (masks if header == 40 else b"")
    at = 14 + len(info) + len(palette) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, at) + info + palette + data


def rows(pixels, bits):
    """Rows padded to 4 bytes."""
    out = b""
    for row in pixels:
        packed = row.astype("<u2" if bits == 16 else np.uint8).tobytes()
        if bits < 8:
            packed = np.packbits(np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :].ravel()).tobytes()
        out += packed + bytes(-len(packed) % 4)
    return out


def runs(indices, bits):
    """Run lengths for equal pixels, and stretches as they are of up to 7."""
    out = b""
    for row in indices.tolist():
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x]:
                n += 1
            part = row[x : x + 7]
            if n > 1 or len(part) < 3:
                out += bytes([n, row[x] if bits == 8 else row[x] * 17])
                x += n
                continue
            packed = bytes(part if bits == 8 else [a << 4 | b for a, b in zip(part[::2], part[1::2] + [0])])
            out += bytes([0, len(part)]) + packed + bytes(len(packed) & 1)
            x += len(part)
        out += b"\0\0"
    return out + b"\0\1"


def palette_of(colors, entry=4):
    return b"".join(bytes(c) + bytes(entry - 3) for c in colors)


def indexed(rng):
    for bits in (1, 4, 8):
        n = 1 << bits
        data = rows(rng.integers(0, n, (H, W)), bits)
        colors = palette_of(rng.integers(0, 256, (n, 3), np.uint8))
        greys = palette_of([(i, i, i) for i in range(n)])
        yield f"palette{bits}.bmp", bmp(bits, data, colors)
        yield f"palette{bits}-top-down.bmp", bmp(bits, data, colors, top_down=True)
        yield f"palette{bits}-short.bmp", bmp(bits, data, colors[: n * 2], n // 2)
        yield f"palette{bits}-no-offset.bmp", bmp(bits, data, colors, offset=0)
        yield f"palette{bits}-early-offset.bmp", bmp(bits, data, colors, offset=54)
        small = palette_of(rng.integers(0, 256, (n, 3), np.uint8), 3)
        yield f"palette{bits}-os2.bmp", bmp(bits, data, small, header=12)
        yield f"palette{bits}-black-white.bmp", bmp(bits, data, palette_of([(0, 0, 0), (255, 255, 255)]), 2)
        if bits != 4:
            yield f"palette{bits}-greys.bmp", bmp(bits, data, greys)
    for bits in (4, 8):
        indices = rng.integers(0, 1 << bits, (H, W))
        indices[2:4] //= 64 if bits == 8 else 8
        indices[6] = 3
        colors = palette_of(rng.integers(0, 256, (1 << bits, 3), np.uint8))
        method = 2 if bits == 4 else 1
        yield f"runs{bits}.bmp", bmp(bits, runs(indices, bits), colors, compression=method)
        yield f"runs{bits}-top-down.bmp", bmp(bits, runs(indices, bits), colors, compression=method, top_down=True)
        odd = 55 + 4 * 2**bits
        yield f"runs{bits}-odd.bmp", bmp(bits, b"x" + runs(indices, bits), colors, compression=method, offset=odd)
    jumps = b"\5\7\0\2\3\2\x09\x0b\0\0\0\2\0\6" + b"\0\0\x0d\1" * 3 + b"\0\1"
    yield "runs8-jumps.bmp", bmp(8, jumps, palette_of(rng.integers(0, 256, (256, 3), np.uint8)), compression=1)


def direct(rng):
    pixels = rng.integers(0, 256, (H, W, 4))
    for header in (12, 40, 52, 56, 64, 108, 124):
        yield f"rgb24-header{header}.bmp", bmp(24, rows(pixels[..., :3], 24), header=header)
    words = rng.integers(0, 1 << 16, (H, W))
    yield "rgb16.bmp", bmp(16, rows(words, 16))
    yield "rgb16-555.bmp", bmp(16, rows(words, 16), compression=3, masks=(0x7C00, 0x3E0, 0x1F))
    yield "rgb16-565.bmp", bmp(16, rows(words, 16), compression=3, masks=(0xF800, 0x7E0, 0x1F, 0), header=124)
    yield "rgb24-masks.bmp", bmp(24, rows(pixels[..., :3], 24), compression=3, masks=RGB)
    yield "rgb32.bmp", bmp(32, rows(pixels, 32))
    yield "rgb32-masks40.bmp", bmp(32, rows(pixels, 32), compression=3, masks=RGB)
    for i, masks in enumerate(MASKS32):
        yield f"rgb32-masks{i}.bmp", bmp(32, rows(pixels, 32), compression=3, masks=masks, header=124)


def bmps(rng):
    yield from indexed(rng)
    yield from direct(rng)
