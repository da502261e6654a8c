"""How much of the copy engine unit tests reach: its functions that another file can call, and those that a test calls.

What only servers and kills prove is hard to change. The number is held, so that it does not fall; raise it when it
rises.
"""

import re
import unittest

import sources

CALLED = 77  # of the functions below, at least


class Reach(unittest.TestCase):
    def test_functions_of_the_copy_that_unit_tests_call(self):
        declared = set()
        for name in sources.c_files("libmigrate/copy/", extensions=(".h",)):
            text = re.sub(r"/\*.*?\*/|typedef[^;{]*;|^#[^\n]*$", "", sources.text(name), flags=re.S | re.M)
            declared.update(re.findall(r"^[a-z][\w \*]*?\b(mig__\w+)\(", text, re.M))
        tests = "".join(sources.text(name) for name in sources.c_files("tests/unit/copy/"))
        called = {name for name in declared if re.search(r"\b%s\(" % name, tests)}
        print("%d of %d external functions of copy/ are called by a unit test" % (len(called), len(declared)))
        self.assertGreater(len(declared), 100)
        self.assertGreaterEqual(len(called), CALLED, sorted(declared - called))


if __name__ == "__main__":
    unittest.main()
