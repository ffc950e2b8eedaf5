"""GIF files of every kind that the decoder tells apart."""
import struct

import numpy as np

W, H = 13, 9
INTERLACED = ((0, 8), (4, 8), (2, 4), (1, 2))


def lzw(values, bits):
    """Codes as an encoder makes them, which clears a full table only at the start."""
    clear = 1 << bits
    table, size, width = {(i,): i for i in range(clear)}, clear + 2, bits + 1
    codes, current = [(clear, width)], ()
    for v in values:
        if current + (v,) in table:
            current += (v,)
            continue
        codes.append((table[current], width))
        if size < 4096:
            table[current + (v,)] = size
            width += size == 1 << width and width < 12
            size += 1
        current = (v,)
    codes += [(table[current], width), (clear + 1, width)]
    stream = at = 0
    for code, n in codes:
        stream |= code << at
        at += n
    data = stream.to_bytes((at + 7) // 8, "little")
    blocks = [data[i : i + 200] for i in range(0, len(data), 200)]
    return bytes([bits]) + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def flags(palette):
    return 0x80 | ((len(palette) // 3).bit_length() - 2) if palette else 0


def gif(indices, palette=b"", local=b"", screen=None, place=(0, 0), transparent=None, interlaced=False, bits=4,
        extra=b""):
    h, w = indices.shape
    head = b"GIF89a" + struct.pack("<HHBBB", *(screen or (w, h)), flags(palette), 3, 0) + palette + extra
    if transparent is not None:
        head += b"!\xf9\4" + bytes([1, 0, 0, transparent]) + b"\0"
    head += b"," + struct.pack("<HHHHB", *place, w, h, flags(local) | 0x40 * interlaced) + local
    rows = np.concatenate([indices[y::dy] for y, dy in INTERLACED]) if interlaced else indices
    return head + lzw(rows.ravel().tolist(), bits) + b";"


def gifs(rng):
    indices = rng.integers(0, 16, (H, W))
    one, two, ramp = rng.bytes(48), rng.bytes(48), bytes(v for i in range(16) for v in (i, i, i))
    kinds = {
        "global": gif(indices, one),
        "local": gif(indices, one, two),
        "only-local": gif(indices, b"", two),
        "no-palette": gif(indices),
        "greys": gif(indices, ramp),
        "local-greys": gif(indices, one, ramp),
        "short-palette": gif(indices, one[:12]),
        "greys-transparent": gif(indices, ramp, transparent=5),
        "transparent": gif(indices, one, transparent=5),
        "transparent-beyond": gif(indices, one, screen=(W + 2, H), transparent=200),
        "small-frame": gif(indices, one, screen=(W + 5, H + 4), place=(3, 2)),
        "small-frame-transparent": gif(indices, one, screen=(W + 5, H + 4), place=(3, 2), transparent=9,
                                       interlaced=True),
        "large-frame": gif(indices, one, screen=(4, 4), place=(2, 1)),
        "no-screen": gif(indices, one, screen=(0, 0)),
        "interlaced": gif(indices, one, interlaced=True),
        "interlaced-3-rows": gif(indices[:3], one, interlaced=True),
        "interlaced-1-row": gif(indices[:1], one, interlaced=True),
        "extensions": gif(indices, one, extra=b"!\xfe\5hello\0\0x!\xff\x0bNETSCAPE2.0\3\1\0\0\0!\xfe\0!\xff\0\2ab\0"),
        "two-colors": gif(indices & 1, one[:6], bits=2),
        "bits11": gif(indices, one, bits=11),
        "full-table": gif(rng.integers(0, 4, (90, 90)), one[:12], bits=2),
    }
    for name, data in kinds.items():
        yield name + ".gif", data
    moving = gif(indices, one, transparent=2)
    yield "two-frames.gif", moving[:-1] + moving[moving.index(b"!\xf9") :]
    yield "no-trailer.gif", kinds["global"][:-2]
