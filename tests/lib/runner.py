"""What tests/run does once everything is installed: build, run every test, count.

A job is one program: a cmocka test of tests/unit, or a file test_*.py of another folder of tests/. Jobs run side by
side, one a processor; what a job prints is shown only when it fails.
"""

import argparse
import ast
import fnmatch
import glob
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import matrix

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARY = os.path.join(ROOT, "tests", "lib")
TSAN_MODULES = ("base", "net", "account", "state", "copy", "store")  # those that several threads enter
TSAN_LEFT_OUT = ("unit/state/test_kill",)  # a process that is killed again and again: nothing that threads share
SEED = 5321  # of a run that is to tell whether a change broke something; sweeps draw their own
MATRIX_TESTS = ("servers/test_pairings", "servers/test_providers")
TAIL = 120  # lines of output shown of a job that fails


def arguments():
    parser = argparse.ArgumentParser(prog="tests/run")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed is None:  # the matrix is to be the same when nothing has changed
        options.seed = random.SystemRandom().randrange(1 << 31) if options.long and not options.matrix else SEED
    return options


def matches(pattern, name):
    return pattern in name or fnmatch.fnmatch(name, pattern)


def test_names(path):
    """Class.method of each test in a test_*.py, read without importing it."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    return ["%s.%s" % (group.name, test.name) for group in tree.body if isinstance(group, ast.ClassDef)
            for test in group.body if isinstance(test, ast.FunctionDef) and test.name.startswith("test")]


def imports(path, seen=None):
    """Names of the modules of tests/lib that a test imports, and that those import."""
    seen = set() if seen is None else seen
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"^\s*(?:import|from) (\w+)", file.read(), re.M)
    for name in set(found) - seen:
        module = os.path.join(LIBRARY, name + ".py")
        if os.path.exists(module):
            seen.add(name)
            imports(module, seen)
    return seen


def python_files(options):
    """(name, path) of each test_*.py in which something is to run; a pattern may name a file, a class or a test."""
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "*", "test_*.py"))):
        name = "%s/%s" % (os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-3])
        if options.matrix and name not in MATRIX_TESTS:
            continue
        if matches(options.only, name) or any(matches(options.only, name + "." + test) for test in test_names(path)):
            yield name, path


def unit_files(options):
    """Names of the unit tests in which something is to run, from the files: nothing has been built yet."""
    paths = glob.glob(os.path.join(ROOT, "tests", "unit", "*", "test_*.c"))
    fuzz = glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c"))
    paths += [path.replace("fuzz_", "") for path in fuzz]
    names = ["unit/%s/%s" % (os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-2]) for path in paths]
    return [] if options.matrix else [name for name in names if matches(options.only, name)]


def needs(options):
    """The kinds of packages (tests/packages) that the tests to be run need."""
    kinds = {"build", "unit"} | ({"long"} if options.long else set())
    for name, path in python_files(options):
        used = imports(path)
        kinds |= {"demo", "check" if name.startswith("check/") else "test"}
        kinds |= {"browser"} if "browser" in used else set()
    return sorted(kinds)


def targets(options, python):
    """What to build of a preset for unit tests alone: their programs. Empty: everything."""
    return [] if python else [name.removeprefix("unit/").replace("/", "_") if not name.startswith("unit/fuzz/")
                              else "fuzz_" + name.removeprefix("unit/fuzz/") for name in unit_files(options)]


def environment(options):
    """A clean environment: no settings of the caller's, and sanitizers that end the program with their own status."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "USER", "LOGNAME", "CI", "TERM") if key in os.environ}
    kept.update({
        "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin", "MIG_TEST_SEED": str(options.seed),
        "MIG_TEST_LONG": "1" if options.long else "",
        "ASAN_OPTIONS": "exitcode=97:detect_stack_use_after_return=1:strict_string_checks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=97", "LSAN_OPTIONS": "exitcode=97",
        "TSAN_OPTIONS": "exitcode=97:halt_on_error=1:second_deadlock_stack=1"})
    return kept


def build(preset, *names):
    command = [os.path.join(LIBRARY, "build"), preset, *names]
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
        print("0 passed, 1 failed")
        sys.exit(1)


class Job:
    def __init__(self, name, command, timeout, directory=ROOT):
        self.name, self.command, self.timeout, self.directory = name, command, timeout, directory
        self.passed, self.skipped, self.failed = [], [], []  # names, (name, reason), (name, text)
        self.output = ""
        self.seconds = 0.0

    def run(self, env):
        started = time.monotonic()
        with tempfile.TemporaryFile() as log, tempfile.NamedTemporaryFile() as results:
            env = dict(env, MIG_TEST_RESULTS=results.name)
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                       cwd=self.directory, start_new_session=True)
            try:
                status = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = "timed out after %d s" % self.timeout
            log.seek(0)
            self.output = log.read().decode("utf-8", "replace")
            results.seek(0)
            self.collect(status, results.read().decode("utf-8"))
        self.seconds = time.monotonic() - started

    def fail(self, name, text):
        self.failed.append((name, text))


