"""The tables of docs/servers.md: tests note what they found in a cell, `tests/run --long --matrix` writes the page."""

import contextlib
import json
import os

INTRODUCTION = """\
# Servers and providers

Which servers were met in tests, on which side, and what each of them does to mail that another server would not. This
page is written by `tests/run --long --matrix` from what the tests saw; nothing in it is written by hand.

Each cell stands for a copy of everything, a second run that sends nothing, and a verification of every message by
content. At the end octets, flags, dates, folders and subscriptions are compared by a program that shares no code with
mailmigrate. A number in parentheses is a difference that is known and expected there, message by message: it is
explained below the table, and any other difference fails the test.
"""

TABLES = (
    ("pairings", "Servers", "The source stands at the left, the target on top. The servers are those of Debian 12\n"
     "(Dovecot 2.3, Cyrus IMAP 3.6, Courier IMAP 5.0), with the mail of the test corpus and every sort of broken\n"
     "message that the tests can make. Each pairing is run without a delay and at 40 ms round trip."),
    ("providers", "Hosted providers and difficult servers", "These are imitations: servers in the tests that do what\n"
     "is publicly known of each. The other side takes and gives everything. Times are round trips."),
)


class Cell:
    def __init__(self, table, row, column):
        self.entry = {"table": table, "row": row, "column": column, "result": "FAILED", "text": "", "quirks": {}}

    def passed(self, text, quirks=()):
        """It works; `quirks` have a name and a text, and are what was met and expected."""
        self.entry.update(result="ok", text=text, quirks={quirk.name: quirk.text for quirk in quirks})


@contextlib.contextmanager
def cell(table, row, column):
    """Notes the cell when the block ends: failed unless cell.passed() was called in it. A skipped test notes none."""
    noted = Cell(table, row, column)
    try:
        yield noted
    except Exception as error:
        if type(error).__name__ != "SkipTest":
            note(noted.entry)
        raise
    note(noted.entry)


def note(entry):
    path = os.environ.get("MIG_TEST_MATRIX")
    if path:
        with open(path, "a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


def shown(entry, numbers):
    """The text of a cell, with the numbers of what is known there."""
    if entry is None:
        return "-"
    known = sorted(numbers[text] for text in entry["quirks"].values())
    text = "%s, %s" % (entry["result"], entry["text"]) if entry["text"] else entry["result"]
    return text + (" (%s)" % ", ".join(map(str, known)) if known else "")


def table_of(entries):
    """The lines of one table and of what is explained below it."""
    cells = {(entry["row"], entry["column"]): entry for entry in entries}
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    texts = sorted({text for entry in entries for text in entry["quirks"].values()})
    numbers = {text: number + 1 for number, text in enumerate(texts)}
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        line = [shown(cells.get((row, column)), numbers) for column in columns]
        lines.append("| **%s** | %s |" % (row, " | ".join(line)))
    return lines + [""] + ["%d. %s%s." % (number, text[0].upper(), text[1:]) for text, number in numbers.items()]


def page(entries):
    """docs/servers.md as text."""
    parts = [INTRODUCTION]
    for name, title, words in TABLES:
        here = [entry for entry in entries if entry["table"] == name]
        if here:
            parts.append("\n".join(["## " + title, "", words, ""] + table_of(here)).rstrip() + "\n")
    return "\n".join(parts)
