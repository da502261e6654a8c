"""The public headers, and what the library exports."""

import os
import re
import subprocess
import tempfile
import unittest

import sources
from harness import ROOT, build_directory

INCLUDE = os.path.join(ROOT, "libmigrate", "include")
HEADERS = sources.c_files("libmigrate/include/migrate/", extensions=(".h",))


def declared():
    """The functions that the public headers declare."""
    names = set()
    for header in HEADERS:
        body = re.sub(r"^\s*#.*(?:\\\n.*)*", "", sources.bare(header), flags=re.M)
        body = re.sub(r"\btypedef\b[^;{]*;", "", body)
        names |= set(re.findall(r"\b(mig_\w+)\s*\([^;{]*?\)\s*(?:MIG_\w+\([^)]*\)\s*)?;", body))
    return names


class Api(unittest.TestCase):
    def compile_alone(self, compiler, language, standard):
        for header in HEADERS:
            with self.subTest(header), tempfile.NamedTemporaryFile("w", suffix="." + language) as source:
                source.write("#include <%s>\n" % header.removeprefix("libmigrate/include/"))
                source.write("int main(void) { return 0; }\n")
                source.flush()
                done = subprocess.run([compiler, "-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
                                       "-fsyntax-only", "-I", INCLUDE, source.name],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_each_header_alone(self):
        self.assertGreaterEqual(len(HEADERS), 5)
        for compiler in ("gcc", "clang"):
            self.compile_alone(compiler, "c", "c11")

    def test_each_header_alone_in_cplusplus(self):
        self.compile_alone("g++", "cc", "c++11")

    def test_initializers_are_clean_in_c_and_cplusplus(self):
        """Each ..._INIT, expanded as a program would: no member is left out, no warning in any language."""
        text = "\n".join(map(sources.text, HEADERS))
        macros = sorted(set(re.findall(r"^#define (MIG_\w+_INIT)\b", text, flags=re.M)))
        self.assertIn("MIG_COPY_OPTIONS_INIT", macros)
        body = "".join("#include <%s>\n" % header.removeprefix("libmigrate/include/") for header in HEADERS)
        body += "int main(void) {\n"
        for macro in macros:
            kind = macro.removesuffix("_INIT").lower()
            body += "    static %s %s = %s;\n    (void)%s;\n" % (kind, kind[4:] + "_", macro, kind[4:] + "_")
        body += "    return 0;\n}\n"
        languages = [("gcc", ".c", "c11"), ("clang", ".c", "c11")]
        languages += [(compiler, ".cc", standard) for compiler in ("g++", "clang++") for standard in ("c++11", "c++17")]
        for compiler, suffix, standard in languages:
            with self.subTest(compiler + " " + standard), tempfile.NamedTemporaryFile("w", suffix=suffix) as source:
                source.write(body)
                source.flush()
                done = subprocess.run([compiler, "-std=" + standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
                                       "-fsyntax-only", "-I", INCLUDE, source.name],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_every_structure_of_options_knows_its_size(self):
        """A later member breaks no program: the library looks at as much as the program knew."""
        text = "\n".join(map(sources.text, HEADERS))
        found = re.findall(r"typedef struct (mig_\w+_options) \{\n(.*)", text)
        self.assertGreater(len(found), 6)
        for name, first in found:
            with self.subTest(name):
                self.assertRegex(first, r"^ +size_t size; +/\*")
                self.assertRegex(text, r"#define %s_INIT" % name.upper())

    def test_exported_symbols_are_the_declared_functions(self):
        library = os.path.join(build_directory("release"), "libmigrate", "libmigrate.so")
        listed = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE, check=True)
        lines = listed.stdout.decode().splitlines()
        exported = {line.split()[-1].split("@")[0] for line in lines if " A " not in line}
        self.assertGreater(len(exported), 10)
        self.assertEqual(exported, declared())

    def test_internal_names_are_not_public(self):
        for header in HEADERS:
            with self.subTest(header):
                self.assertNotRegex(sources.bare(header), r"\bmig__\w")

    def test_every_public_header_opens_with_what_it_is(self):
        for header in HEADERS:
            with self.subTest(header):
                first = sources.text(header)[:400]
                self.assertRegex(first, r"^/\*\s+\*? ?%s - \w" % re.escape(header.removeprefix("libmigrate/include/")))


class OtherCompiler(unittest.TestCase):
    def test_clang_has_no_warning(self):
        """The build is gcc's, with -Werror; clang sees every file with the same flags."""
        flags = ["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
                 "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wvla", "-Wformat=2", "-Wundef", "-Werror",
                 "-D_DEFAULT_SOURCE",
                 "-D_POSIX_C_SOURCE=200809L", "-D_XOPEN_SOURCE=700", "-D_FILE_OFFSET_BITS=64", "-DMIG_VERSION=\"0\"",
                 "-I", os.path.join(ROOT, "libmigrate"), "-I", INCLUDE, "-I", os.path.join(ROOT, "tools"),
                 "-I", os.path.join(build_directory("release"), "libmigrate"), "-isystem", "/usr/include/libxml2"]
        for name in sources.c_files("libmigrate/", "tools/", extensions=(".c",)):
            with self.subTest(name):
                done = subprocess.run(["clang"] + flags + [os.path.join(ROOT, name)], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, check=False)
                self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
