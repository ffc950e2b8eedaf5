#!/usr/bin/env python3
"""Make the same small corpus as a folder and as WebDataset tars, of the media that make_corpus.py --clean wrote.

usage: make_tars.py MEDIA FOLDER TARS

FOLDER gets media/NAME.png, .wav and .txt (names without dots); TARS gets s-00.tar, s-01.tar ... with the members in
the order of their paths, "./" before them, a folder, and a long name, which tars spell in a header of its own."""
import shutil
import sys
import tarfile
from pathlib import Path

SAMPLES_PER_TAR = 7


def main():
    media, folder, tars = map(Path, sys.argv[1:])
    (folder / "media").mkdir(parents=True)
    tars.mkdir()
    for source in sorted(media.glob("sound/*.wav")) + sorted(media.glob("picture/*.png")):
        name = source.stem.replace(".", "_")
        name = name + "-" + "long" * 40 if name.endswith("both") else name
        shutil.copy(source, folder / "media" / (name + source.suffix))
        if source.suffix == ".png":
            (folder / "media" / (name + ".txt")).write_text(f"ein Bild: größer als {name}\n", encoding="utf-8")
    files = sorted((folder / "media").iterdir(), key=lambda p: p.name.encode())
    keys = sorted({p.stem for p in files}, key=str.encode)
    for i in range(0, len(keys), SAMPLES_PER_TAR):
        kind = tarfile.GNU_FORMAT if i else tarfile.PAX_FORMAT
        with tarfile.open(tars / f"s-{i // SAMPLES_PER_TAR:02}.tar", "w", format=kind) as tar:
            tar.add(folder / "media", "./media", recursive=False)
            for key in keys[i:i + SAMPLES_PER_TAR]:
                for path in files:
                    if path.stem == key:
                        tar.add(path, f"./media/{path.name}")


if __name__ == "__main__":
    main()
