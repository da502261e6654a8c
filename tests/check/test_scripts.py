"""Every script parses and can be run; no file holds what belongs to one machine."""

import os
import re
import subprocess
import sys
import unittest

import sources
from harness import ROOT


class Scripts(unittest.TestCase):
    def test_shell_scripts_parse(self):
        seen = 0
        for name in sources.tracked():
            if not (name.endswith(".sh") or sources.read(name).startswith(b"#!/bin/sh")):
                continue
            seen += 1
            with self.subTest(name):
                done = subprocess.run(["sh", "-n", os.path.join(ROOT, name)], stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertGreaterEqual(seen, 4)

    def test_python_compiles(self):
        seen = 0
        for name in sources.tracked():
            if not (name.endswith(".py") or sources.read(name).startswith(b"#!/usr/bin/python3")):
                continue
            seen += 1
            with self.subTest(name):
                compile(sources.read(name), name, "exec", dont_inherit=True)
        self.assertGreaterEqual(seen, 8)

    def test_what_starts_with_an_interpreter_is_executable(self):
        for name in sources.tracked():
            if sources.read(name).startswith(b"#!"):
                with self.subTest(name):
                    self.assertTrue(os.access(os.path.join(ROOT, name), os.X_OK))

    def test_python_uses_the_standard_library_and_what_is_listed(self):
        """Besides the standard library what tests/packages installs: python3-NAME."""
        listed = set(re.findall(r"^python3-(\w+)", sources.text("tests/packages"), re.M))
        ours = {os.path.basename(name)[:-3] for name in sources.tracked() if name.endswith(".py")}
        for name in sources.tracked():
            if name.endswith(".py"):
                found = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", sources.text(name), re.M))
                with self.subTest(name):
                    self.assertEqual(found - ours - listed - set(sys.stdlib_module_names), set())


class Tree(unittest.TestCase):
    def test_top_level(self):
        allowed = set("CMakeLists.txt CMakePresets.json README.md CONTRIBUTING.md LICENSE".split())
        allowed |= {"docs", "libmigrate", "tests", "tools"}
        top = {name.split("/")[0] for name in sources.tracked()}
        self.assertEqual({name for name in top if not name.startswith(".")} - allowed, set())

    def test_no_path_of_a_machine(self):
        # Put together here, so that this file does not hold them itself.
        words = ["/" + "work/", "/" + "home/", "/" + "root/", "/tmp/" + "b-", "/Users" + "/"]
        for name in sources.tracked():
            content = sources.read(name)
            for word in words:
                with self.subTest(name=name, word=word):
                    self.assertNotIn(word.encode(), content)

    def test_lines_are_short_and_clean(self):
        for name in sources.tracked():
            if name == "LICENSE" or not name.endswith((".c", ".h", ".py", ".sh", ".sql")):
                continue
            for number, line in enumerate(sources.text(name).split("\n"), 1):
                if len(line) > 120 and not re.search(r"https?://|^\||\]\(", line):
                    self.fail("%s:%d: %d characters" % (name, number, len(line)))
                if line != line.rstrip() or "\t" in line:
                    self.fail("%s:%d: blank at the end, or a tab" % (name, number))

    def test_nothing_left_to_do(self):
        word = re.compile(rb"\b(?:TO" + rb"DO|FIX" + rb"ME|X" + rb"XX|HA" + rb"CK)\b")
        for name in sources.tracked():
            if name != "LICENSE" and not name.endswith(".png"):
                with self.subTest(name):
                    self.assertIsNone(word.search(sources.read(name)))


if __name__ == "__main__":
    unittest.main()
