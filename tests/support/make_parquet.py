#!/usr/bin/env python3
"""Make Parquet tables as model hubs have them of the media that make_corpus.py --clean wrote. Needs pyarrow.

usage: make_parquet.py MEDIA OUT

OUT gets pictures-0.parquet and pictures-1.parquet (image {bytes, path}, caption, label, score, tags), sound.parquet
(audio {bytes, path}, text, id, speaker), dotted.parquet (ids with dots) and paths.parquet (image {path} alone)."""
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet


def cell(path):
    return {"bytes": path.read_bytes(), "path": path.name}


def main():
    media, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir()
    pictures = [{"image": cell(p), "caption": f"größer: {p.stem}", "label": i, "score": i / 3, "tags": ["a", "b"]}
                for i, p in enumerate(sorted(media.glob("picture/*.png")))]
    sound = [{"audio": cell(p), "text": p.stem, "id": p.stem.replace(".", "_"), "speaker": "s1" if i % 2 else None}
             for i, p in enumerate(sorted(media.glob("sound/*.wav")))]
    tables = {
        "pictures-0": pictures[:5], "pictures-1": pictures[5:], "sound": sound,
        "dotted": [{"audio": sound[0]["audio"], "id": "a.b"}], "paths": [{"image": {"bytes": None, "path": "x.png"}}],
    }
    for name, rows in tables.items():
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), out / f"{name}.parquet")


if __name__ == "__main__":
    main()
