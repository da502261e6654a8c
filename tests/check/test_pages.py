"""Style sheets and script of the HTML reports: files that an editor and a linter see, and that fit into a page."""

import re
import shutil
import subprocess
import unittest

import sources
from harness import ROOT

STYLES = [name for name in sources.tracked() if re.fullmatch(r"libmigrate/(?:report|live)/\w+\.css", name)]
SCRIPTS = [name for name in sources.tracked() if re.fullmatch(r"libmigrate/(?:report|live)/\w+\.js", name)]


class Pages(unittest.TestCase):
    def test_there_are_some(self):
        self.assertIn("libmigrate/report/report.css", STYLES)
        self.assertIn("libmigrate/report/report.js", SCRIPTS)

    def test_they_end_no_element(self):
        for name in STYLES + SCRIPTS:
            with self.subTest(name):
                self.assertNotIn("</", sources.text(name))
                self.assertTrue(sources.text(name).isascii())

    def test_styles_are_whole(self):
        """Each brace has its other one, each rule is a selector and declarations, and nothing comes from elsewhere."""
        for name in STYLES:
            with self.subTest(name):
                text = re.sub(r"/\*.*?\*/", "", sources.text(name), flags=re.S)
                depth = 0
                for character in text:
                    depth += {"{": 1, "}": -1}.get(character, 0)
                    self.assertIn(depth, (0, 1, 2))
                self.assertEqual(depth, 0)
                self.assertNotRegex(text, r"url\(|@import|expression\(")
                for declarations in re.findall(r"\{([^{}]*)\}", text):
                    for declaration in filter(str.strip, declarations.split(";")):
                        self.assertRegex(declaration.strip(), r"(?s)^(--)?[a-z-]+:.+$")

    def test_scripts_are_scripts(self):
        """Parsed by node, where it is installed; no way to make markup of text."""
        for name in SCRIPTS:
            with self.subTest(name):
                markup = r"innerHTML|outerHTML|document\.write|insertAdjacentHTML|\beval\b"
                self.assertNotRegex(sources.text(name), markup)
                if shutil.which("node"):
                    done = subprocess.run(["node", "--check", "%s/%s" % (ROOT, name)], stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
