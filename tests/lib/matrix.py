"""The tables of docs/servers.md: tests note what they found in each cell, `tests/run --matrix` writes the page."""

import contextlib
import json
import os


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
