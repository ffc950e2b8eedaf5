#!/usr/bin/env python3
"""Checksums of resized pictures around the sizes where Pillow changes the order of its passes: order.json, in the form
of crc.json. Needs Pillow 13 (earlier versions have another rule) and numpy.

usage: make_order.py"""
import json
import random
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
A, B, M, D = 5, 17, 89, 9


def main():
    draw = random.Random(2)
    rows = []
    for i in range(200):
        w, h = draw.randint(1, 90), draw.randint(1, 90)
        to = [draw.randint(1, 60), draw.randint(1, 60)]
        if i % 2:  # the height loses about twice as many pixels as the width
            to[0] = max(1, w - draw.randint(0, 20))
            to[1] = max(1, h - 2 * (w - to[0]) - draw.randint(-2, 2))
        y, x, c = np.mgrid[0:h, 0:w, 0:3]
        image = Image.fromarray(((A * x + B * y + M * c + x * y // D) % 256).astype(np.uint8))
        name = draw.choice(list(FILTERS))
        crc = zlib.crc32(image.resize(tuple(to), FILTERS[name]).tobytes())
        rows.append({"from": [w, h], "to": to, "filter": name, "crc32": f"{crc:08x}"})
    lines = ",\n".join(json.dumps(row) for row in rows)
    text = f'{{"formula": "as in crc.json", "a,b,m,d": [{A}, {B}, {M}, {D}], "rows": [\n{lines}\n]}}\n'
    Path(__file__).with_name("order.json").write_text(text)


main()
