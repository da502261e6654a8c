"""The project's files, and C text without comments and strings, for the checks."""

import os
import re
import shutil
import subprocess

from harness import ROOT


def tracked():
    """All files of the project: those that git knows or would, else (no git) those that are there."""
    if shutil.which("git") and os.path.exists(os.path.join(ROOT, ".git")):
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                stdout=subprocess.PIPE, check=True)
        names = listed.stdout.decode("utf-8").rstrip("\0").split("\0")
        return sorted(name for name in set(names) if os.path.isfile(os.path.join(ROOT, name)))
    names = []
    for directory, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in (".git", ".build", "__pycache__")]
        names += [os.path.relpath(os.path.join(directory, name), ROOT) for name in files]
    return sorted(names)


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


def text(name):
    return read(name).decode("utf-8")


def c_files(*folders, extensions=(".c", ".h")):
    """C files below the given folders, such as "libmigrate/"."""
    return [name for name in tracked() if name.endswith(extensions) and name.startswith(folders)]


def product():
    return c_files("libmigrate/", "tools/")


def bare(name):
    """C text with comments and the insides of strings and characters blanked out; line numbers stay."""

    def blank(match):
        found = match[0]
        if found.startswith(("/*", "//")):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text(name), flags=re.S)


def functions(name):
    """(name, first line, last line) of each function defined in a C file laid out by .clang-format.

    There a function's body opens with a brace alone in the first column, and closes with one.
    """
    lines = bare(name).split("\n")
    found, start = [], None
    for number, line in enumerate(lines, 1):
        if line == "{":
            head = " ".join(reversed_head(lines, number))
            match = re.search(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*$", head)
            start = (match[1], number) if match else None
        elif line.startswith("}") and start:
            found.append((start[0], start[1], number))
            start = None
    return found


def reversed_head(lines, number):
    """The lines before line `number` up to the end of what comes before the function."""
    head = []
    for line in reversed(lines[:number - 1]):
        if not line.strip() or line.startswith(("}", "#")) or line.rstrip().endswith(";"):
            break
        head.insert(0, line.strip())
    return head
