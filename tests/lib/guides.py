"""The guides of docs/guides: their blocks of commands, and what each says that a test puts in the place of what.

A block of commands is fenced as ```sh. The table at the end of a guide, under "How this page is tested", has words of
the page in backticks, or an occasion in plain words, and beside them what the test has instead.
"""

import os
import re
import signal
import subprocess
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECTION = "## How this page is tested"
HEAD = "| in this page | in the test |"
FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```$", re.M | re.S)
STATUS = re.compile(r"# ends with status (\d(?: or \d)*)\s*$")

Block = namedtuple("Block", "line language text")
Row = namedtuple("Row", "words instead")  # words: a list of literals of the page, or the occasion as a string


class Guide:
    def __init__(self, path):
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.body, _, self.end = self.text.partition(SECTION)
        self.fenced = [Block(self.text.count("\n", 0, found.start()) + 1, found[2],
                             re.sub("^" + found[1], "", found[3], flags=re.M)) for found in FENCE.finditer(self.text)]
        self.commands = [block for block in self.fenced if block.language == "sh"]
        self.rows = self.table(self.end)

    @staticmethod
    def table(text):
        rows = []
        for line in text.partition(HEAD)[2].splitlines()[2:]:
            left, right = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append(Row(re.findall(r"`([^`]+)`", left) or left, right))
        return rows

    def script(self, replaced, between=""):
        """All blocks as one script for bash, with the literals of `replaced` in the place of the page's.

        A line "# ends with status 0 or 1" says how the block may end; else each of its commands has to end well. The
        script prints which block it is at.
        """
        parts = ["set -e -o pipefail"]
        for block in self.commands:
            text = block.text
            for old, new in replaced.items():
                text = text.replace(old, new)
            expected = STATUS.search(block.text.strip())
            parts.append("echo; echo '== the block at line %d'" % block.line)
            if expected:
                parts.append("set +e\n%s\ngot=$?\nset -e" % text)
                parts.append("[[ ' %s ' == *\" $got \"* ]]" % expected[1].replace(" or ", " "))
            else:
                parts.append(text)
            parts.append(between)
        return "\n".join(parts) + "\n"


def guides():
    """All of them, by their file's name."""
    directory = os.path.join(ROOT, "docs", "guides")
    names = sorted(name for name in os.listdir(directory) if name.endswith(".md"))
    return {name: Guide(os.path.join(directory, name)) for name in names}


def run(script, typed="", env=None, cwd=None, prefix=(), timeout=300):
    """Run a script of Guide.script. Returns (exit status, line of the last block begun, what was printed)."""
    with subprocess.Popen([*prefix, "bash", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True) as process:
        try:
            out = process.communicate(typed.encode(), timeout)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out = process.communicate()[0].decode("utf-8", "replace") + "\nnot done after %d seconds" % timeout
    begun = re.findall(r"^== the block at line (\d+)$", out, flags=re.M)
    return process.returncode, int(begun[-1]) if begun else 0, out
