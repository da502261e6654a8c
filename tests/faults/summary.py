#!/usr/bin/python3
"""Brings the counts of the last fault tests into docs/reliability.md: summary.py [DIRECTORY], else .build/faults."""

import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "reliability.md")
BEGIN, END = "<!-- counts: begin -->\n", "<!-- counts: end -->\n"
WHAT = {"N1": "lines cut", "N2": "stalls and drips", "N3": "cut between the data and the OK", "N4": "cut below TLS",
        "N5": "answers put off",
        "P1": "kills", "P2": "failed calls", "P3": "signals, --until", "P4": "clock jumps", "F1": "full disks",
        "F2": "states lost, damaged, old", "F3": "second runs", "M1": "server restarts",
        "M2": "changes of UIDVALIDITY, kills with one", "M3": "sizes that lie", "M6": "kills without UIDPLUS",
        "M7": "messages refused or unreadable", "C1": "changes by a third client"}
COLUMNS = ("faults", "rounds", "lost", "doubled", "altered")


def gather(directory):
    rows, seeds, full = {}, set(), True
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            part = json.load(file)
        seeds.add(part["seed"])
        full = full and part["long"]
        for row, counts in part["rows"].items():
            sums = rows.setdefault(row, dict.fromkeys(COLUMNS, 0))
            for column in COLUMNS:
                sums[column] += counts[column]
    return rows, seeds, full


def table(rows, seeds, full):
    lines = ["With `--seed %s`%s:\n" % (", ".join(map(str, sorted(seeds))), " and `--long`" if full else ""), "",
             "| row | injected | how many | accounts compared | lost | doubled | altered |",
             "|---|---|---:|---:|---:|---:|---:|"]
    order = [row for row in WHAT if row in rows] + sorted(row for row in rows if row not in WHAT)
    for row in order:
        lines.append("| %s | %s | %s |" % (row, WHAT.get(row, ""), " | ".join(
            "{:,}".format(rows[row][column]) for column in COLUMNS)))
    sums = [sum(rows[row][column] for row in rows) for column in COLUMNS]
    lines.append("| | **all** | %s |" % " | ".join("**{:,}**".format(number) for number in sums))
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".build", "faults")
    rows, seeds, full = gather(directory)
    if not rows:
        print("nothing in %s: run tests/run --only faults first" % directory, file=sys.stderr)
        return 1
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    made = BEGIN + table(rows, seeds, full) + END
    page = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda match: made, page, flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
