"""Sizes, calls that are not used here, and what a library does not do."""

import re
import unittest

import sources

LONGEST_FUNCTION = 120
LONGEST_FILE = 600

BANNED = ("strcpy strcat sprintf vsprintf gets strtok system popen select rand srand random atoi atol atoll alloca "
          "mktemp tmpnam tempnam asctime ctime gmtime localtime strerror gethostbyname inet_addr inet_ntoa scanf "
          "setjmp longjmp strncpy strncat usleep").split()
# What only the tools do: the library neither prints nor exits, prompts or reads the environment.
LIBRARY_BANNED = ("printf puts putchar perror exit _exit abort getenv secure_getenv setenv unsetenv putenv getpass "
                  "isatty tcgetattr tcsetattr readline sigaction setlocale chdir umask dup2").split()
# Compiled into test builds only: it reads the environment and keeps what it read.
HOOKS = "libmigrate/base/crashpoint.c"
# Hands the environment on to the commands that a person names, unread.
COMMANDS = "libmigrate/base/process.c"


class Style(unittest.TestCase):
    def test_long_functions_and_files(self):
        sizes = []
        for name in sources.product() + sources.c_files("tests/"):
            count = sources.text(name).count("\n")
            if not name.startswith("tests/"):
                with self.subTest(name):
                    self.assertLessEqual(count, LONGEST_FILE, "%s has %d lines" % (name, count))
            for function, first, last in sources.functions(name):
                sizes.append(last - first - 1)
                with self.subTest(name=name, function=function):
                    self.assertLessEqual(last - first - 1, LONGEST_FUNCTION)
        self.assertGreater(len(sizes), 300, "the parser sees the functions")

    def test_files_open_with_what_they_are(self):
        for name in sources.c_files("libmigrate/", "tools/", extensions=(".c",)):
            with self.subTest(name):
                self.assertTrue(sources.text(name).startswith("/*"))

    def test_braces_in_tests(self):
        """Of the product clang-tidy holds it (test_static.py)."""
        head = re.compile(r"^\s*(?:\} )?(?:(?:else )?if|for|while) \(.*\)$|^\s*(?:\} )?else$")
        for name in sources.c_files("tests/"):
            lines = sources.bare(name).split("\n")
            for at, line in enumerate(lines[:-1]):
                if head.match(line) and "} while" not in line and line.count("(") == line.count(")"):
                    self.assertTrue(lines[at + 1].strip().startswith("{"), "%s:%d: %s" % (name, at + 1, line))

    def test_banned_calls(self):
        call = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
        library = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(LIBRARY_BANNED))
        for name in sources.product():
            body = sources.bare(name)
            found = set(call.findall(body))
            if name.startswith("libmigrate/") and name != HOOKS:
                found |= set(library.findall(body))
            with self.subTest(name):
                self.assertEqual(found, set())

    def test_library_streams(self):
        for name in sources.c_files("libmigrate/"):
            body = sources.bare(name)
            if name == COMMANDS:
                body = re.sub(r"\benviron\b", "", body)
            with self.subTest(name):
                self.assertNotRegex(body, r"\b(?:stdin|stdout|stderr|environ)\b")

    def test_header_guards(self):
        seen = set()
        for name in sources.c_files("libmigrate/", "tools/", "tests/", extensions=(".h",)):
            with self.subTest(name):
                guard = re.search(r"^#ifndef (\w+)\n#define \1\n", sources.text(name), re.M)
                self.assertIsNotNone(guard)
                self.assertNotIn(guard[1], seen)
                seen.add(guard[1])

    def test_no_mutable_globals_in_the_library(self):
        """A file-scope variable of the library is const, or made for threads to share."""
        shared = re.compile(r"\b(?:const|pthread_once_t|pthread_mutex_t|atomic_\w+|_Atomic|_Thread_local)\b")
        variable = re.compile(r"^static (?!inline)[^(){}=;]*?\b\w+(?:\[[^\]]*\])*\s*(?:=|;)", re.M)
        for name in sources.c_files("libmigrate/", extensions=(".c",)):
            for match in variable.finditer(sources.bare(name)) if name != HOOKS else ():
                with self.subTest(name=name, variable=match[0]):
                    self.assertRegex(match[0], shared)


if __name__ == "__main__":
    unittest.main()
