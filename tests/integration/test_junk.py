"""--junk: left out, last, or by age; the same mail for copying, taking stock, verifying and exporting."""

import datetime
import os
import unittest

import mailgen
from harness import DONE, SEED, USAGE, Pair


class Junk(Pair):
    """On Dovecot: a folder with the role, one of that name, and $Junk in INBOX."""

    def setUp(self):
        super().setUp()
        connection = self.login(self.source)
        maker = mailgen.Generator(SEED)
        today = datetime.datetime.now(datetime.timezone.utc)
        self.good, self.junk, self.old = [], [], []
        connection.create("Spam")
        for number in range(30):
            octets = maker.plain()
            junk, old = number % 3 == 1, number % 2 == 1
            folder = "Spam" if junk and number % 4 < 2 else "INBOX"
            flags = "($Junk)" if junk and folder == "INBOX" else "(\\Seen)"
            when = today - datetime.timedelta(days=90 if old else 2)
            date = when.strftime('"%d-%b-%Y %H:%M:%S +0000"')
            self.assertEqual(connection.append(folder, flags, date, octets)[0], "OK")
            (self.junk if junk else self.good).append(octets)
            if junk and old:
                self.old.append(octets)

    def there(self):
        found = []
        connection = self.login(self.target)
        for folder in ("INBOX", "Spam"):
            if connection.select(folder, readonly=True)[0] == "OK":
                numbers = connection.search(None, "ALL")[1][0].split()
                found += [(folder, connection.fetch(number, "(BODY.PEEK[])")[1][0][1]) for number in numbers]
        return found

    def octets(self):
        return sorted(octets for _, octets in self.there())

    def run_verb(self, verb, *extra, expect=DONE, sides=("source", "target")):
        path = os.path.join(self.dir, "other.json")
        arguments = []
        for name, account in zip(("source", "target"), self.accounts()):
            arguments += account.arguments(name, self.dir) if name in sides else []
        result = self.run_command([self.command(*self.accounts())[0], *verb, *arguments, "--json", path, *extra],
                                  json_path=path)
        self.assertEqual(result.status, expect, str(result))
        return result

    def test_skip(self):
        stock, = self.run_verb(["inventory"], "--junk", "skip").json["accounts"]
        self.assertEqual((stock["messages"], stock["forecast"]["left_messages"]), (len(self.good), len(self.good)))
        self.assertEqual(stock["selected"], "without junk")
        result = self.copy(*self.accounts(), "--junk", "skip")
        self.assertEqual(result.totals["copied"], len(self.good))
        self.assertEqual(self.octets(), sorted(self.good))
        self.run_verb(["verify"], "--state", self.state)
        self.run_verb(["verify"], "--against", "source", "--junk", "skip")
        path = os.path.join(self.dir, "mail.tar")
        done = self.run_verb(["archive", "export", path], "--junk", "skip", sides=("source",))
        self.assertEqual(done.json["totals"]["messages"], len(self.good))
        everything = self.copy(*self.accounts())
        self.assertEqual(everything.totals["copied"], len(self.junk))

    def test_max_age(self):
        for rule in ("max-age=30", "max-age 30"):
            stock, = self.run_verb(["inventory"], "--junk", rule).json["accounts"]
            self.assertEqual(stock["messages"], 30 - len(self.old))
        self.copy(*self.accounts(), "--junk", "max-age=30")
        self.assertEqual(self.octets(), sorted(octets for octets in self.good + self.junk if octets not in self.old))
        self.run_verb(["verify"], "--against", "source", "--junk", "max-age=30")

    def test_last(self):
        result = self.copy(*self.accounts(), "--junk", "last", "--connections", "1", "--ordered")
        self.assertEqual((result.totals["copied"], result.totals["left_messages"]), (30, 0))
        inbox = [octets for folder, octets in self.there() if folder == "INBOX"]
        marked = [octets in self.junk for octets in inbox]
        self.assertGreater(sum(marked), 0)
        self.assertEqual(marked, sorted(marked), "junk stands before other mail")
        self.assertEqual(self.octets(), sorted(self.good + self.junk))
        again = self.copy(*self.accounts(), "--junk", "last")
        self.assertEqual((again.totals["already"], again.totals["copied"]), (30, 0))

    def test_a_limit_is_spent_on_other_mail_first(self):
        limit = sum(map(len, self.good))
        self.copy(*self.accounts(), "--junk", "last", "--daily-limit", str(limit), expect=None)
        self.assertEqual([octets for octets in self.octets() if octets in self.junk], [])

    def test_it_is_counted(self):
        stock, = self.run_verb(["inventory"]).json["accounts"]
        self.assertEqual(stock["junk"]["messages"], len(self.junk))

    def test_what_is_no_rule(self):
        for rule in ("none", "max-age", "max-age=", "max-age=0", "max-age=x", "max-age30"):
            result = self.copy(*self.accounts(), "--junk", rule, expect=USAGE)
            self.assertIn("max-age=DAYS", result.err)


if __name__ == "__main__":
    unittest.main()
