"""Servers from Debian packages that cannot be installed beside Dovecot: downloaded, unpacked and run where they lie.

The .deb files are kept in .build/servers; unpacked they live in a directory of the process that uses them. Libraries
that the machine lacks are unpacked with them, so nothing is installed and root is not needed.
"""

import atexit
import fcntl
import glob
import os
import re
import shutil
import subprocess
import unittest

import dovecot

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".build", "servers")

_unpacked = {}  # packages -> directory


def _run(*command, **options):
    env = dict(os.environ, LC_ALL="C", DEBIAN_FRONTEND="noninteractive")
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                          check=False, encoding="utf-8", errors="replace", **options)


def _installed(package):
    return _run("dpkg-query", "-Wf", "${db:Status-Status}", package).stdout == "installed"


def _with_dependencies(libraries):
    """Those of the libraries that are not installed, and what they need that is not installed either."""
    missing = [name for name in libraries if not _installed(name)]
    if not missing:
        return []
    plan = _run("apt-get", "install", "-s", "--no-install-recommends", *missing)
    return sorted(set(re.findall(r"^Inst (\S+) \(", plan.stdout, re.M)) | set(missing))


def _file(package):
    found = glob.glob(os.path.join(CACHE, package + "_*.deb"))
    return max(found, key=os.path.getmtime) if found else None


def _fetch(packages):
    wanted = [package for package in packages if not _file(package)]
    if not wanted:
        return
    done = _run("apt-get", "download", "-q", *wanted, cwd=CACHE)
    if done.returncode and os.geteuid() == 0:  # the lists of packages may be missing or old
        _run("apt-get", "update", "-q")
        done = _run("apt-get", "download", "-q", *wanted, cwd=CACHE)
    if done.returncode:
        raise unittest.SkipTest("these packages are not to be had: %s: %s" % (
            " ".join(wanted), done.stdout.strip().splitlines()[-1]))


def unpack(packages, libraries):
    """The directory that holds the packages unpacked, and `libraries` where the machine lacks them.

    Raises unittest.SkipTest, with the reason, where they cannot be downloaded.
    """
    key = tuple(packages)
    if key in _unpacked:
        return _unpacked[key]
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = list(packages) + _with_dependencies(libraries)
        _fetch(wanted)
        root = dovecot.work_directory("mmp-")
        atexit.register(shutil.rmtree, root, ignore_errors=True)
        for package in wanted:
            subprocess.run(["dpkg", "-x", _file(package), root], check=True, stdin=subprocess.DEVNULL)
    os.chmod(root, 0o755)
    _unpacked[key] = root
    return root


def library_path(root):
    return ":".join([os.path.join(root, "usr", "lib")] + glob.glob(os.path.join(root, "usr", "lib", "*-linux-gnu*"))
                    + glob.glob(os.path.join(root, "lib", "*-linux-gnu*")))


def lacking(root, program):
    """Libraries that the program still cannot find."""
    done = subprocess.run(["ldd", program], env=dict(os.environ, LD_LIBRARY_PATH=library_path(root)), check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8")
    return re.findall(r"(\S+) => not found", done.stdout)


def insist(root, program):
    """Skip the test where the program cannot run."""
    names = lacking(root, program)
    if names:
        raise unittest.SkipTest("%s lacks %s" % (os.path.basename(program), " ".join(names)))


def unprivileged():
    """(uid, gid) that servers run as: nobody for root, else the caller."""
    return (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def dropping():
    """The command prefix that runs a server as that user and ends it with the process that started it."""
    uid, gid = unprivileged()
    prefix = ["setpriv", "--pdeathsig", "TERM"]
    if os.geteuid() == 0:
        prefix += ["--reuid", str(uid), "--regid", str(gid), "--clear-groups"]
    return prefix
