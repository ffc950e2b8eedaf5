#!/usr/bin/env python3
"""Copy some tensors of a safetensors file, to keep reference files small.

usage: select_tensors.py IN OUT PATTERN...      shell patterns of tensor names, such as '*/rgb'"""
import json
import struct
import sys
from fnmatch import fnmatchcase
from pathlib import Path

if len(sys.argv) < 4:
    raise SystemExit(__doc__)
data = Path(sys.argv[1]).read_bytes()
(size,) = struct.unpack("<Q", data[:8])
tensors, body = json.loads(data[8 : 8 + size]), data[8 + size :]
header, out = {}, b""
for name in sorted(n for n in tensors if n != "__metadata__"):
    if any(fnmatchcase(name, pattern) for pattern in sys.argv[3:]):
        first, last = tensors[name]["data_offsets"]
        header[name] = {**tensors[name], "data_offsets": [len(out), len(out) + last - first]}
        out += body[first:last]
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
Path(sys.argv[2]).write_bytes(struct.pack("<Q", len(text)) + text + out)
