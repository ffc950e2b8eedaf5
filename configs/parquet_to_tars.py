#!/usr/bin/env python3
"""Turn Parquet tables of pictures or sound, as model hubs have them, into WebDataset tars that tessera reads.

usage: parquet_to_tars.py OUT FILE... [--image COLUMN] [--audio COLUMN] [--text COLUMN] [--id COLUMN]
                          [--prefix NAME] [--tar-bytes N]

OUT is a new or empty folder; FILE are .parquet files or folders of them, taken in the order of their names. Media
columns hold {bytes, path} or plain bytes; without --image and --audio they are those called image and audio. A row
becomes KEY.jpg, .png, .wav ..., KEY.txt (--text, else the column text or caption) and KEY.json with its other columns
of numbers, texts and truth values. KEY is the number of the row, or --id. The same input gives the same bytes.
Needs pyarrow."""
import argparse
import io
import json
import math
import re
import sys
import tarfile
from pathlib import Path

MAGIC = [  # of media: offset, bytes, suffix
    (0, b"\xff\xd8\xff", "jpg"), (0, b"\x89PNG\r\n", "png"), (8, b"WEBP", "webp"), (0, b"GIF8", "gif"),
    (0, b"BM", "bmp"), (0, b"II*\0", "tif"), (0, b"MM\0*", "tif"), (8, b"WAVE", "wav"), (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"), (0, b"ID3", "mp3"), (0, b"\xff\xfb", "mp3"), (0, b"\xff\xf3", "mp3"), (0, b"\xff\xf2", "mp3"),
]
BATCH = 64  # rows in memory at a time


def stop(message):
    sys.exit(f"parquet_to_tars.py: {message}")


def suffix_of(data, path, kind, row):
    """By content, else by the ending of the path."""
    for offset, magic, suffix in MAGIC:
        if data[offset:offset + len(magic)] == magic:
            return suffix
    ending = re.fullmatch(r".*\.([A-Za-z0-9]{1,5})", path or "")
    if ending:
        return ending[1].lower()
    return stop(f"row {row}: the {kind} is of no known format and has no path with an ending")


class Tars:
    """Tars of a bounded size: PREFIX-00000.tar, PREFIX-00001.tar ..."""

    def __init__(self, folder, prefix, limit):
        self.folder, self.prefix, self.limit = folder, prefix, limit
        self.n, self.size, self.tar = 0, 0, None

    def add(self, members):
        size = sum(1024 + (len(data) + 511) // 512 * 512 for _, data in members)
        if self.tar and self.size + size > self.limit:
            self.close()
        if not self.tar:
            path = self.folder / f"{self.prefix}-{self.n:05}.tar"
            self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="utf-8")
        for name, data in members:
            info = tarfile.TarInfo(name)  # mtime, uid and gid 0
            info.size, info.mode = len(data), 0o644
            self.tar.addfile(info, io.BytesIO(data))
        self.size += size

    def close(self):
        if self.tar:
            self.tar.close()
            self.n, self.size, self.tar = self.n + 1, 0, None


def list_files(paths):
    files = []
    for path in map(Path, paths):
        if path.is_dir():
            files += sorted(path.glob("**/*.parquet"), key=lambda p: p.as_posix().encode())
        elif path.is_file():
            files.append(path)
        else:
            stop(f"no such file: {path}")
    return files or stop("no .parquet file in " + ", ".join(paths))


def choose(schema, given, names, what, path):
    """The column asked for, else the first of these names that is there, else None."""
    there = set(schema.names)
    if given:
        return given if given in there else stop(
            f"{path}: no column {given} for {what}; there are: {', '.join(schema.names)}")
    return next((name for name in names if name in there), None)


def columns_of(schema, options, path):
    image = choose(schema, options.image, [] if options.audio else ["image"], "pictures", path)
    audio = choose(schema, options.audio, [] if options.image else ["audio"], "sound", path)
    if not image and not audio:
        stop(f"{path}: no column image or audio; name one with --image or --audio; there are: "
             + ", ".join(schema.names))
    text = choose(schema, options.text, ["text", "caption"], "text", path)
    return {"image": image, "audio": audio, "text": text, "id": choose(schema, options.id, [], "keys", path)}


def medium(value, kind, row):
    """Bytes and path of a cell."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value), ""
    if isinstance(value, dict) and isinstance(value.get("bytes"), (bytes, bytearray)):
        return bytes(value["bytes"]), value.get("path") or ""
    return stop(f"row {row}: the {kind} holds no bytes" + (
        " but only a path; its files must be put into the table first" if isinstance(value, dict) else ""))


def key_of(cells, columns, row):
    if not columns["id"]:
        return f"{row:09}"
    key = str(cells[columns["id"]])
    if not re.fullmatch(r"[^./\0!][^.\0]*", key):
        stop(f"row {row}: \"{key}\" cannot be a key: it has a dot, or starts with one of / !")
    return key


def members_of(cells, columns, row, left_out):
    members, used = [], {c for c in columns.values() if c}
    key = key_of(cells, columns, row)
    for kind in ("image", "audio"):
        if columns[kind] and cells[columns[kind]] is not None:
            data, path = medium(cells[columns[kind]], kind, row)
            members.append((f"{key}.{suffix_of(data, path, kind, row)}", data))
    extra = {}
    for name, value in cells.items():
        if name in used or value is None:
            continue
        if not isinstance(value, (bool, int, float, str)) or isinstance(value, float) and not math.isfinite(value):
            left_out.add(name)
        else:
            extra["source_id" if name == "id" else name] = value
    if extra:
        text = json.dumps(extra, ensure_ascii=False, sort_keys=True)
        members.append((f"{key}.json", text.encode("utf-8")))
    text = cells[columns["text"]] if columns["text"] else None
    if text is not None:
        if not isinstance(text, str):
            stop(f"row {row}: the column {columns['text']} is not a text")
        members.append((f"{key}.txt", text.encode("utf-8")))
    return members


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="+")
    for name in ("image", "audio", "text", "id"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--prefix", default="part")
    parser.add_argument("--tar-bytes", type=int, default=1 << 30)
    options = parser.parse_args()
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        stop("needs pyarrow: pip install pyarrow")
    options.out.mkdir(parents=True, exist_ok=True)
    if any(options.out.iterdir()):
        stop(f"{options.out} is not empty")
    tars, row, left_out = Tars(options.out, options.prefix, options.tar_bytes), 0, set()
    for path in list_files(options.files):
        try:
            table = parquet.ParquetFile(path)
        except Exception as error:
            stop(f"{path}: {error}")
        columns = columns_of(table.schema_arrow, options, path)
        for batch in table.iter_batches(BATCH):
            for cells in batch.to_pylist():
                tars.add(members_of(cells, columns, row, left_out))
                row += 1
    tars.close()
    print(f"{row} rows in {tars.n} tars")
    if left_out:
        print("left out where they are no number, text or truth value: " + ", ".join(sorted(left_out)))


if __name__ == "__main__":
    main()
