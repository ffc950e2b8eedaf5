#!/usr/bin/env python3
"""Check the form of the files: no tabs, no trailing blanks, at most 120 columns, a line end at the end; with --format
also clang-format 14 (other releases lay some constructs out differently; exit 77 where it is missing).

usage: check_style.py [--format] ROOT"""
import shutil
import subprocess
import sys
from pathlib import Path

TOPS = ("src", "jobs", "tests", "configs", "slurm", "cmake", ".ci")
CODE = {".c", ".h"}
TEXT = CODE | {".sh", ".py", ".sbatch"}
PROSE = {".md", ".yaml", ".cmake"}  # any length of line, and so CMakeLists.txt
WIDTH = 120


def files(root, suffixes):
    for top in TOPS:
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and (path.suffix in suffixes or path.name == "CMakeLists.txt" or top == ".ci"):
                yield path


def check_text(root):
    problems = []
    for path in files(root, TEXT | PROSE):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        if text and not text.endswith("\n"):
            problems.append(f"{name}: no line end at the end")
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line and "\\t" not in line:
                problems.append(f"{name}:{number}: a tab")
            if line != line.rstrip():
                problems.append(f"{name}:{number}: blanks at the end of the line")
            if len(line) > WIDTH and path.suffix not in PROSE and path.name != "CMakeLists.txt":
                problems.append(f"{name}:{number}: {len(line)} columns")
    return problems


def clang_format():
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            version = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
            if "version 14." in version:
                return name
    return None


def main():
    root = Path(sys.argv[-1])
    if "--format" not in sys.argv:
        problems = check_text(root)
        print("\n".join(problems) or "tidy")
        return 1 if problems else 0
    tool = clang_format()
    if not tool:
        print("SKIPPED: clang-format 14 is not installed (package clang-format-14)")
        return 77
    code = [str(p) for p in files(root, CODE) if p.suffix in CODE]
    return 1 if subprocess.run([tool, "--dry-run", "-Werror", *code], check=False).returncode else 0


if len(sys.argv) not in (2, 3):
    raise SystemExit(__doc__)
sys.exit(main())
