"""How much of the copy engine and its readers unit tests reach: their functions that another file can call, and those
that a test calls.

What only servers and kills prove is hard to change. The number is held, so that it does not fall; raise it when it
rises.
"""

import re
import unittest

import sources

MODULES = ("copy", "reading")
CALLED = 104  # of the functions below, at least


class Reach(unittest.TestCase):
    def test_functions_of_the_copy_that_unit_tests_call(self):
        declared = set()
        headers = [name for module in MODULES
                   for name in sources.c_files("libmigrate/%s/" % module, extensions=(".h",))]
        for name in headers:
            text = re.sub(r"/\*.*?\*/|typedef[^;{]*;|^#[^\n]*$", "", sources.text(name), flags=re.S | re.M)
            declared.update(re.findall(r"^[a-z][\w \*]*?\b(mig__\w+)\(", text, re.M))
        tests = "".join(sources.text(name) for module in MODULES
                        for name in sources.c_files("tests/unit/%s/" % module))
        called = {name for name in declared if re.search(r"\b%s\(" % name, tests)}
        print("%d of %d external functions of copy/ and reading/ are called by a unit test"
              % (len(called), len(declared)))
        self.assertGreater(len(declared), 100)
        self.assertGreaterEqual(len(called), CALLED, sorted(declared - called))


if __name__ == "__main__":
    unittest.main()
