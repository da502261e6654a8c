"""Completion in bash, zsh and fish: what a person gets who presses the tabulator."""

import os
import shutil
import subprocess
import unittest

from harness import ROOT, build_directory

FOLDER = os.path.join(ROOT, "tools", "completion")
ENVIRONMENT = dict(os.environ, PATH=os.path.join(build_directory("asan"), "tools") + ":" + os.environ["PATH"])


def shell(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=ENVIRONMENT, check=False, timeout=120)
    return done.stdout.decode()


class Bash(unittest.TestCase):
    def complete(self, *words):
        script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mailmigrate; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return shell("bash", "--norc", "-c", script, "bash", os.path.join(FOLDER, "mailmigrate.bash"), *words).split()

    def test_verbs(self):
        self.assertLessEqual({"copy", "verify", "run", "status"}, set(self.complete("mailmigrate", "")))
        self.assertEqual(self.complete("mailmigrate", "inv"), ["inventory"])

    def test_options_of_a_verb(self):
        found = self.complete("mailmigrate", "copy", "--")
        self.assertLessEqual({"--source=", "--target-password-file=", "--dry-run"}, set(found))
        self.assertNotIn("--source-password=", found)
        self.assertEqual(self.complete("mailmigrate", "copy", "--dry"), ["--dry-run"])

    def test_values(self):
        self.assertEqual(self.complete("mailmigrate", "copy", "--flags", "=", "s"), ["source"])
        self.assertIn("scram-sha-256", self.complete("mailmigrate", "copy", "--source-auth", ""))

    def test_nothing_for_an_unknown_verb(self):
        self.assertEqual(self.complete("mailmigrate", "nonesuch", "--d"), [])


@unittest.skipUnless(shutil.which("zsh"), "no zsh here")
class Zsh(unittest.TestCase):
    def test_it_is_read(self):
        self.assertEqual(shell("zsh", "-n", os.path.join(FOLDER, "_mailmigrate")), "")

    def test_options_of_a_verb(self):
        script = ('autoload -U compinit; compinit -D -u; _describe() { print -l -- "${(@P)2}"; }; '
                  'words=(mailmigrate copy --); CURRENT=3; function _files { : }; . "$1"')
        self.assertRegex(shell("zsh", "-f", "-c", script, "zsh", os.path.join(FOLDER, "_mailmigrate")),
                         r"(?m)^--dry-run:")


@unittest.skipUnless(shutil.which("fish"), "no fish here")
class Fish(unittest.TestCase):
    def complete(self, line):
        path = os.path.join(FOLDER, "mailmigrate.fish")
        return shell("fish", "--no-config", "-c", "source %s; complete -C %r" % (path, line))

    def test_verbs(self):
        self.assertRegex(self.complete("mailmigrate inv"), r"(?m)^inventory\t.*take stock")

    def test_options_of_a_verb(self):
        self.assertRegex(self.complete("mailmigrate copy --dry"), r"(?m)^--dry-run")


if __name__ == "__main__":
    unittest.main()
