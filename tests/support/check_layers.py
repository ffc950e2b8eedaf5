#!/usr/bin/env python3
"""Check the layers of the source tree against the folder table of README.md.

usage: check_layers.py ROOT            exit 1 and one line per finding if there is any
       check_layers.py --self-test     plants each kind of finding in a small tree and expects it to be found

Checked: every quoted include names a folder that its folder may use; headers of outside libraries appear only in their
folders; exit, abort, MPI_Abort and MPI_Finalize appear only in src/par and jobs; file names are unique in the tree, but
for jobs/, where a file bears the name of its verb."""
import re
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

# Header (a prefix where it ends in "/") -> name in the table's last column.
LIBRARIES = {
    "mpi.h": "MPI", "hdf5.h": "HDF5", "hdf5_hl.h": "HDF5", "libfyaml.h": "libfyaml", "jansson.h": "jansson",
    "cblas.h": "BLAS", "lapacke.h": "LAPACK", "fftw3.h": "FFTW", "jpeglib.h": "libjpeg", "jerror.h": "libjpeg",
    "zlib.h": "zlib", "spng.h": "libspng", "webp/": "libwebp", "tiffio.h": "libtiff", "sndfile.h": "libsndfile",
    "mpg123.h": "libmpg123", "archive.h": "libarchive", "archive_entry.h": "libarchive", "xxhash.h": "xxHash",
    "openssl/": "libcrypto", "utf8proc.h": "utf8proc", "pcre2.h": "pcre2", "immintrin.h": "intrinsics",
    "x86intrin.h": "intrinsics",
}
SYSTEM = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype dirent fcntl
fnmatch ftw getopt glob libgen poll pthread pwd sched semaphore spawn strings termios unistd malloc endian byteswap
cpuid alloca""".split()
ENDING = re.compile(r"\b(exit|_exit|_Exit|quick_exit|abort|MPI_Abort|MPI_Finalize)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)
EVERYWHERE = {"intrinsics": {"tensor"}}  # not a library of the table
UNRESTRICTED_ENDING = {"par", "jobs"}
OPEN_HEADER = "config/options.h"


class Layer:
    """One line of the table. `uses`: folder -> what stands in brackets after it: headers of that folder, to which the
    use is limited (`example.h`), or patterns of own files, which alone may use it (`kmeans*`)."""

    def __init__(self, uses, libraries, everything):
        self.uses, self.libraries, self.everything = uses, libraries, everything


def read_table(readme):
    layers, below = {}, []
    for line in readme.read_text(encoding="utf-8").splitlines():
        m = re.match(r"\|\s*`(?:src/)?(\w+)`\s*\|[^|]*\|([^|]*)\|([^|]*)\|", line)
        if not m:
            continue
        name, uses, libraries = m.group(1), {}, {x.strip() for x in m.group(3).split(",") if x.strip()}
        everything = "all of the above" in m.group(2)
        for entry in re.findall(r"(\w+)\s*(\([^)]*\))?\s*(?:,|$)", "" if everything else m.group(2).strip()):
            if entry[0] not in below:
                raise SystemExit(f"{readme}: {name} may include {entry[0]}, which is not a folder above it")
            uses[entry[0]] = re.findall(r"`([^`]+)`", entry[1])
        layers[name] = Layer(uses, libraries, everything)
        below.append(name)
    if not layers:
        raise SystemExit(f"{readme}: no folder table")
    return layers


def strip_comments(text):
    """C source without comments and without the inside of texts; line numbers stay."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def keep(m):
        s = m.group(0)
        return '""' if s[0] in "\"'" else "\n" * s.count("\n")

    return re.sub(pattern, keep, text, flags=re.S)


