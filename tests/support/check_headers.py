#!/usr/bin/env python3
"""Compile each public header alone: it must include what it uses.

usage: check_headers.py COMPILER SOURCE_FOLDER INCLUDE_FOLDER...
       check_headers.py --self-test COMPILER"""
import subprocess
import sys
import tempfile
from pathlib import Path

FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"]


def check(compiler, source, includes):
    """Names of the headers that do not compile alone, included twice."""
    bad = []
    for header in sorted(source.rglob("*.h")):
        name = header.relative_to(source)
        text = f'#include "{name}"\n#include "{name}"\n'
        command = [compiler, *[f"-I{i}" for i in (source, *includes)], *FLAGS]
        result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            print(result.stderr, end="")
            bad.append(str(name))
    return bad


def self_test(compiler):
    with tempfile.TemporaryDirectory() as d:
        Path(d, "good.h").write_text("#pragma once\n#include <stddef.h>\nsize_t good(void);\n")
        Path(d, "bad.h").write_text("#pragma once\nsize_t bad(void);\n")
        Path(d, "twice.h").write_text("typedef struct twice { int x; } twice;\n")
        found = check(compiler, Path(d), [])
    print("found", found)
    return 0 if found == ["bad.h", "twice.h"] else 1


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--self-test":
        return self_test(sys.argv[2])
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    bad = check(sys.argv[1], Path(sys.argv[2]), [i for i in sys.argv[3:] if i])
    print("these do not compile alone: " + " ".join(bad) if bad else "every header compiles alone")
    return 1 if bad else 0


sys.exit(main())
