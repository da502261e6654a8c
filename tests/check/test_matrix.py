"""The page of servers and providers: made of what the tests noted, whole, and without a failure as committed."""

import collections
import os
import re
import unittest
import unittest.mock

import matrix
import sources

Known = collections.namedtuple("Known", "name text")
PAGE = os.path.join(sources.ROOT, "docs", "servers.md")


class Page(unittest.TestCase):
    def cell(self, row, column, *known, table="providers"):
        cell = matrix.Cell(table, row, column)
        cell.passed("%d messages" % len(row), known)
        return cell.entry

    def test_cells_and_notes(self):
        names, lines = Known("names", "some names are changed"), Known("lines", "long lines are refused")
        failed = matrix.Cell("providers", "B", "target").entry
        page = matrix.page([self.cell("B", "source", names), failed, self.cell("A", "target", lines, names)])
        rows = [line for line in page.splitlines() if line.startswith("|")]
        self.assertEqual(rows, ["| | source | target |", "|---|---|---|", "| **A** | - | ok, 1 messages (1, 2) |",
                                "| **B** | ok, 1 messages (2) | FAILED |"])
        self.assertIn("\n1. Long lines are refused.\n2. Some names are changed.\n", page)
        self.assertNotIn("## Servers\n", page)

    def test_no_cell_is_noted_as_good_that_was_not(self):
        noted = []
        with unittest.mock.patch.object(matrix, "note", noted.append):
            with self.assertRaises(ValueError), matrix.cell("pairings", "A", "B"):
                raise ValueError
            with self.assertRaises(unittest.SkipTest), matrix.cell("pairings", "A", "C"):
                raise unittest.SkipTest
            with matrix.cell("pairings", "A", "D") as cell:
                cell.passed("1 message")
        self.assertEqual([(entry["column"], entry["result"]) for entry in noted], [("B", "FAILED"), ("D", "ok")])

    def test_what_is_committed(self):
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        self.assertNotIn("FAILED", page)
        self.assertFalse(re.search(r"\b20\d\d-\d\d|/tmp|/home|127\.0", page))
        rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.*) \|$", page, re.M))
        for server in ("Dovecot", "Cyrus", "Courier"):
            self.assertEqual(len(re.findall(r"\bok, \d+ messages", rows[server])), 3, rows[server])
        for provider in ("Gmail", "Microsoft 365", "Yahoo", "iCloud", "Exchange whose sizes lie", "no UIDPLUS",
                         "no LITERAL+", "UIDVALIDITY changes at each login", "IMAP4rev2 only"):
            self.assertEqual(len(re.findall(r"\bok, \d+ messages", rows[provider])), 4, rows[provider])
        for table in page.split("\n## ")[1:]:
            explained = {int(n) for n in re.findall(r"^(\d+)\. ", table, re.M)}
            used = {int(n) for noted in re.findall(r"messages \(([\d, ]+)\)", table) for n in noted.split(", ")}
            self.assertEqual(used, explained)
            self.assertTrue(used)


if __name__ == "__main__":
    unittest.main()
