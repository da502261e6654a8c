"""COMPRESS=DEFLATE (RFC 4978) with a real server: on, off, and where the line is measured to be slow."""

import datetime
import unittest

import mailgen
from harness import SEED, Account, Pair
from relay import DOWN, UP, Relay

WHEN = datetime.datetime(2020, 1, 1, 10, tzinfo=datetime.timezone.utc)
ZLIB = {"extra": "protocol imap {\n  mail_plugins = imap_zlib\n}\n"}


class Compress(Pair):
    source_options = dict(ZLIB)
    target_options = dict(ZLIB, layout="fs")

    def copy_by_relay(self, *extra, rate=0, octets=60000, count=20):
        text = (b"A line of text that says little and deflates well.\r\n" * (octets // 52))
        messages = [mailgen.Message(("INBOX",), b"Subject: %d\r\n\r\n" % number + text, (), WHEN, "plain")
                    for number in range(count)]
        self.fill(messages)
        with Relay("127.0.0.1", self.source.port, rate=rate) as source, \
                Relay("127.0.0.1", self.target.port, rate=rate) as target:
            result = self.copy(Account.on(self.source, self.user, "plain", port=source.port),
                               Account.on(self.target, self.user, "plain", port=target.port), "--connections", "1",
                               *extra)
            passed = source.bytes[DOWN], target.bytes[UP]
        self.assert_same(self.login(self.source), self.login(self.target), result)
        self.assertEqual(result.totals["copied"], count)
        return passed, result.totals["bytes"]

    def test_on(self):
        (down, up), octets = self.copy_by_relay("--compress", "on")
        self.assertLess(down * 5, octets)
        self.assertLess(up * 5, octets)

    def test_off(self):
        (down, up), octets = self.copy_by_relay("--compress", "off")
        self.assertGreater(down, octets)
        self.assertGreater(up, octets)

    def test_auto_leaves_a_fast_line_alone(self):
        (down, up), octets = self.copy_by_relay()
        self.assertGreater(down, octets)
        self.assertGreater(up, octets)

    def test_auto_begins_on_a_slow_line(self):
        (down, _), octets = self.copy_by_relay(rate=1000000, count=120)
        self.assertLess(down, octets * 9 // 10)

    def test_all_kinds_of_mail(self):
        self.fill(mailgen.generate(SEED, 80))
        self.copy_and_compare("--compress", "on")


if __name__ == "__main__":
    unittest.main()
