"""What --help lists, the manual describes, and nothing else; the manuals are well formed."""

import os
import re
import subprocess
import unittest

import sources
from harness import ROOT, build_directory

TOOLS = os.path.join(build_directory("asan"), "tools")


def programs():
    return sorted(name for name in os.listdir(TOOLS) if re.fullmatch(r"mailmigrate(-\w+)?", name))


def plain_manual(name):
    """The source of a manual without its font changes, and with its dashes as they are typed."""
    manual = sources.text("docs/%s.1" % name)
    return re.sub(r"\\f.|\"", "", manual).replace("\\-", "-")


def help_of(name, *arguments):
    return subprocess.run([os.path.join(TOOLS, name), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def full_help(name):
    """Of programs with more options than fit on a screen it is --help=all."""
    done = help_of(name, "--help")
    return help_of(name, "--help=all") if b"--help=all" in done.stdout else done


class Options(unittest.TestCase):
    def test_each_program_has_a_manual(self):
        self.assertIn("mailmigrate-copy", programs())
        for name in programs():
            with self.subTest(name):
                self.assertIn("docs/%s.1" % name, sources.tracked())

    def test_help_and_manual_agree(self):
        for name in programs():
            if name == "mailmigrate":
                continue
            with self.subTest(name):
                done = full_help(name)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                listed = set(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", done.stdout.decode()))
                described = set()
                for line in plain_manual(name).splitlines():
                    if re.match(r"\.(?:BI?R?|TP|TQ|IR?)\b.*--", line):
                        described |= set(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", line))
                self.assertEqual(listed, described)

    def named(self):
        """The options of the library's table, and of the tools that have some of their own."""
        table = sources.text("libmigrate/options/table.c")
        sides = re.findall(r'^ +SIDE\w*\("([a-z-]+)"', table, flags=re.M)
        sides += re.findall(r'^ +\{ROW\("([a-z-]*)", MIG_OPTION_VALUE, MIG_OPTION_OF_SIDE', table, flags=re.M)
        named = {side + ("-" + tail if tail else "") for tail in sides for side in ("source", "target")}
        kinds = "VALUE|INPUT|MAYBE|OPTIONAL|OUTPUT|CHOICE|NUMBER|LIST|SWITCH|TYPED|TYPED_SWITCH"
        named |= set(re.findall(r'^ +(?:%s)\("([a-z-]+)"' % kinds, table, flags=re.M))
        row = r'^ +\{ROW\("([a-z-]+)", MIG_OPTION_\w+, MIG_OPTION_OF_(?:RUN|ACCOUNT)'
        named |= set(re.findall(row, table, flags=re.M))
        own = "\n".join(sources.text(name) for name in sources.c_files("tools/") if "popt" in sources.text(name))
        small = "\n".join(sources.text(name) for name in sources.c_files("tools/") if "cli_small" in sources.text(name))
        named |= set(re.findall(r'\{\.name = "([a-z0-9-]+)"', small))
        return named | set(re.findall(r'\b(?:TEXT|SWITCH|MAYBE)\("([a-z0-9-]+)"', own)) | {"help", "version"}

    def test_tables_and_help_agree(self):
        """No option is hidden from --help."""
        named = self.named()
        self.assertGreater(len(named), 80)
        listed = set()
        for name in programs():
            if name != "mailmigrate":
                listed |= set(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", full_help(name).stdout.decode()))
        self.assertEqual(named, listed)

    def test_pages_spell_options_as_they_are(self):
        """A plan takes "daily-limit", not "daily_limit"."""
        named = self.named()
        for name in sources.tracked():
            if name.startswith("docs/") and name.endswith(".md"):
                for word in re.findall(r"`(\w+_\w+)`", sources.text(name)):
                    self.assertNotIn(word.replace("_", "-"), named, name)

    def test_help_fits_a_terminal(self):
        """One screen of 24 lines; what has more options says where they are."""
        for name in programs():
            with self.subTest(name):
                lines = help_of(name, "--help").stdout.decode().splitlines()
                self.assertLessEqual(len(lines), 24)
                for line in lines:
                    self.assertLessEqual(len(line), 90 if line.startswith("  mailmigrate ") else 80, line)
                for line in full_help(name).stdout.decode().splitlines():
                    self.assertLessEqual(len(line), 100, line)

    def test_other_programs_options(self):
        done = help_of("mailmigrate-copy", "--syncinternaldates")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"there is no option --syncinternaldates; leave it out")
        self.assertRegex(help_of("mailmigrate-verify", "--sample=100").stderr.decode(), "leave it out")
        done = help_of("mailmigrate-domain", "example.org", "--provider", "fastmial")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"did you mean fastmail?", done.stderr)

    def test_help_takes_nothing_else(self):
        done = help_of("mailmigrate-copy", "--help=some")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--help=all lists every option", done.stderr)
        self.assertEqual(help_of("mailmigrate-copy", "-h").stdout, help_of("mailmigrate", "help", "copy").stdout)

    def test_version(self):
        version = re.search(r"project\(mailmigrate VERSION ([\d.]+)", sources.text("CMakeLists.txt"))[1]
        for name in programs():
            with self.subTest(name):
                done = help_of(name, "--version")
                self.assertEqual((done.returncode, done.stdout.decode()), (0, "%s %s\n" % (name, version)))

    def test_dispatcher(self):
        version = help_of("mailmigrate-copy", "--version").stdout
        self.assertEqual(help_of("mailmigrate", "copy", "--version").stdout, version)
        done = help_of("mailmigrate", "cpoy")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"cpoy.*copy")
        self.assertEqual(help_of("mailmigrate").returncode, 2)
        listed = help_of("mailmigrate", "--help").stdout.decode()
        for name in programs():
            self.assertIn(name.removeprefix("mailmigrate-"), listed)

    def test_exit_statuses_are_documented(self):
        manual = plain_manual("mailmigrate-copy")
        section = manual[manual.index(".SH EXIT STATUS"):]
        found = re.findall(r"^\.B (\d+)$", section, re.M)
        self.assertEqual(found[:8], ["0", "1", "2", "3", "4", "5", "6", "130"])


class Manuals(unittest.TestCase):
    def test_no_warning(self):
        seen = 0
        for name in sources.tracked():
            if re.fullmatch(r"docs/.*\.[1-8]", name):
                seen += 1
                with self.subTest(name):
                    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", os.path.join(ROOT, name)],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                    self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        self.assertGreaterEqual(seen, 2)


if __name__ == "__main__":
    unittest.main()
