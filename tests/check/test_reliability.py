"""docs/reliability.md names tests that there are, has each row once, and counts no message lost, doubled or altered."""

import os
import re
import unittest

import sources
from harness import ROOT

ROWS = ("N1 N2 N3 N4 N5 N6 N7 N8 P1 P2 P3 P4 P5 F1 F2 F3 F4 F5 M1 M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 M13 "
        "M14 H1 H2 H3 H4 H5 H6 O1 O2 O3 O4 O5 C1 V1 V2").split()


class Scorecard(unittest.TestCase):
    def setUp(self):
        self.page = sources.text("docs/reliability.md")

    def test_tests_exist(self):
        named = set(re.findall(r"`(tests/[^`\s]+\.(?:py|c))`", self.page))
        self.assertGreater(len(named), 15)
        self.assertEqual([name for name in sorted(named) if not os.path.exists(os.path.join(ROOT, name))], [])

    def test_classes_exist(self):
        for path, names in re.findall(r"`(tests/[^`\s]+\.py)` \(((?:`\w+`(?:, )?)+)\)", self.page):
            for name in re.findall(r"\w+", names):
                self.assertRegex(sources.text(path), r"(?m)^class %s\(" % name)

    def test_each_row_once(self):
        table = self.page[self.page.index("## Row by row"):self.page.index("## How faults are made")]
        self.assertEqual(re.findall(r"(?m)^\| ([A-Z]\d+) \|", table), ROWS)

    def test_counts(self):
        table = self.page[self.page.index("<!-- counts: begin -->"):self.page.index("<!-- counts: end -->")]
        rows = re.findall(r"(?m)^\| ([A-Z]\d) \|[^|]*\| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) \| (\d+) \|$", table)
        counts = {row[0]: int(row[1].replace(",", "")) for row in rows}
        self.assertGreaterEqual(counts["P1"], 100)
        self.assertGreaterEqual(counts["N1"] + counts["N3"] + counts["N4"], 100)
        self.assertEqual({row[3:] for row in rows}, {("0", "0", "0")})


if __name__ == "__main__":
    unittest.main()
