"""Disks that are full, calls that fail: no crash, the documented exit, the state intact; the next run completes."""

import collections
import errno
import os
import subprocess
import time
import unittest

import faults
import mailgen
from faults import LEDGER, FaultCase
from harness import INTERRUPTED, LOCAL, LONG, SEED, TEMPORARY, build_directory, seeded

faults.record(__file__)
SHIM = os.path.join(build_directory("asan"), "tests", "libfault_shim.so")
KIB = 1024
CALLS = 400 if LONG else 24
ALLOCATIONS = 600 if LONG else 40


def loads_sanitizer(program):
    """The run-time library of the sanitizer that a program wants to find first, or None."""
    listed = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
    found = [line.split("=>")[1].split()[0] for line in listed.splitlines() if "libasan" in line]
    return found[0] if found else None


def preload(preset, **settings):
    libraries = [loads_sanitizer(faults.tool(preset)), SHIM]
    return {"LD_PRELOAD": " ".join(library for library in libraries if library), **settings}


class Disk:
    """A small file system of its own."""

    def __init__(self, directory, size):
        self.path, self.ballast = directory, os.path.join(directory, "ballast")
        os.makedirs(directory, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=700" % size, "tmpfs", directory],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("no file system can be mounted: " + done.stderr.decode().strip())

    def leave_free(self, size):
        """Fill it up but for this much."""
        stats = os.statvfs(self.path)
        with open(self.ballast, "ab") as out:
            out.write(b"-" * max(0, stats.f_bavail * stats.f_bsize - size))

    def empty(self):
        os.unlink(self.ballast)

    def unmount(self):
        if os.path.ismount(self.path):
            subprocess.run(["umount", "-l", self.path], check=True)


class DiskCase(FaultCase):
    user_count = 60 if not LONG else 1200

    def setUp(self):
        self.mail = self.next_user()
        self.fill(self.mail, faults.messages(SEED + 3, 60))

    def disk(self, round_, size=8 << 20):
        disk = Disk(os.path.join(round_.dir, "disk"), size)
        self.addCleanup(disk.unmount)
        return disk

    def check_refusal(self, round_, result, pattern=r"(?i)no space|full|input/output|could not|cannot"):
        """A run that ended for want of disk says so, and what to do."""
        if result.status != LOCAL:
            round_.fail("exit status %s instead of %d\n%s" % (result.status, LOCAL, result))
        self.assertRegex(result.err, pattern, str(result))
        LEDGER.add(round_.row, faults=1)


class FullDisk(DiskCase):
    def test_state(self):
        """Room for nothing, for a little, for half of it."""
        told = 0
        for free in (0, 4, 12, 24, 40, 64, 100, 160, 250) + (tuple(range(300, 900, 25)) if LONG else ()):
            with self.subTest(free=free):
                round_ = self.round("F1", source_user=self.mail)
                disk = self.disk(round_)
                round_.state = os.path.join(disk.path, "state")
                disk.leave_free(free * KIB)
                result = round_.run()
                if result.status != 0:
                    self.check_refusal(round_, result, r"(?i)no space|full")
                    told += 1
                disk.empty()
                round_.finish()
                disk.unmount()
        self.assertGreaterEqual(told, 5)

    def test_state_of_an_earlier_run(self):
        """The disk fills up between two nights."""
        source_user = self.next_user()
        several = faults.messages(SEED + 4, 80)
        self.fill(source_user, several[:20])
        round_ = self.round("F1", source_user=source_user)
        disk = self.disk(round_)
        round_.state = os.path.join(disk.path, "state")
        round_.finish()
        connection = self.connection(self.source, source_user)
        for message in several[20:]:
            mailgen.fill(connection, [message._replace(folder=("INBOX",))])
        disk.leave_free(4 * KIB)
        self.check_refusal(round_, round_.run(), r"(?i)no space|full")
        disk.empty()
        round_.finish()

    def test_spool(self):
        """A message that passes through a file, and no room for it."""
        source_user = self.next_user()
        big = mailgen.Generator(SEED).attachment(5 << 20)
        several = faults.messages(SEED + 5, 10)
        several.insert(5, several[0]._replace(octets=big))
        self.fill(source_user, several)
        round_ = self.round("F1", source_user=source_user)
        disk = self.disk(round_, 16 << 20)
        round_.state = os.path.join(disk.path, "state")
        disk.leave_free(3 << 20)
        self.check_refusal(round_, round_.run(), r"(?i)no space|full")
        self.assertEqual([name for name in os.listdir(disk.path) if name.startswith("spool")], [])
        disk.empty()
        round_.finish()

    def test_log(self):
        for free in (0, 4, 8):
            with self.subTest(free=free):
                round_ = self.round("F1", source_user=self.mail)
                disk = self.disk(round_)
                disk.leave_free(free * KIB)
                result = round_.run("--log", os.path.join(disk.path, "log"), "--trace")
                self.check_refusal(round_, result, r"(?i)log.*(no space|full)")
                disk.empty()
                round_.finish("--log", os.path.join(disk.path, "log"))
                disk.unmount()

    def test_report(self):
        """No room for --json: said, and what was copied stays copied."""
        round_ = self.round("F1", source_user=self.mail)
        disk = self.disk(round_)
        disk.leave_free(0)
        result = round_.run("--json", os.path.join(disk.path, "result.json"))
        self.check_refusal(round_, result)
        self.assertEqual([name for name in os.listdir(disk.path) if name != "ballast"], [])
        round_.finish()


class FailingCalls(DiskCase):
    """The n-th write or fsync of the state fails, once or from then on."""

    user_count = 60 + 3 * CALLS + ALLOCATIONS

    def run_with(self, round_, preset, **settings):
        round_.preset = preset
        result = round_.run(env=preload(preset, FAULT_UNDER=round_.dir, **settings))
        round_.preset = "asan"
        return result

    def count(self, call, preset):
        round_ = self.round("P2", source_user=self.mail)
        path = os.path.join(round_.dir, "count")
        result = self.run_with(round_, preset, FAULT=call + ":0:0", FAULT_COUNT=path)
        self.assertEqual(result.status, 0, str(result))
        with open(path, encoding="ascii") as file:
            return int(file.read())

    def sweep(self, call, numbers, preset, statuses):
        failed = []

        def one(index):
            if index >= len(numbers):
                return
            pick = seeded(call, index)
            round_ = self.round("P2", source_user=self.mail)
            settings = {"FAULT_LASTING": "1"} if pick.random() < 0.4 else {}
            reason = errno.ENOMEM if call == "alloc" else pick.choice((errno.EIO, errno.ENOSPC))
            result = self.run_with(round_, preset, FAULT="%s:%d:%d" % (call, numbers[index], reason), **settings)
            if result.status not in statuses + (0,):
                round_.fail("exit status %s\n%s" % (result.status, result))
            if result.status != 0 and not result.err.strip():
                round_.fail("no word about what happened\n%s" % result)
            LEDGER.add("P2", faults=1)
            with self.lock:
                failed.append(result.status)
            round_.finish()
            round_.close()

        self.rounds(one, lambda: len(failed) >= len(numbers), 500)
        self.assertGreaterEqual(len(failed), len(numbers))
        print("%s: exit statuses %s" % (call, dict(collections.Counter(failed))))
        return failed

    def test_write(self):
        total = self.count("write", "asan")
        numbers = seeded("write").sample(range(1, total), min(CALLS, total - 1))
        failed = self.sweep("write", numbers, "asan", (LOCAL,))
        self.assertGreater(failed.count(LOCAL), len(failed) * 0.6)

    def test_fsync(self):
        total = self.count("sync", "asan")
        self.assertGreater(total, 2)
        failed = self.sweep("sync", list(range(1, total + 1))[:CALLS], "asan", (LOCAL,))
        self.assertGreater(failed.count(LOCAL), 0)

    def test_allocation(self):
        """Without a sanitizer, whose allocator cannot be told to fail. shim.c tells whose allocations."""
        total = self.count("alloc", "release")
        pick = seeded("alloc")
        numbers = sorted(int(total ** pick.random()) for _ in range(ALLOCATIONS))
        failed = self.sweep("alloc", numbers, "release", (TEMPORARY, LOCAL, 1, 2, 3))
        self.assertGreater(len([status for status in failed if status != 0]), len(failed) // 4)


class Clock(DiskCase):
    """The wall clock jumps by years in mid run; deadlines and waits do not care."""

    def test_jumps(self):
        for jump in ("86400000:30", "-86400000:30", "600:1"):
            with self.subTest(jump=jump):
                round_ = self.round("P4", source_user=self.mail)
                result = round_.run("--timeout", "5", "--max-rate", "400K", env=preload("asan", CLOCK_JUMP=jump))
                self.assertEqual(result.status, 0, str(result))
                self.assertLess(result.totals["seconds"], 60)
                self.assertGreaterEqual(result.totals["seconds"], 0)
                LEDGER.add("P4", faults=1)
                round_.finish()

    def test_until(self):
        """--until ends a run at that time of the wall clock, and the next run goes on."""
        now = time.localtime()
        skip = 57 - now.tm_sec if now.tm_sec < 57 else 117 - now.tm_sec
        end = time.localtime(time.time() + skip + 4)
        round_ = self.round("P3", source_user=self.mail)
        started = time.monotonic()
        result = round_.run("--until", time.strftime("%H:%M", end), "--max-rate", "20K",
                            env=preload("asan", CLOCK_JUMP="%d:0" % skip))
        self.assertEqual((result.status, result.json["status"]), (INTERRUPTED, "interrupted"), str(result))
        self.assertRegex(str(result.json["accounts"][0]["error"]), r"--until")
        self.assertLess(time.monotonic() - started, 20)
        LEDGER.add("P3", faults=1)
        round_.finish()


if __name__ == "__main__":
    unittest.main()
