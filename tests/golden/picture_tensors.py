"""What Pillow makes of picture files, as a safetensors file: FILE/rgb with the EXIF orientation applied, and FILE/white
(alpha composited on white) where the file has transparency. Needs Pillow and numpy."""
import io
import json
import struct

import numpy as np
from PIL import Image, ImageOps


def expectations(path):
    """From memory: from a path Pillow 13 maps some uncompressed TIFF, and then turns it wrongly."""
    with Image.open(io.BytesIO(path.read_bytes())) as im:
        im = ImageOps.exif_transpose(im)
        yield "rgb", np.array(im.convert("RGB"))
        if im.has_transparency_data:
            white = Image.alpha_composite(Image.new("RGBA", im.size, (255,) * 4), im.convert("RGBA"))
            yield "white", np.array(white.convert("RGB"))


def write_tensors(path, tensors):
    header, body = {}, b""
    for name in sorted(tensors):
        data = tensors[name].tobytes()
        header[name] = {"dtype": "U8", "shape": tensors[name].shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def write_expectations(folder, endings):
    files = sorted(p for p in folder.iterdir() if p.suffix in endings)
    write_tensors(folder / "expect.safetensors", {f"{p.name}/{k}": v for p in files for k, v in expectations(p)})
