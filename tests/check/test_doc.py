"""The pages of the public API, as the target `doc` builds them."""

import os
import re
import shutil
import subprocess
import unittest

from harness import build_directory


@unittest.skipUnless(shutil.which("doxygen"), "doxygen is not installed")
class Doc(unittest.TestCase):
    def test_no_warning(self):
        """Every page is made, and what a header says of a function and of a member is on it."""
        build = build_directory("asan")
        done = subprocess.run(["cmake", "--build", build, "--target", "doc"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertNotRegex(done.stdout.decode(), r"warning:|error:")
        pages = os.path.join(build, "doc", "html")

        def words(name):
            with open(os.path.join(pages, name), encoding="utf-8") as page:
                return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.read()))
        self.assertIn("larger messages are left out and listed", words("structmig__selection.html"))
        self.assertIn("Copy one account. Returns the result, which the caller releases", words("copy_8h.html"))
        self.assertIn("user@host", words("endpoint_8h.html"))


if __name__ == "__main__":
    unittest.main()
