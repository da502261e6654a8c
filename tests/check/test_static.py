"""cppcheck and clang-tidy have nothing to say, and clang-format nothing to change."""

import concurrent.futures
import os
import shutil
import subprocess
import unittest

import sources
from harness import LONG, ROOT, build_directory

TIDY = os.path.join(ROOT, "tests", "check", "clang-tidy.yml")
ANALYZER = os.path.join(ROOT, "tests", "check", "analyzer.h")
DEEP = ("clang-analyzer-deadcode*,clang-analyzer-unix*,clang-analyzer-security*,"
        "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-readability-redundant-declaration")


VERSION = shutil.which("clang-format-14")


class Format(unittest.TestCase):
    """One layout in all C files, those of the tests as well (.clang-format). In headers people line comments up. Each
    version has its own idea of some lines: what is asked is the one that the tree was laid out with."""

    @staticmethod
    def unlike(names):
        done = subprocess.run([VERSION, "--dry-run", "-Werror"] + [os.path.join(ROOT, name) for name in names],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode() if done.returncode else ""

    @unittest.skipUnless(VERSION, "clang-format 14 is not installed")
    def test_clang_format(self):
        names = [name for name in sources.tracked() if name.endswith(".c")]
        self.assertGreater(len(names), 300)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(self.unlike, [names[at:at + 50] for at in range(0, len(names), 50)]))
        self.assertEqual("".join(parts), "", "clang-format-14 -i FILE puts it right")


class Static(unittest.TestCase):
    def test_cppcheck(self):
        done = subprocess.run(
            ["cppcheck", "--quiet", "--std=c11", "--language=c", "--error-exitcode=1", "--inline-suppr", "-j2",
             "--enable=warning,performance,portability", "--suppress=missingIncludeSystem", "--template=gcc",
             # A context on the stack for a callback, a buffer that is read anew, an array that grew into its owner are
             # what these take for mistakes. LeakSanitizer watches every test.
             "--suppress=autoVariables", "--suppress=identicalConditionAfterEarlyExit", "--suppress=memleak",
             "-DMIG_VERSION=\"0\"", "-I", os.path.join(ROOT, "libmigrate"),
             "-I", os.path.join(ROOT, "libmigrate/include"), "-I", os.path.join(ROOT, "tools"),
             "-I", os.path.join(build_directory("release"), "libmigrate")]
            + [os.path.join(ROOT, name) for name in sources.product() if name.endswith(".c")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    @staticmethod
    def tidy(name):
        command = ["clang-tidy", "--quiet", "--config-file=" + TIDY, "-p", build_directory("release")]
        if LONG:
            command.append("--checks=" + DEEP)
        if LONG and name != "libmigrate/base/error.c":  # where the functions of that header are defined
            command += ["--extra-arg=-D_GNU_SOURCE=", "--extra-arg=-include", "--extra-arg=" + ANALYZER]
        done = subprocess.run(command + [os.path.join(ROOT, name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        return name, done.returncode, done.stdout.decode() + (done.stderr.decode() if done.returncode else "")

    def test_clang_tidy(self):
        names = [name for name in sources.product() if name.endswith(".c")]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, status, output in pool.map(self.tidy, names):
                with self.subTest(name):
                    self.assertEqual(status, 0, output)


if __name__ == "__main__":
    unittest.main()
