#!/usr/bin/env python3
"""Copy some tensors of a safetensors file into a new one, for goldens that are kept in part.

    subset.py FROM.safetensors TO.safetensors PATTERN...     (shell patterns on tensor names, such as '*/mfcc39')
"""
import fnmatch, json, struct, sys

source, target, *patterns = sys.argv[1:]
data = open(source, "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:8 + n]), data[8 + n:]
out, parts, at = {}, [], 0
for name, tensor in header.items():
    if name == "__metadata__" or not any(fnmatch.fnmatch(name, p) for p in patterns):
        continue
    begin, end = tensor["data_offsets"]
    out[name] = {**tensor, "data_offsets": [at, at + end - begin]}
    parts.append(body[begin:end])
    at += end - begin
text = json.dumps(out, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
open(target, "wb").write(struct.pack("<Q", len(text)) + text + b"".join(parts))
