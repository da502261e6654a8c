"""The examples of docs/examples: compiled and run as docs/library.md says, against the library as users get it."""

import os
import re
import subprocess
import unittest

import harness
import mailgen

INCLUDE = os.path.join(harness.ROOT, "libmigrate", "include")
EXAMPLES = os.path.join(harness.ROOT, "docs", "examples")
LIBRARY = os.path.join(harness.build_directory("release"), "libmigrate")


class Examples(harness.Pair):
    def words(self, *more):
        words = []
        for side, account in zip(("source", "target"), self.accounts()):
            given = account.arguments(side, self.dir)
            words += [word[2:] if word.startswith("--") else word for word in given]
        return words + ["state", self.state, *more]

    def try_example(self, command, env=None):
        """Copies everything, shows progress, goes on where it was; a mistake is told as by the programs."""
        self.fill(mailgen.generate(harness.SEED, 60))
        result = self.run_command(command + self.words(), env=env)
        self.assertEqual(result.status, harness.DONE, str(result))
        self.assert_same(self.login(self.source), self.login(self.target), result)
        self.assertRegex(result.out, r"All 60 messages of .* are on ")
        self.assertRegex(result.err, r"copying: \d+ of \d+ messages")
        result = self.run_command(command + self.words(), env=env)
        self.assertIn("0 copied", result.out, str(result))
        result = self.run_command(command + ["source", "imap:/nonsense"], env=env)
        self.assertEqual(result.status, harness.USAGE, str(result))
        self.assertIn("not an IMAP URL", result.err)

    def test_c(self):
        program = os.path.join(self.dir, "copy")
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", INCLUDE,
                        os.path.join(EXAMPLES, "copy.c"), "-L", LIBRARY, "-lmigrate", "-Wl,-rpath," + LIBRARY,
                        "-o", program], check=True)
        self.try_example([program])

    def test_python(self):
        self.try_example(["/usr/bin/python3", "-B", os.path.join(EXAMPLES, "copy.py")],
                         {"MIGRATE_INCLUDE": INCLUDE, "MIGRATE_LIBRARY": os.path.join(LIBRARY, "libmigrate.so.0")})

    def test_the_c_example_is_short(self):
        with open(os.path.join(EXAMPLES, "copy.c"), encoding="utf-8") as file:
            code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        self.assertLessEqual(sum(1 for line in code.splitlines() if line.strip()), 50)


if __name__ == "__main__":
    unittest.main()
