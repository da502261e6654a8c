"""The Debian packages: made in clean roots, held against lintian, installed into fresh roots and used there.

Only with --long: each release takes some minutes, a network with Debian's packages, and root.
"""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest

import dovecot
import mailgen
import oracle
from harness import LONG, ROOT, SEED

SUITES = ("bookworm", "trixie")


@unittest.skipUnless(LONG and os.geteuid() == 0, "--long, as root")
class Packages(unittest.TestCase):
    def call(self, *command, **options):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, **options)
        self.assertEqual(done.returncode, 0, "%s\n%s" % (" ".join(command), done.stdout.decode()[-6000:]))
        return done.stdout.decode()

    def fresh_root(self, suite):
        root = tempfile.mkdtemp(prefix="mailmigrate-root-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, root, True)
        self.call("debootstrap", "--variant=minbase", suite, root)
        shutil.copy("/etc/resolv.conf", os.path.join(root, "etc"))
        return root

    def test_packages(self):
        for suite in SUITES:
            with self.subTest(suite), tempfile.TemporaryDirectory(dir="/var/tmp") as output:
                self.call(os.path.join(ROOT, "tools", "package", "build"), "--suite", suite, "--output", output)
                changes, = glob.glob(os.path.join(output, "*.changes"))
                self.call("lintian", "--allow-root", "--fail-on", "error,warning", changes)
                self.use(suite, output)

    def use(self, suite, packages):
        """Install into a root that has never seen a compiler, and migrate between two servers from there."""
        root = self.fresh_root(suite)
        for name in glob.glob(os.path.join(packages, "*.deb")):
            if "dbgsym" not in name and "-dev" not in name:
                shutil.copy(name, root)
        names = ["/" + os.path.basename(name) for name in glob.glob(os.path.join(root, "*.deb"))]
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends"] + names
        self.call("chroot", root, "sh", "-c", "apt-get update -q && " + " ".join(install))
        self.assertRegex(self.call("chroot", root, "getent", "passwd", "mailmigrate"), "/var/lib/mailmigrate")
        with dovecot.Dovecot() as source, dovecot.Dovecot(authority=source.authority) as target:
            mailgen.fill(source.login(), mailgen.generate(SEED, 60), "/", "")
            shutil.copy(source.ca, os.path.join(root, "ca.pem"))
            with open(os.path.join(root, "password"), "w", encoding="utf-8") as out:
                out.write(dovecot.PASSWORD + "\n")
            os.chmod(out.name, 0o600)
            sides = []
            for side, server in (("source", source), ("target", target)):
                sides += ["--" + side, server.url(), "--%s-password-file" % side, "/password",
                          "--%s-ca-file" % side, "/ca.pem"]
            self.assertIn("domain", self.call("chroot", root, "mailmigrate", "--help"))
            for verb in ("copy", "verify"):
                self.call("chroot", root, "mailmigrate", verb, *sides, "--state", "/state.db")
            self.assertEqual(oracle.count(source.login()), oracle.count(target.login()))
            self.assertGreater(oracle.count(target.login()), 0)
        self.call("chroot", root, "apt-get", "remove", "-q", "-y", "mailmigrate", "libmigrate0")


@unittest.skipUnless(LONG and os.geteuid() == 0 and shutil.which("buildah"), "--long, as root, with buildah")
class Image(Packages):
    """The Containerfile, on a base of our own: registries of images are not asked."""

    def buildah(self, *arguments):
        return self.call("buildah", "--root", self.store + "/images", "--runroot", self.store + "/run", *arguments,
                         env=dict(os.environ, STORAGE_DRIVER="vfs", BUILDAH_ISOLATION="chroot")).split()

    def test_packages(self):
        self.store = tempfile.mkdtemp(prefix="mailmigrate-images-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.store, True)
        packages = os.path.join(self.store, "packages")
        self.call(os.path.join(ROOT, "tools", "package", "build"), "--output", packages)
        base = self.buildah("from", "scratch")[-1]
        self.buildah("add", base, self.fresh_root("bookworm"), "/")
        self.buildah("commit", base, "local/base")
        self.buildah("bud", "--network", "host", "--build-arg", "BASE=localhost/local/base", "--tag", "mailmigrate",
                     "-f", os.path.join(ROOT, "tools", "package", "Containerfile"), packages)
        container = self.buildah("from", "--pull=never", "localhost/mailmigrate")[-1]
        run = ("run", "--user", "mailmigrate", container, "--")
        self.assertIn("mailmigrate", self.buildah(*run, "/usr/bin/mailmigrate", "--version"))
        self.assertIn("mailmigrate", self.buildah(*run, "id", "-un"))


class Sources(unittest.TestCase):
    def test_the_source_tarball_is_the_same_each_time(self):
        if not os.path.exists(os.path.join(ROOT, ".git")):
            self.skipTest("not a checkout")
        with tempfile.TemporaryDirectory() as directory:
            made = []
            for name in ("one", "two"):
                path = os.path.join(directory, name)
                subprocess.run([os.path.join(ROOT, "tools", "package", "dist"), path], check=True)
                with open(path, "rb") as file:
                    made.append(file.read())
        self.assertEqual(made[0], made[1])
        self.assertGreater(len(made[0]), 100000)


if __name__ == "__main__":
    unittest.main()
