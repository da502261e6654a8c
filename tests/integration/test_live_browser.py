"""The live page in Chromium: views at three widths, 3 and 10,000 accounts; what changes, the line lost and back."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
import unittest

import browser
from harness import LONG, ToolCase, program
from livestate import LiveState, page_url

WIDTHS = ((390, 800), (820, 1100), (1400, 1000))
AXE = "axe-core@4.14.1"
AXE_RUN = ("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
           ".then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
ROWS = "document.querySelectorAll('#list tbody tr').length"
LINK = "document.getElementById('link').textContent"
# Text against what is behind it, by WCAG 2.2 (1.4.3): 4.5 to 1, large text 3 to 1.
CONTRAST = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), a = light(parse(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) bad.push([e.outerHTML.slice(0, 80), ratio]);
  }
  return bad; })()"""
# What a screen reader needs: names of controls and links, one h1, landmarks, heads of columns, no id twice, a language.
ROLES = """(() => {
  const bad = [], ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) bad.push('an id twice');
  if (document.querySelectorAll('h1').length !== 1) bad.push('h1');
  for (const part of ['header', 'main', 'footer']) if (document.querySelectorAll(part).length !== 1) bad.push(part);
  if (!document.documentElement.lang || !document.title) bad.push('language, title');
  for (const e of document.querySelectorAll('input, select')) if (!e.labels.length) bad.push(e.outerHTML);
  for (const e of document.querySelectorAll('a, button')) if (!e.textContent.trim()) bad.push(e.outerHTML);
  for (const e of document.querySelectorAll('svg, progress')) if (!e.getAttribute('aria-label')) bad.push(e.outerHTML);
  for (const e of document.querySelectorAll('table')) if (!e.caption || !e.querySelector('th[scope=col]') ||
    [...e.rows].some(r => ![...r.cells].some(c => c.tagName === 'TH'))) bad.push('table');
  for (const e of document.querySelectorAll('[aria-labelledby]'))
    if (!document.getElementById(e.getAttribute('aria-labelledby'))) bad.push(e.id);
  const levels = [...document.querySelectorAll('h1, h2, h3')].map(e => +e.tagName[1]);
  if (levels.some((level, i) => i && level > levels[i - 1] + 1)) bad.push('levels of headings');
  const small = [...document.querySelectorAll('input, select, button, ul.states a, nav a')].filter(e => {
    const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24; });
  for (const e of small) bad.push('small: ' + e.outerHTML);
  return bad; })()"""