class UnitJob(Job):
    """A cmocka program; its tests are told from what it prints."""

    def collect(self, status, results):
        for mark, name in re.findall(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (\w+)$", self.output, re.M):
            name = self.name + "." + name
            if mark == "OK":
                self.passed.append(name)
            elif mark == "SKIPPED":
                self.skipped.append((name, "by itself"))
            elif name not in [known for known, _ in self.failed]:
                self.fail(name, "")
        if status != 0 and not self.failed:
            self.fail(self.name, "ended with %s" % status)
        elif status == 0 and not self.passed and not self.skipped:
            self.fail(self.name, "ran no test")


class PythonJob(Job):
    """A test_*.py under runmodule.py, which writes a JSON line a test."""

    def collect(self, status, results):
        for line in results.splitlines():
            test = json.loads(line)
            name = self.name + "." + test["name"]
            if test["result"] == "ok":
                self.passed.append(name)
            elif test["result"] == "skip":
                self.skipped.append((name, test["text"]))
            else:
                self.fail(name, test["text"])
        if status != 0 and not self.failed:
            self.fail(self.name, "ended with %s" % status)


def unit_jobs(preset, options, modules=None, left_out=()):
    listed = subprocess.run(["ctest", "--test-dir", os.path.join(ROOT, ".build", preset), "--show-only=json-v1"],
                            stdout=subprocess.PIPE, check=True).stdout
    jobs = []
    for test in json.loads(listed)["tests"]:
        module = test["name"].split("/")[1]
        name = test["name"] if preset == "asan" else "%s@%s" % (test["name"], preset)
        if not test["name"].startswith("unit/") or not matches(options.only, name):
            continue
        if (modules and module not in modules) or test["name"] in left_out:
            continue
        properties = {given["name"]: given["value"] for given in test["properties"]}
        jobs.append(UnitJob(name, test["command"], 1200 if options.long else 900, properties["WORKING_DIRECTORY"]))
    return jobs


def python_jobs(options):
    jobs = []
    for name, path in python_files(options):
        command = ["/usr/bin/python3", "-B", os.path.join(LIBRARY, "runmodule.py"), path]
        if not matches(options.only, name):
            command.append("--only=" + options.only)
        jobs.append(PythonJob(name, command, 4 * 3600 if options.long else 2700))
    return jobs


def show(job, seed):
    for name in job.passed:
        print("ok   " + name)
    for name, reason in job.skipped:
        print("skip %s: %s" % (name, reason))
    for name, text in job.failed:
        print("FAIL %s (seed %d)" % (name, seed))
        if text:
            print("     " + text.strip().replace("\n", "\n     "))
    if job.failed and job.output.strip():
        lines = job.output.strip().splitlines()
        print("     output of %s%s:" % (job.name, ", its last lines" if len(lines) > TAIL else ""))
        print("     | " + "\n     | ".join(lines[-TAIL:]))
    sys.stdout.flush()


def run_all(jobs, env, seed):
    waiting, printing = queue.SimpleQueue(), threading.Lock()
    for job in jobs:
        waiting.put(job)

    def worker():
        while True:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            job.run(env)
            with printing:
                show(job, seed)

    threads = [threading.Thread(target=worker) for _ in range(max(2, os.cpu_count() or 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write_matrix(cells, options, whole):
    """docs/servers.md from what the tests noted; kept only when it is whole."""
    with open(cells, encoding="utf-8") as noted:
        page = matrix.page([json.loads(line) for line in noted])
    if not whole or options.only or not options.long:
        print(page)
        return
    with open(os.path.join(ROOT, "docs", "servers.md"), "w", encoding="utf-8") as out:
        out.write(page)


def coverage(options):
    """Builds the library with counters, runs the unit tests, and prints how much of its lines they reach."""
    directory = os.path.join(ROOT, ".build", "coverage")
    build("coverage")
    with subprocess.Popen(["ctest", "--test-dir", directory, "-R", "^unit/", "-j", str(os.cpu_count() or 1)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(options)) as tests:
        tests.wait()  # whether they pass was counted before
    counted = subprocess.run(["gcovr", "--root", ROOT, "--filter", os.path.join(ROOT, "libmigrate"), "--print-summary",
                              "--output", os.path.join(directory, "coverage.txt"), directory], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    print("lines of libmigrate that unit tests reach: " +
          (re.findall(r"^lines: (.*)$", counted, re.M) or ["not counted: gcovr failed"])[0])


def presets(options, python):
    """(preset, targets) of what is to be built: all three, or for a few unit tests their programs."""
    names = targets(options, python)
    if options.matrix or names:
        yield "asan", names
        threaded = [name for name in names if name.split("_test_")[0] in TSAN_MODULES]
        if threaded:
            yield "tsan", threaded
        return
    yield from (("asan", []), ("tsan", []), ("release", []))


def main():
    options = arguments()
    if options.needs:
        print(" ".join(needs(options)))
        return 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
    print("seed %d" % options.seed, flush=True)
    started = time.monotonic()
    python = python_jobs(options)
    if not python and not unit_files(options):
        print("no test is named like " + options.only)
        print("0 passed, 0 failed")
        return 1
    built = []
    for preset, names in presets(options, python):
        build(preset, *names)
        built.append(preset)
    print("built in %.0f s" % (time.monotonic() - started), flush=True)
    # The longest first, so that the last one does not run alone.
    jobs = python
    if not options.matrix:
        jobs += unit_jobs("asan", options)
        jobs += unit_jobs("tsan", options, TSAN_MODULES, TSAN_LEFT_OUT) if "tsan" in built else []
    with tempfile.NamedTemporaryFile() as cells:
        run_all(jobs, dict(environment(options), MIG_TEST_MATRIX=cells.name), options.seed)
        passed, failed, skipped = (sum(len(getattr(job, kind)) for job in jobs)
                                   for kind in ("passed", "failed", "skipped"))
        if options.matrix:
            write_matrix(cells.name, options, whole=not failed and not skipped)
    if options.long and not options.only and not options.matrix:
        coverage(options)
    print("slowest: " + ", ".join("%s %.0f s" % (job.name, job.seconds)
                                  for job in sorted(jobs, key=lambda job: -job.seconds)[:5]))
    print("seed %d, %.0f s" % (options.seed, time.monotonic() - started))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
