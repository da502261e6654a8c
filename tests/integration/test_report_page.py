"""The HTML report of a verification in a browser: quiet, inert, sortable, usable with 100,000 findings."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

import browser
from harness import build_directory

FINDINGS = 100000
ROWS = "[...document.querySelectorAll('#rows tr')]"
WHERE = "document.getElementById('where').textContent"


def choose(element, event, value):
    return ("(e => { e.value = %s; e.dispatchEvent(new Event('%s')); })(document.getElementById('%s'))"
            % (value, event, element))


@unittest.skipUnless(browser.available(), "needs Debian's chromium")
class Page(unittest.TestCase):
    """One browser for all tests; each opens the page anew."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="mmt-page-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        program = os.path.join(build_directory("asan"), "tests", "report_test_verify")
        cls.small, cls.large = os.path.join(cls.dir, "small.html"), os.path.join(cls.dir, "large.html")
        for path, count in ((cls.small, 60), (cls.large, FINDINGS)):
            subprocess.run([program, path, str(count)], check=True, timeout=120, stdin=subprocess.DEVNULL)
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, path):
        self.browser.complaints = []
        self.browser.size(1200, 900)
        self.browser.media()
        self.browser.open(path)
        return self.browser

    def cells(self, column, count=3):
        return self.browser.run("%s.slice(0, %d).map(r => r.cells[%d].textContent)" % (ROWS, count, column))

    def sort(self, column):
        self.browser.run("document.querySelectorAll('#table th button')[%d].click()" % column)
        return self.browser.run("document.querySelectorAll('#table th')[%d].getAttribute('aria-sort')" % column)

    def test_quiet_and_inert(self):
        page = self.open(self.small)
        self.assertIn("differences", page.run("document.querySelector('h1').textContent"))
        self.assertEqual(page.run("document.querySelectorAll('img, iframe, link, script[src], a').length"), 0)
        self.assertEqual(page.run("document.scripts.length"), 2)
        self.assertIn("<img src=x onerror=alert(2)>", page.run("document.getElementById('rows').textContent"))
        self.assertEqual(page.complaints, [])

    def test_the_policy_stops_what_is_not_ours(self):
        page = self.open(self.small)
        page.run("(s => { s.textContent = 'window.foreign = 1'; document.body.append(s); })"
                 "(document.createElement('script'))")
        page.run("(i => { i.src = 'file:///etc/hostname'; document.body.append(i); })(document.createElement('img'))")
        self.assertIsNone(page.run("window.foreign"))
        self.assertTrue(any("Content Security Policy" in str(c) for c in page.complaints), page.complaints)

    def test_worst_first_then_sorted_by_any_column(self):
        page = self.open(self.small)
        self.assertEqual(self.cells(0), ["altered", "missing", "folder missing"])
        self.assertEqual(self.sort(3), "ascending")
        uids = [int(uid or 0) for uid in self.cells(3, 100)]
        self.assertEqual(uids, sorted(uids))
        self.assertEqual(self.sort(3), "descending")
        uids = [int(uid or 0) for uid in self.cells(3, 100)]
        self.assertEqual(uids, sorted(uids, reverse=True))
        self.sort(7)
        subjects = [s for s in self.cells(7, 100) if s.startswith("Minutes")]
        self.assertEqual(subjects, sorted(subjects, key=lambda s: int(s.split()[3].strip(","))))
        self.assertEqual(page.run("document.querySelectorAll('#table th[aria-sort]').length"), 1)

    def test_filtered(self):
        page = self.open(self.small)
        page.run(choose("kind", "change", "[...e.options].find(o => o.text.startsWith('missing')).value"))
        self.assertEqual(set(self.cells(0, 100)), {"missing"})
        page.run(choose("search", "input", "'MEETING 17,'"))
        page.wait_for(WHERE + ".startsWith('1 to 1 of 1 chosen')")
        self.assertEqual(self.cells(7, 100), ["Minutes of meeting 17, with a longer subject as people write them"])
        page.run(choose("search", "input", "'nothing is called this'"))
        page.wait_for(WHERE + ".startsWith('0 to 0 of 0')")

    def test_a_hundred_thousand_findings(self):
        before = time.monotonic()
        page = self.open(self.large)
        self.assertLess(time.monotonic() - before, 20)
        self.assertIn("1 to 100 of 100,005 findings", page.run(WHERE))
        self.assertEqual(page.run(ROWS + ".length"), 100)
        for _ in range(3):
            page.run("document.getElementById('next').click()")
        self.assertIn("301 to 400 of 100,005", page.run(WHERE))
        before = time.monotonic()
        self.sort(3)
        self.sort(3)
        self.assertEqual(self.cells(3), ["100000", "99999", "99998"])
        page.run(choose("search", "input", "'meeting 77777,'"))
        page.wait_for(WHERE + ".startsWith('1 to 1 of 1 chosen')")
        self.assertLess(time.monotonic() - before, 20)
        self.assertEqual(page.complaints, [])

    def test_on_a_phone_in_the_dark_and_on_paper(self):
        page = self.open(self.small)
        light = page.run("getComputedStyle(document.body).backgroundColor")
        page.media(dark=True)
        self.assertNotEqual(page.run("getComputedStyle(document.body).backgroundColor"), light)
        page.media()
        page.size(390, 844)
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 390)
        self.assertEqual(page.run("getComputedStyle(document.querySelector('#rows td')).display"), "block")
        page.size(1200, 900)
        page.media(kind="print")
        self.assertEqual(page.run("getComputedStyle(document.getElementById('controls')).display"), "none")

    def test_of_many_accounts_those_that_need_a_look(self):
        path = os.path.join(self.dir, "accounts.html")
        program = os.path.join(build_directory("asan"), "tests", "report_test_verify")
        subprocess.run([program, path, "accounts", "30"], check=True, timeout=120, stdin=subprocess.DEVNULL)
        page = self.open(path)
        shown = ("[...document.querySelectorAll('%s')].filter(e => e.getClientRects().length).length")
        lines, boxes = shown % "#accounts tbody tr", shown % "details.account"
        self.assertEqual((page.run(lines), page.run(boxes)), (30, 30))
        page.run("document.getElementById('look').click()")
        self.assertEqual((page.run(lines), page.run(boxes)), (15, 15))
        page.run("document.getElementById('look').click()")
        self.assertEqual(page.run(lines), 30)
        self.assertEqual(page.complaints, [])

    def test_without_its_script_the_first_findings_are_there(self):
        self.browser.send("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.send, "Emulation.setScriptExecutionDisabled", value=False)
        page = self.open(self.large)
        self.assertEqual(page.run(ROWS + ".length"), 100)
        self.assertIn("the first 100 of 100,005 findings", page.run("document.getElementById('static').textContent"))


if __name__ == "__main__":
    unittest.main()
