"""Runs the tests of one test_*.py: runmodule.py FILE [--only=PATTERN].

Writes a JSON line a test to $MIG_TEST_RESULTS, or readable lines when that is not set, for running a file by hand.
"""

import importlib.util
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runner import matches  # noqa: E402 (needs the path)


class Result(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self.out, self.started = out, 0.0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        print("--- " + short_name(test), flush=True)

    def report(self, test, result, text=""):
        if self.out:
            self.out.write(json.dumps({"name": short_name(test), "result": result, "text": text}) + "\n")
            self.out.flush()
        else:
            print("%s %s (%.1f s) %s" % (result, short_name(test), time.monotonic() - self.started, text), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "skip", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(test, "FAIL", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.report(test, "FAIL", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.report(subtest, "FAIL", kind[-1][1])


def short_name(test):
    """Class.test, with the parameters of a sub-test; what unittest says of a failed setUpModule as it is."""
    parts = test.id().split(".")
    return test.id() if len(parts) < 2 else ".".join(parts[1:])


def load(path):
    """The module of a test file; files of one directory may import one another."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def select(suite, pattern):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from select(item, pattern)
        elif matches(pattern, item.id()) or matches(pattern, short_name(item)):
            yield item


def main():
    path = sys.argv[1]
    pattern = sys.argv[2].removeprefix("--only=") if len(sys.argv) > 2 else ""
    module = load(path)
    tests = unittest.TestSuite(select(unittest.defaultTestLoader.loadTestsFromModule(module), pattern))
    results = os.environ.get("MIG_TEST_RESULTS")
    with open(results or os.devnull, "w", encoding="utf-8") as out:
        result = Result(out if results else None)
        tests.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