def include_problem(layers, folder, file_name, kind, header):
    layer = layers[folder]
    if kind == "<":
        if header.startswith(("sys/", "linux/")) or (header.endswith(".h") and header[:-2] in SYSTEM):
            return None
        stem = header.split("/")[0] + "/" if "/" in header else header
        library = LIBRARIES.get(stem)
        if library is None:
            return f"<{header}> is not known: add it to LIBRARIES in check_layers.py"
        if library in layer.libraries or folder in EVERYWHERE.get(library, ()):
            return None
        return f"<{header}> ({library}) does not belong in {folder}"
    if "/" not in header:
        return f'"{header}" has no folder'
    target, name = header.split("/", 1)
    if target not in layers:
        return f'"{header}": no such folder'
    if target in (folder, "base") or layer.everything or (header == OPEN_HEADER and folder not in ("base", "par")):
        return None
    if target not in layer.uses:
        return f'"{header}": {folder} may not include {target}'
    limits = layer.uses[target]
    headers, users = [x for x in limits if x.endswith(".h")], [x for x in limits if not x.endswith(".h")]
    if headers and name not in headers:
        return f'"{header}": {folder} may include only {", ".join(headers)} of {target}'
    if users and not any(fnmatch(file_name, x) for x in users):
        return f'"{header}": only {", ".join(users)} of {folder} may include {target}'
    return None


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check(root):
    layers, problems, names = read_table(root / "README.md"), [], {}
    folders = {p.name: p for p in (root / "src").iterdir() if p.is_dir()}
    folders["jobs"] = root / "jobs"
    for name in sorted(set(folders) - set(layers)):
        if any(folders[name].glob("*.[ch]")):
            problems.append(f"{folders[name].relative_to(root)}: no line in the folder table of README.md")
    for name, path in sorted(folders.items()):
        for source in sorted(path.rglob("*.[ch]")) if name in layers else []:
            text = source.read_text(encoding="utf-8")
            where = source.relative_to(root)
            for m in INCLUDE.finditer(text):
                problem = include_problem(layers, name, source.name, m.group(1), m.group(2))
                if problem:
                    problems.append(f"{where}: {problem}")
            code = strip_comments(text)
            for m in ENDING.finditer(code) if name not in UNRESTRICTED_ENDING else []:
                problems.append(f"{where}:{line_of(code, m.start())}: {m.group(1)} is for src/par and jobs only")
    for top in ("src", "tests"):
        for source in sorted((root / top).rglob("*.[ch]")):
            if source.name in names:
                problems.append(f"{source.relative_to(root)}: the name is taken by {names[source.name]}")
            names.setdefault(source.name, source.relative_to(root))
    return problems


TABLE = """| folder | holds | may include | outside |
|---|---|---|---|
| `src/base` | x | | xxHash |
| `src/config` | x | | |
| `src/par` | x | | MPI |
| `src/store` | x | | HDF5 |
| `src/shards` | x | store, config (`a.h`), par (`fit*`) | |
| `jobs` | x | all of the above | |
"""
GOOD = {
    "src/base/status.c": '#include "base/status.h"\n#include <stdio.h>\n#include <sys/stat.h>\n#include <xxhash.h>\n',
    "src/config/options.h": "",
    "src/par/par.c": "#include <mpi.h>\nvoid f(void) { MPI_Abort(0, 1); }\n",
    "src/store/h5.c": '#include <hdf5.h>\n#include "base/status.h"\n#include "config/options.h"\n',
    "src/shards/fit.c": '#include "par/par.h"\n#include "store/h5.h"\n#include "config/a.h"'
    '\n/* exit() */ char *x = "abort()";\n',
    "jobs/run.c": '#include "shards/part.h"\nint main(void) { exit(2); }\n',
}
BAD = [
    ("src/base/x.c", '#include "par/par.h"\n', "base may not include par"),
    ("src/store/x.c", '#include "shards/part.h"\n', "store may not include shards"),
    ("src/store/x.c", "#include <mpi.h>\n", "does not belong in store"),
    ("src/store/x.c", "#include <strange.h>\n", "is not known"),
    ("src/shards/x.c", '#include "par/par.h"\n', "only fit* of shards"),
    ("src/shards/x.c", '#include "config/b.h"\n', "only a.h of config"),
    ("src/par/x.c", '#include "config/options.h"\n', "par may not include config"),
    ("src/store/x.c", '#include "part.h"\n', "has no folder"),
    ("src/shards/x.c", "void f(void) { exit(1); }\n", "is for src/par and jobs only"),
    ("src/shards/status.c", "", "the name is taken by"),
    ("src/new/x.c", "", "no line in the folder table"),
]


def self_test():
    for path, text, expected in [(None, None, None)] + BAD:
        with tempfile.TemporaryDirectory() as d:
            root = Path(d)
            (root / "README.md").write_text(TABLE)
            for name, content in {**GOOD, **({path: text} if path else {})}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content)
            found = check(root)
            if (not expected and found) or (expected and not any(expected in f for f in found)):
                print(f"self-test: planted {path} {text!r}, expected {expected!r}, found {found}")
                return 1
    print(f"self-test: a clean tree passes and {len(BAD)} planted faults are found")
    return 0


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    if sys.argv[1] == "--self-test":
        return self_test()
    problems = check(Path(sys.argv[1]))
    print("\n".join(problems) or "the includes follow the folder table")
    return 1 if problems else 0


sys.exit(main())
