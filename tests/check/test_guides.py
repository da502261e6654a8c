"""The pages of docs: complete, true to the program, with links that lead somewhere; the site that is made of them."""

import html.parser
import os
import re
import shutil
import subprocess
import unittest

import guides
import sources
from harness import ROOT, build_directory

PAGES = [name for name in sources.tracked() if name.endswith(".md")]
SITE_TARGETS = ("a", "img", "link")


def literals():
    """What the program can say: its string literals, neighbours joined, conversions as they are."""
    found = []
    for name in sources.product():
        for run in re.finditer(r'(?:"(?:[^"\\\n]|\\.)*"(?:\s|PRI\w+)*)+', sources.text(name)):
            found.append("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', run[0])).replace('\\"', '"'))
    return found


class Guides(unittest.TestCase):
    def test_all_have_commands_and_say_how_they_are_tested(self):
        found = guides.guides()
        self.assertGreaterEqual(len(found), 6)
        for name, guide in found.items():
            with self.subTest(name):
                self.assertTrue(guide.commands)
                self.assertTrue(guide.rows)

    def test_no_command_stands_outside_of_a_block_that_is_run(self):
        for name, guide in guides.guides().items():
            with self.subTest(name):
                self.assertEqual({block.language for block in guide.fenced} - {"sh", "text"}, set())
                bare = guides.FENCE.sub("", guide.text)
                self.assertNotIn("```", bare)
                self.assertNotRegex(bare, r"(?m)^ {4,}\S")
                for block in guide.fenced:
                    if block.language == "text":
                        self.assertNotIn("mailmigrate ", block.text)

    def test_the_index_names_every_page(self):
        index = sources.text("docs/README.md")
        for name in PAGES:
            if name.startswith("docs/") and name != "docs/README.md":
                with self.subTest(name):
                    self.assertTrue("](%s)" % name.removeprefix("docs/") in index, "docs/README.md does not name it")

    def test_links_lead_somewhere(self):
        for name in PAGES:
            for target in re.findall(r"\]\(([^)#\s]+)", sources.text(name)):
                if "://" not in target:
                    with self.subTest(name=name, link=target):
                        path = os.path.normpath(os.path.join(ROOT, os.path.dirname(name), target))
                        self.assertTrue(os.path.exists(path))


class Troubleshooting(unittest.TestCase):
    def setUp(self):
        self.page = guides.guides()["troubleshooting.md"]
        self.rows = re.findall(r"^\| (.+?) \| ((?:`[\w-]+`(?:, )?)+) \|", self.page.body, flags=re.M)

    def test_every_code_is_there(self):
        table = sources.text("libmigrate/base/error.c")
        codes = re.findall(r'\[MIG_\w+\] = \{"([\w-]+)"', table)
        self.assertGreater(len(codes), 40)
        for code in codes:
            with self.subTest(code):
                self.assertTrue("`%s`" % code in self.page.body, "the page does not have this code")
        for _, named in self.rows:
            self.assertLessEqual(set(re.findall(r"[\w-]+", named)), set(codes))

    def test_what_it_quotes_is_what_the_program_says(self):
        said = "\n".join(literals())
        quoted = [message for message, _ in self.rows if message.startswith("`")]
        self.assertGreater(len(quoted), 90)
        for message in quoted:
            for piece in message.strip("`").split("…"):
                with self.subTest(message):
                    self.assertTrue(piece.strip(" :") in said, "no literal of the program has \"%s\"" % piece)

    def test_whatever_a_server_may_refuse_is_there(self):
        table = sources.text("libmigrate/imap/failure.c")
        whats = set(re.findall(r'MIG_RETRY_\w+,\s*"([^"]+)"', table))
        self.assertGreater(len(whats), 20)
        for what in whats:
            with self.subTest(what):
                self.assertTrue("| `%s` |" % what in self.page.body, "the page does not have these words")


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names |= {given["id"]} if "id" in given else set()
        if tag in SITE_TARGETS:
            self.found.append(given.get("href") or given.get("src"))


@unittest.skipUnless(shutil.which("cmark-gfm"), "cmark-gfm is not installed")
class Site(unittest.TestCase):
    def test_every_page_and_every_link(self):
        build = build_directory("asan")
        done = subprocess.run(["cmake", "--build", build, "--target", "site"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        site = os.path.join(build, "site")
        made = [os.path.join(directory, name) for directory, _, names in os.walk(site) for name in names
                if name.endswith(".html")]
        manuals = [name for name in sources.tracked() if re.fullmatch(r"docs/[\w-]+\.[1-8]", name)]
        pages = [name for name in PAGES if name.startswith("docs/")]
        self.assertEqual(len(made), len(pages) + len(manuals) + 1)  # and the list of manuals
        for path in made:
            with open(path, encoding="utf-8") as file:
                page = Links(file.read())
            self.assertGreater(len(page.found), 2, path)
            for link in page.found:
                with self.subTest(path=os.path.relpath(path, site), link=link):
                    if "://" not in link:
                        target, _, anchor = link.partition("#")
                        whole = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
                        self.assertTrue(os.path.isfile(whole))
                        self.assertIn(anchor, page.names | {""})
                        self.assertTrue(whole.startswith(site))


if __name__ == "__main__":
    unittest.main()