@unittest.skipUnless(browser.available(), "needs Debian's chromium")
class Live(ToolCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser(timeout=240)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.browser.send, "Page.navigate", url="about:blank")

    def serve(self, count, address="127.0.0.1:0"):
        self.states = LiveState(self.state, count) if count else None
        process = self.start([program(), "status", "--state", self.state, "--serve=" + address, "--interval", "1"])
        return process, page_url(process)

    def begin(self, count):
        """A page that nothing of an earlier one reaches."""
        self.browser.send("Page.navigate", url="about:blank")
        self.browser.wait_for("location.href === 'about:blank' && document.readyState === 'complete'")
        self.browser.complaints = []
        return self.serve(count)

    def visit(self, url, ready="document.querySelector('#list tbody tr')"):
        self.browser.send("Page.navigate", url=url)
        self.browser.wait_for("location.href === '%s' && document.readyState === 'complete'" % url)
        self.browser.wait_for(ready + " !== null")

    def looked_at(self):
        """Nothing on the console; nothing asked for but from here; readable by everybody at every width."""
        for width, height in WIDTHS:
            for dark in (False, True):
                self.browser.size(width, height)
                self.browser.media(dark=dark)
                with self.subTest(width=width, dark=dark):
                    self.assertEqual(self.browser.run(CONTRAST), [])
                    self.assertEqual(self.browser.run(ROLES), [])
                    self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
        self.browser.media()

    def quiet(self, url):
        origin = re.match(r"http://[^/]+/", url)[0]
        odd = [c for c in self.browser.complaints if c["method"] != "Network.requestWillBeSent"
               or not c["params"]["request"]["url"].startswith((origin, "data:,"))]
        self.assertEqual(odd, [])

    def test_three_accounts(self):
        _, url = self.begin(3)
        self.visit(url)
        self.browser.wait_for(LINK + " === 'Live'")
        self.assertEqual(self.browser.run(ROWS), 3)
        self.looked_at()
        self.assertIn("too-big", self.browser.run("document.getElementById('whole').textContent"))

        # What changes is shown, and the focus stays.
        self.browser.run("document.querySelector('#list a').focus()")
        name = self.browser.run("document.activeElement.textContent")
        self.states.copied(range(2, 302))
        self.browser.wait_for("document.getElementById('whole').textContent.includes('300 of 1,000')")
        self.assertEqual(self.browser.run("document.activeElement.textContent"), name)

        # An account opens by the keyboard.
        for kind in ("keyDown", "keyUp"):
            self.browser.send("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                              windowsVirtualKeyCode=13, text="\r" if kind == "keyDown" else "")
        self.browser.wait_for("document.querySelector('#runs tbody tr') !== null && document.readyState === 'complete'")
        self.assertIn(name, self.browser.run("document.querySelector('h1').textContent"))
        self.assertIn("Entw\u00fcrfe", self.browser.run("document.getElementById('folders').textContent"))
        self.looked_at()

        # On paper: no controls, all that is known.
        self.visit(url)
        self.browser.media("print")
        self.assertEqual(self.browser.run("getComputedStyle(document.getElementById('filter')).display"), "none")
        self.assertEqual(self.browser.run(CONTRAST), [])
        self.assertGreater(len(self.browser.send("Page.printToPDF")["data"]), 1000)
        self.browser.media()
        self.quiet(url)

    @unittest.skipUnless(LONG and shutil.which("npm"), "axe-core comes from npm, in the long tests")
    def test_axe(self):
        """The rules of axe-core for WCAG 2.2 AA find nothing, at the least and the greatest width, light and dark."""
        subprocess.run(["npm", "pack", "--silent", AXE], cwd=self.dir, check=True, timeout=300,
                       stdout=subprocess.DEVNULL)
        with tarfile.open(os.path.join(self.dir, AXE.replace("@", "-") + ".tgz")) as packed:
            script = packed.extractfile("package/axe.min.js").read().decode()
        _, url = self.begin(3)
        self.visit(url)
        for path in ("#list", "#runs"):
            self.browser.run(script + ";0")
            for width, height in (WIDTHS[0], WIDTHS[-1]):
                for dark in (False, True):
                    self.browser.size(width, height)
                    self.browser.media(dark=dark)
                    with self.subTest(path=path, width=width, dark=dark):
                        self.assertEqual(self.browser.run(AXE_RUN), [])
            self.visit(self.browser.run("(document.querySelector('#list a') || location).href"),
                       "document.querySelector('#runs')")

    def test_ten_thousand_accounts(self):
        _, url = self.begin(10000)
        self.visit(url)
        self.assertEqual(self.browser.run(ROWS), 50)
        self.assertLess(self.browser.run("performance.getEntriesByType('navigation')[0].encodedBodySize"), 200 * 1024)
        self.looked_at()

        # The filter, without a page anew.
        self.browser.run("window.same = true")
        self.browser.run("(e => { e.value = 'PERSON0471'; e.dispatchEvent(new Event('input', {bubbles: true})); })"
                         "(document.querySelector('input[name=q]'))")
        self.browser.wait_for(ROWS + " === 10")
        self.assertEqual(self.browser.run("location.search"), "?q=PERSON0471")
        self.browser.run("(e => { e.value = 'killed'; e.dispatchEvent(new Event('input', {bubbles: true})); })"
                         "(document.querySelector('select[name=state]'))")
        self.browser.wait_for(ROWS + " === 0")
        self.browser.run("(e => { e.value = ''; e.dispatchEvent(new Event('input', {bubbles: true})); })"
                         "(document.querySelector('input[name=q]'))")
        self.browser.wait_for(ROWS + " === 1")
        self.assertTrue(self.browser.run("window.same"))

        # Pages, and no script at all.
        self.browser.send("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.send, "Emulation.setScriptExecutionDisabled", value=False)
        self.visit(url + "?page=2")
        self.assertIn("Page 2 of 200", self.browser.run("document.querySelector('nav').textContent"))
        self.states.copied(range(2, 102))
        self.browser.wait_for("(document.getElementById('whole') || document).textContent?.includes('100 of 1,000')")
        self.quiet(url)

    def test_the_line_is_lost_and_comes_back(self):
        process, url = self.serve(3)
        self.visit(url)
        self.browser.wait_for(LINK + " === 'Live'")
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        self.browser.wait_for(LINK + ".startsWith('The connection is lost')")
        self.assertEqual(self.browser.run(ROWS), 3)  # what was known stays
        self.serve(0, re.match(r"http://([^/]+)/", url)[1])
        self.browser.wait_for(LINK + " === 'Live'")


if __name__ == "__main__":
    unittest.main()
