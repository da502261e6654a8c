"""Includes go one way, and each third-party library has one home (docs/architecture.md)."""

import re
import unittest

import sources
from modules import ALSO, MODULES

# Header prefix -> the files or folders where it may be included.
HOMES = {
    "libetpan/": ("libmigrate/imap/",),
    "openssl/": ("libmigrate/net/", "libmigrate/base/sha256.c", "libmigrate/base/sign.c", "libmigrate/live/access.c"),
    "curl/": ("libmigrate/net/",),
    "sqlite3.h": ("libmigrate/state/",),
    "archive.h": ("libmigrate/archive/",),
    "archive_entry.h": ("libmigrate/archive/",),
    "yaml.h": ("libmigrate/plan/",),
    "csv.h": ("libmigrate/plan/",),
    "jansson.h": ("libmigrate/report/", "libmigrate/mend/", "libmigrate/net/", "libmigrate/archive/",
                  "libmigrate/plan/gather.c"),
    "gsasl.h": ("libmigrate/net/",),
    "unbound.h": ("libmigrate/domain/resolver.c",),
    "ldns/": ("libmigrate/domain/packet.c",),
    "libxml/": ("libmigrate/domain/client.c",),
    "microhttpd.h": ("libmigrate/live/",),
    "systemd/": ("tools/cli/journal.c",),
    "popt.h": ("tools/cli/",),
}


def includes(name):
    """(quoted?, path) of each #include."""
    found = re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', sources.text(name), re.M)
    return [(mark == '"', path) for mark, path in found]


class Includes(unittest.TestCase):
    def test_modules(self):
        seen = set()
        for name in sources.c_files("libmigrate/"):
            module = name.split("/")[1]
            if module == "include":
                continue
            self.assertIn(module, MODULES, "%s: a folder that the design does not know" % name)
            seen.add(module)
            for quoted, path in includes(name):
                if quoted:
                    with self.subTest(file=name, include=path):
                        allowed = MODULES[module] | {module}
                        self.assertTrue(path.split("/")[0] in allowed or path in ALSO.get(module, ()))
        self.assertLessEqual({"base", "net", "imap", "folders", "state", "copy"}, seen)

    def test_public_headers_include_public_headers_only(self):
        for name in sources.c_files("libmigrate/include/"):
            for quoted, path in includes(name):
                with self.subTest(file=name, include=path):
                    self.assertFalse(quoted)
                    self.assertTrue(path.startswith("migrate/") or re.fullmatch(r"std\w+\.h", path), path)

    def test_tools_see_the_public_headers_only(self):
        for name in sources.c_files("tools/"):
            for quoted, path in includes(name):
                with self.subTest(file=name, include=path):
                    if quoted:
                        self.assertTrue(path.startswith("cli/"), path)
                    else:
                        self.assertNotRegex(path, r"^(?:%s)/" % "|".join(MODULES))

    def test_third_party_headers_have_one_home(self):
        for name in sources.product():
            for _, path in includes(name):
                for prefix, homes in HOMES.items():
                    if path.startswith(prefix):
                        with self.subTest(file=name, include=path):
                            self.assertTrue(name.startswith(homes))


if __name__ == "__main__":
    unittest.main()
