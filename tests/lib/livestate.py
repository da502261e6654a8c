"""State files of many accounts as runs leave them, for what looks at them; and the page that shows them."""

import os
import re
import select
import socket
import sqlite3
import time

from harness import ROOT

VERSION = re.compile(r"mig__schema_current = \{(\d+)")
APPLICATION = re.compile(r"APPLICATION_ID (0x[0-9a-f]+)")


def pragmas():
    """(application id, schema version) that the library expects."""
    with open(os.path.join(ROOT, "libmigrate", "state", "schema.h"), encoding="utf-8") as header, \
            open(os.path.join(ROOT, "libmigrate", "state", "schema.c"), encoding="utf-8") as source:
        text = header.read() + source.read()
    return int(APPLICATION.search(text)[1], 0), int(VERSION.search(text)[1])


class LiveState:
    """`count` accounts, 500 in a file: the first is being copied, the second failed a message, the third was killed."""

    FILE = 500

    def __init__(self, directory, count):
        self.now, self.host = int(time.time()), socket.gethostname()
        os.mkdir(directory)
        for first in reversed(range(1, count + 1, self.FILE)):
            self.db = self.open(os.path.join(directory, "%05d.db" % first))
            for number in range(first, min(count + 1, first + self.FILE)):
                self.add(number)
            self.db.commit()
        self.run(1, "copy", None, None)
        self.db.execute("INSERT INTO event (run, at, kind, text) VALUES ((SELECT max(id) FROM run), ?, 'to-copy', ?)",
                        (self.now - 100, "1000 %d" % self.db.execute("SELECT max(id) FROM message").fetchone()[0]))
        if count > 1:
            self.message(2, 4, "too-big", "the target refuses 50 MB <script>alert(1)</script>",
                         "Photos \u202e\u65e5\u672c")
            self.run(2, "copy", self.now - 50, "partial")
        if count > 2:
            self.db.execute("UPDATE run SET ended = NULL, status = NULL, pid = 999999999 WHERE account = 3")
        self.db.commit()

    @staticmethod
    def open(path):
        application, version = pragmas()
        db = sqlite3.connect(path)
        db.execute("PRAGMA synchronous = OFF")
        with open(os.path.join(ROOT, "libmigrate", "state", "schema.sql"), encoding="utf-8") as schema:
            db.executescript(schema.read())
        db.execute("PRAGMA application_id = %d" % application)
        db.execute("PRAGMA user_version = %d" % version)
        return db

    def add(self, number):
        self.db.execute("INSERT INTO account (id, source, target) VALUES (?, ?, ?)",
                        (number, "person%05d@old.example" % number, "person%05d@new.example" % number))
        self.db.execute("INSERT INTO folder (id, account, source, target, source_uidvalidity, source_uidnext, "
                        "source_messages, source_modseq, target_uidvalidity, target_uidnext, target_messages, "
                        "target_modseq, created) VALUES (?, ?, 'Entw&APw-rfe', 'Drafts', 1, 1, 1, 1, 1, 1, 1, 1, 1)",
                        (number, number))
        self.message(number, 1)
        self.run(number, "copy", self.now - 4000, "complete")

    def message(self, account, uid, code=None, text=None, subject=None):
        self.db.execute("INSERT INTO message (folder, source_uid, target_uid, state, octets, code, text, subject) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (account, uid, None if code else uid, 3 if code else 1, 1000 * account, code, text, subject))

    def run(self, account, verb, ended, status):
        self.db.execute("INSERT INTO run (account, verb, version, host, pid, uid, begun, ended, status, copied, "
                        "failed, octets) VALUES (?, ?, '0.1.0', ?, ?, 0, ?, ?, ?, 1, 0, 1000)",
                        (account, verb, self.host, os.getpid(), (ended or self.now) - 100, ended, status))

    def copied(self, uids):
        """The first account's run gets on."""
        for uid in uids:
            self.message(1, uid)
        self.db.commit()


def page_url(process, timeout=60):
    """The address that `--serve` or `--live` prints on standard error; what came before it is skipped."""
    deadline, text = time.monotonic() + timeout, b""
    while True:
        ready = select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))[0]
        piece = os.read(process.stderr.fileno(), 4096) if ready else b""
        text += piece
        found = re.search(rb"^live page: (\S+)\n", text, re.M)
        if found:
            return found[1].decode()
        if not piece:
            raise TimeoutError("no page: " + text.decode())
