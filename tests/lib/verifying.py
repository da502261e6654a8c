"""What the tests of `mailmigrate verify` share: runs of it, and findings as short tuples."""

import json
import os
import re

from harness import DONE, PARTIAL, Account, Pair, Result, program

COUNTED = ("identical", "stored_differently", "present", "size_differs", "altered", "missing", "wrong_place", "extra",
           "arrived", "duplicated", "unreadable", "withheld", "not_copied", "flags_differ", "flags_added",
           "dates_differ", "infected", "folder_missing", "unproven")


class Verifying:
    """Runs of verify, for a test case of the whole tool."""

    def verify_command(self, source, target, *extra, preset="asan", state=None):
        """The source's password is given only where the tool may need it."""
        arguments = source.arguments("source", self.dir)
        if "source" not in extra:
            at = arguments.index("--source-password-file")
            del arguments[at:at + 2]
        return ([program(preset), "verify"] + arguments + target.arguments("target", self.dir)
                + ["--state", state or self.state, "--json", self.path("verify.json")] + list(extra))

    def path(self, name):
        return os.path.join(self.dir, name)

    def read(self, name, mode="r"):
        with open(self.path(name), mode, encoding=None if "b" in mode else "utf-8") as file:
            return file.read()

    def verify(self, *extra, expect=DONE, source=None, target=None, scheme="imaps", **options):
        """Run it with the test's user on both servers; the exit status must be `expect`."""
        ours = (source, target) if source and target else [Account.on(server, self.user, scheme)
                                                           for server in (self.source, self.target)]
        json_path = self.path("verify.json")
        if os.path.exists(json_path):
            os.unlink(json_path)
        run_options = {key: options.pop(key) for key in ("timeout", "env") if key in options}
        result = self.run_command(self.verify_command(source or ours[0], target or ours[1], *extra, **options),
                                  json_path=json_path, **run_options)
        self.assertEqual(result.status, expect, str(result))
        if result.json:
            self.check_sums(result)
        return result

    def check_sums(self, result):
        """Findings, folders and totals must agree with each other."""
        self.assertEqual(result.json["exit"], result.status)
        for account in result.json["accounts"]:
            for folder in account["folders"]:
                mine = [f for f in account["findings"] if (f["folder"], f["target_folder"]) ==
                        (folder["source"], folder["target"])]
                for kind in COUNTED:
                    if kind not in ("identical", "present", "arrived", "unproven"):
                        listed = sum(f["messages"] for f in mine if f["kind"] == kind)
                        self.assertEqual(folder[kind], listed, (folder, kind))
        for kind in COUNTED:
            folders = [f for a in result.json["accounts"] for f in a["folders"]]
            self.assertEqual(result.totals[kind], sum(f[kind] for f in folders), kind)

    def counts(self, result):
        """The kinds that occur, with their numbers."""
        return {kind: result.totals[kind] for kind in COUNTED if result.totals[kind]}

    def findings(self, result, *members):
        """Each finding as a tuple of members ("kind" first), sorted."""
        members = ("kind",) + (members or ("folder", "subject"))
        listed = [tuple(f[m] for m in members) for a in result.json["accounts"] for f in a["findings"]]
        return sorted(listed, key=repr)

    def damaged(self, *extra, **options):
        return self.verify(*extra, expect=PARTIAL, **options)


class VerifyCase(Verifying, Pair):
    """Two servers, and a copy to look at."""
