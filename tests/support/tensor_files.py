#!/usr/bin/env python3
"""Small files of tensors for the job tests; the standard library alone is used.

usage: tensor_files.py wav FILE.safetensors NAME OUT.wav       samples at 16 kHz, as 32-bit floats
       tensor_files.py png FILE.safetensors NAME OUT.png       a picture (height, width, 3) of bytes
       tensor_files.py close FILE.npy FILE.safetensors NAME    at most 2e-5 of the tensor's RMS apart; --skip N
                                                               leaves its first N rows out
       tensor_files.py codes FILE.safetensors NAME V          ids of (frames, groups) codes: group g's as g V + code
       tensor_files.py tone OUT.wav SAMPLES [SEED]             a sound that changes for 20 s and then repeats, 16 bits
       tensor_files.py shape FILE.npy                          its sizes
       tensor_files.py model CONFIG.json OUT                   a HuBERT model of these sizes with random weights"""
import array
import json
import math
import random
import struct
import sys
import zlib
from pathlib import Path

TYPES = {"F32": "f", "U8": "B", "I32": "i"}
NPY = {"<f4": "f", "<u4": "I"}


def tensor(path, name):
    data = Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8 : 8 + size])[name]
    first, last = entry["data_offsets"]
    return entry["shape"], array.array(TYPES[entry["dtype"]], data[8 + size + first : 8 + size + last])


def npy(path):
    data = Path(path).read_bytes()
    (size,) = struct.unpack("<H", data[8:10])
    header = eval(data[10 : 10 + size], {"__builtins__": {}})  # a literal that this program's tests have made
    return list(header["shape"]), array.array(NPY[header["descr"]], data[10 + size :])


def write_wav(path, kind, width, values):
    body = values.tobytes()
    header = struct.pack("<HHIIHH", kind, 1, 16000, 16000 * width, width, 8 * width)
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(body)) + body
    Path(path).write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


def write_png(path, height, width, rgb):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    lines = b"".join(b"\0" + rgb[y * 3 * width : (y + 1) * 3 * width].tobytes() for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) +
                           chunk(b"IEND", b""))


def close(path, reference, name, skip):
    shape, values = npy(path)
    wanted_shape, wanted = tensor(reference, name)
    if len(wanted_shape) == 1:
        wanted_shape = [1] + wanted_shape
    wanted_shape[0] -= skip
    wanted = wanted[skip * wanted_shape[1] :]
    if shape != wanted_shape:
        raise SystemExit(f"{path} is {shape}, {name} {wanted_shape}")
    rms = math.sqrt(sum(x * x for x in wanted) / len(wanted))
    worst = max(abs(a - b) for a, b in zip(values, wanted)) / rms
    if not worst <= 2e-5:
        raise SystemExit(f"{path} and {name} are {worst} apart")


def tone(path, samples, seed):
    r = random.Random(seed)
    base, glide = 90 + r.random() * 300, r.random() * 60
    out = array.array("h")
    for i in range(min(samples, 20 * 16000)):
        t = i / 16000
        value = 7000 * math.sin(2 * math.pi * (base * t + glide * t * t)) * (1.2 + math.sin(5 * t)) + r.gauss(0, 900)
        out.append(max(-32768, min(32767, round(value))))
    while len(out) < samples:
        out.extend(out[: samples - len(out)])
    write_wav(path, 1, 2, out)


def hubert_shapes(c):
    h, f, conv, kernel = c["hidden_size"], c["intermediate_size"], c["conv_dim"], c["conv_kernel"]
    for i, (n, k) in enumerate(zip(conv, kernel)):
        yield f"feature_extractor.conv_layers.{i}.conv.weight", [n, conv[i - 1] if i else 1, k]
    for part in ("weight", "bias"):
        yield f"feature_extractor.conv_layers.0.layer_norm.{part}", [conv[0]]
        yield f"feature_projection.layer_norm.{part}", [conv[-1]]
        yield f"encoder.layer_norm.{part}", [h]
    yield "feature_projection.projection.weight", [h, conv[-1]]
    yield "feature_projection.projection.bias", [h]
    width, groups = c["num_conv_pos_embeddings"], c["num_conv_pos_embedding_groups"]
    yield "encoder.pos_conv_embed.conv.weight_g", [1, 1, width]
    yield "encoder.pos_conv_embed.conv.weight_v", [h, h // groups, width]
    yield "encoder.pos_conv_embed.conv.bias", [h]
    for i in range(c["num_hidden_layers"]):
        layer = f"encoder.layers.{i}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{layer}attention.{name}.weight", [h, h]
            yield f"{layer}attention.{name}.bias", [h]
        for name, rows, columns in (("intermediate_dense", f, h), ("output_dense", h, f)):
            yield f"{layer}feed_forward.{name}.weight", [rows, columns]
            yield f"{layer}feed_forward.{name}.bias", [rows]
        for name in ("layer_norm", "final_layer_norm"):
            yield f"{layer}{name}.weight", [h]
            yield f"{layer}{name}.bias", [h]


def model(config, out):
    """Weights repeat a block of random numbers: that is quick, and memory does not depend on them."""
    folder = Path(out)
    folder.mkdir(parents=True)
    settings = json.loads(Path(config).read_text())
    (folder / "config.json").write_text(json.dumps(settings))
    r, header, at = random.Random(1), {}, 0
    block = array.array("f", [r.gauss(0, 0.02) for _ in range(65536)]).tobytes()
    shapes = sorted(hubert_shapes(settings))
    for name, shape in shapes:
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes:
            size = 4 * math.prod(shape)
            f.write((block * (size // len(block) + 1))[:size])


def main(verb, *a):
    if verb == "wav":
        write_wav(a[2], 3, 4, tensor(a[0], a[1])[1])
    elif verb == "png":
        (height, width, _), pixels = tensor(a[0], a[1])
        write_png(a[2], height, width, pixels)
    elif verb == "close":
        close(*a[:3], int(a[4]) if len(a) > 4 else 0)
    elif verb == "codes":
        (_, groups), codes = tensor(a[0], a[1])
        print(*(i % groups * int(a[2]) + c for i, c in enumerate(codes)))
    elif verb == "tone":
        tone(a[0], int(a[1]), int(a[2]) if len(a) > 2 else 1)
    elif verb == "shape":
        print(*npy(a[0])[0])
    elif verb == "model":
        model(*a)
    else:
        raise SystemExit(__doc__)


if len(sys.argv) < 3:
    raise SystemExit(__doc__)
main(*sys.argv[1:])
