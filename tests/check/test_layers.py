"""What is linked goes one way as what is included does: nm over the modules' archives against the one table."""

import collections
import glob
import os
import re
import subprocess
import unittest

import sources
from harness import ROOT, build_directory
from modules import ALSO, MODULES, PUBLIC


def symbols(archive):
    """(defined, needed) external names of a module's archive."""
    defined, needed = set(), set()
    listed = subprocess.run(["nm", "-g", archive], stdout=subprocess.PIPE, check=True).stdout.decode()
    for part in map(str.split, listed.splitlines()):
        if len(part) == 3 and part[1] in "TDRBVW":
            defined.add(part[2])
        elif len(part) == 2 and part[0] == "U":
            needed.add(part[1])
    return defined, needed


def edges():
    """(module, other) -> the functions of `other` that `module` calls."""
    archives = glob.glob(os.path.join(build_directory("release"), "libmigrate", "libmig_*.a"))
    names = {os.path.basename(path)[len("libmig_"):-2]: path for path in archives}
    # A build folder may still hold the archive of a module that is no more.
    modules = {name: symbols(path) for name, path in names.items()
               if os.path.isdir(os.path.join(ROOT, "libmigrate", name))}
    home = {name: module for module, (defined, _) in modules.items() for name in defined}
    found = collections.defaultdict(set)
    for module, (defined, needed) in modules.items():
        for name in needed - defined:
            if name in home:
                found[module, home[name]].add(name)
    return modules, found


def circle(calls):
    """The modules that reach themselves."""
    def reach(start):
        seen, todo = set(), [start]
        while todo:
            for other in calls[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        return seen
    return sorted(module for module in list(calls) if module in reach(module))


class Layers(unittest.TestCase):
    def test_linked_symbols_follow_the_table(self):
        modules, found = edges()
        self.assertEqual(set(modules) - set(MODULES), set())
        self.assertGreater(len(found), 20)
        for (module, other), names in sorted(found.items()):
            with self.subTest("%s -> %s" % (module, other)):
                also = {header.split("/")[0] for header in ALSO.get(module, ())}
                allowed = MODULES[module] | PUBLIC.get(module, set()) | also
                self.assertIn(other, allowed, ", ".join(sorted(names)[:5]))

    def test_no_circle_of_modules(self):
        calls = collections.defaultdict(set)
        for module, other in edges()[1]:
            calls[module].add(other)
        self.assertEqual(circle(calls), [])

    def test_the_table_has_no_circle(self):
        calls = collections.defaultdict(set)
        for module in MODULES:
            calls[module] = MODULES[module] | PUBLIC.get(module, set())
        self.assertEqual(circle(calls), [])

    def test_the_page_shows_the_table(self):
        rows = re.findall(r"^\| `(\w+)` \| .* \| ([^|]*)\| ([^|]*)\|$", sources.text("docs/architecture.md"), re.M)
        shown = {name: (set(re.findall(r"`(\w+)`", inner)), set(re.findall(r"`(\w+)`", public)))
                 for name, inner, public in rows}
        self.assertEqual(shown, {name: (MODULES[name], PUBLIC.get(name, set())) for name in MODULES})


if __name__ == "__main__":
    unittest.main()
