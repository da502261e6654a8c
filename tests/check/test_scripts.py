"""Every script of the project at least parses, says what it is, and can be run."""

import os
import subprocess
import unittest

from harness import ROOT


def tracked():
    """All files of the project: those that git knows, else those that are there."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode("utf-8").rstrip("\0").split("\0")
        return sorted(name for name in set(names) if os.path.isfile(os.path.join(ROOT, name)))
    return sorted(os.path.relpath(os.path.join(directory, name), ROOT) for directory, names, files in os.walk(ROOT)
                  if "/.git" not in directory and "/.build" not in directory for name in files)


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


class Scripts(unittest.TestCase):
    def test_shell_scripts_parse(self):
        seen = 0
        for name in tracked():
            if not (name.endswith(".sh") or read(name).startswith(b"#!/bin/sh")):
                continue
            seen += 1
            with self.subTest(name):
                done = subprocess.run(["sh", "-n", os.path.join(ROOT, name)], stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertGreaterEqual(seen, 4)

    def test_python_compiles(self):
        seen = 0
        for name in tracked():
            if not (name.endswith(".py") or read(name).startswith(b"#!/usr/bin/python3")):
                continue
            seen += 1
            with self.subTest(name):
                compile(read(name), name, "exec", dont_inherit=True)
        self.assertGreaterEqual(seen, 8)

    def test_what_starts_with_an_interpreter_is_executable(self):
        for name in tracked():
            if read(name).startswith(b"#!"):
                with self.subTest(name):
                    self.assertTrue(os.access(os.path.join(ROOT, name), os.X_OK))


if __name__ == "__main__":
    unittest.main()
