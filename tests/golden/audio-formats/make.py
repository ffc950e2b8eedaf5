#!/usr/bin/env python3
"""Short sounds in every kind of file that is read, and what libsndfile (through soundfile), or ffmpeg where libsndfile
has no decoder, makes of them: expect.safetensors has FILE, (frames, channels), float32. Needs numpy, soundfile
and ffmpeg; soundfile 0.13 (libsndfile 1.2.2) and ffmpeg 5.1 made these. A name ending in .FORMAT.raw has no header.

usage: make.py [FOLDER]"""
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf

FRAMES = 200
KINDS = {
    "WAV": "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610 G721_32 NMS_ADPCM_16",
    "WAVEX": "PCM_16 PCM_24 FLOAT ULAW", "RF64": "PCM_16 FLOAT", "W64": "PCM_16 PCM_24 FLOAT ALAW IMA_ADPCM GSM610",
    "AIFF": "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM GSM610",
    "AU": "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW",
    "CAF": "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW ALAC_16 ALAC_20 ALAC_24 ALAC_32",
    "FLAC": "PCM_S8 PCM_16 PCM_24", "OGG": "VORBIS OPUS", "MP3": "MPEG_LAYER_III", "NIST": "PCM_16 ULAW",
    "VOC": "PCM_U8 PCM_16 ULAW", "SVX": "PCM_S8 PCM_16", "PAF": "PCM_16", "IRCAM": "PCM_16 FLOAT", "AVR": "PCM_16",
}
ONE_CHANNEL = ("GSM610", "G721_32", "NMS_ADPCM_16")
RATES = {"OPUS": 48000, "GSM610": 8000, "MPEG_LAYER_III": 44100}
RAW_GSM = dict(samplerate=8000, channels=1, format="RAW", subtype="GSM610")


def signal(channels, rate):
    t = np.arange(FRAMES)[:, None] / rate
    c = np.arange(channels)[None]
    x = 0.6 * np.sin(2 * np.pi * (300 + 200 * c) * t + 4e4 * t * t) + 0.2 * np.sin(2 * np.pi * 1234 * t + c)
    return x + 0.02 * np.random.default_rng(1).standard_normal(x.shape)


def bits_of(value, n):
    return [value >> (n - 1 - i) & 1 for i in range(n)]


def layer_1(frames):
    """MPEG-1 layer I, 32 kHz, mono: random scale factors and codes in the lower half of the sub-bands."""
    rng, out = np.random.default_rng(2), b""
    size = 12 * 128000 // 32000 * 4  # 128 kbit/s
    for _ in range(frames):
        width = [4, 3] + [2] * 6 + [0] * 24
        bits = bits_of(0xffff48c0, 32)
        for w in width:
            bits += bits_of(w - 1 if w else 0, 4)
        for w in width:
            bits += bits_of(int(rng.integers(8, 30)), 6) if w else []
        for _ in range(12):
            for w in width:
                bits += bits_of(int(rng.integers(0, (1 << w) - 1)), w) if w else []
        data = np.packbits(bits).tobytes()
        out += data + bytes(size - len(data))
    return out


def ffmpeg(*arguments, data=b""):
    return subprocess.run(["ffmpeg", "-v", "error", *arguments, "-"], input=data, capture_output=True,
                          check=True).stdout


def sndfile_cases(folder, expect):
    for container, subtypes in KINDS.items():
        for subtype in subtypes.split():
            channels = 1 if subtype in ONE_CHANNEL or container == "SVX" else 2
            rate = RATES.get(subtype, 16000)
            name = f"{container}-{subtype}".lower().replace("_", "-")
            path = folder / name
            sf.write(path, signal(channels, rate), rate, subtype=subtype, format=container)
            expect[name] = sf.read(path, dtype="float32", always_2d=True)[0]
    for container, subtype in (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("AIFF", "PCM_16"), ("AU", "PCM_24")):
        endian = "LITTLE" if container != "WAV" else "BIG"
        name = f"{container}-{subtype}-{endian}".lower().replace("_", "-")
        sf.write(folder / name, signal(2, 16000), 16000, subtype=subtype, format=container, endian=endian)
        expect[name] = sf.read(folder / name, dtype="float32", always_2d=True)[0]
    for rate in (11025, 22050, 32000, 48000):
        name = f"mp3-{rate}"
        sf.write(folder / name, signal(1, rate), rate, format="MP3", subtype="MPEG_LAYER_III")
        expect[name] = sf.read(folder / name, dtype="float32", always_2d=True)[0]


def other_cases(folder, expect):
    s16 = (signal(1, 16000) * 32767).astype("<i2").tobytes()
    sf.write(folder / "gsm.raw", signal(1, 8000), 8000, format="RAW", subtype="GSM610")
    expect["gsm.raw"] = sf.read(folder / "gsm.raw", dtype="float32", always_2d=True, **RAW_GSM)[0]
    g722 = ffmpeg("-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", "-f", "g722", data=s16)
    loud = np.random.default_rng(3).integers(0, 256, 300, dtype=np.uint8).tobytes()  # saturates
    for name, bits in (("g722", 8), ("g722-56", 7), ("g722-48", 6)):
        (folder / f"{name}.raw").write_bytes(g722 + loud)
        out = ffmpeg("-bits_per_codeword", str(bits), "-f", "g722", "-i", "-", "-f", "s16le", data=g722 + loud)
        expect[f"{name}.raw"] = np.frombuffer(out, "<i2").astype(np.float32)[:, None] / np.float32(32768)
    mp2 = ffmpeg("-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", "-f", "mp2", "-b:a", "16k", data=8 * s16)
    for name, data in (("mp2", mp2), ("mp1", layer_1(4))):
        (folder / name).write_bytes(data)
        out = ffmpeg("-f", "mp3", "-c:a", f"{name}float", "-i", "-", "-f", "f32le", data=data)
        expect[name] = np.frombuffer(out, "<f4")[:, None]
    head = struct.pack("<4sI4s4sIHHIIHHHHIHHH4sI", b"RIFF", 62 + len(mp2), b"WAVE", b"fmt ", 30, 0x50, 1, 16000, 2000,
                       1, 0, 12, 2, 16000, 1, 0, 0, b"data", len(mp2))
    (folder / "mp2-in.wav").write_bytes(head + mp2)
    expect["mp2-in.wav"] = expect["mp2"]


def save(path, tensors):
    head, at = {}, 0
    for name, x in tensors.items():
        head[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text +
                     b"".join(np.ascontiguousarray(x, "<f4").tobytes() for x in tensors.values()))


def main(folder="."):
    folder, expect = Path(folder), {}
    sndfile_cases(folder, expect)
    other_cases(folder, expect)
    save(folder / "expect.safetensors", expect)


if __name__ == "__main__":
    main(*sys.argv[1:])
