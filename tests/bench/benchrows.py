"""What speed is asked, row by row, against what was measured."""

MEGABYTE = 1 << 20


class Row:
    """One demand: how far we are (`value`), the bound, and whether it holds; value None: it was not measured."""

    def __init__(self, what, asked, value, bound, at_most, unit="x", raw=""):
        self.what, self.asked, self.value, self.unit, self.raw = what, asked, value, unit, raw
        self.met = None if value is None else (value <= bound if at_most else value >= bound)

    @property
    def verdict(self):
        return {None: "not measured", True: "met", False: "NOT met"}[self.met]

    @property
    def measured(self):
        if self.value is None:
            return "-"
        return ("%.0f%s" if self.unit not in ("x", " MiB") else "%.2f%s" if self.unit == "x" else "%.1f%s") % (
            self.value, self.unit)

    def as_json(self):
        return dict(what=self.what, asked=self.asked, measured=self.value, unit=self.unit.strip(), met=self.met,
                    raw=self.raw)


def _rates(results, *names):
    """The medians of the things compared, in messages a second."""
    return ", ".join("%s %.0f/s" % (name, results.median(name, "rate")) for name in names if name in results)


def _best(ratio):
    return "; best of each: %.2fx" % ratio if ratio else ""


def _within(results, what, bound, ours, limit):
    return Row(what, "within %.2f" % bound, results.ratio(ours, limit), bound, True,
               raw=_rates(results, ours, limit) + _best(results.ratio_of_best(ours, limit)))


def _times(results, what, bound, peer, ours, limit=None):
    """`limit`: the servers' own, to be shown beside it where it says how much could be had at all."""
    own = results.ratio(peer, limit) if limit else None
    return Row(what, "at least %d times" % bound, results.ratio(peer, ours), bound, False,
               raw=_rates(results, ours, peer) + _best(results.ratio_of_best(peer, ours)) +
               ("; the canned stream: %.2fx" % own if own else ""))


def _memory(results, what, name):
    """The larger of the tool's own word and time(1)'s."""
    known = [value for value in (results.median(name, "peak_rss"), results.median(name, "max_rss")) if value]
    raw = "json %.1f MiB, time -v %.1f MiB, %.1f s" % (
        (results.median(name, "peak_rss") or 0) / MEGABYTE, (results.median(name, "max_rss") or 0) / MEGABYTE,
        results.median(name)) if name in results else ""
    return Row(what, "at most 64 MiB", max(known) / MEGABYTE if known else None, 64, True, " MiB", raw)


def _trips(results, what, name):
    raw = "%.2f s" % results.median(name) if name in results else ""
    return Row(what, "at most 8", results.median(name, "round_trips"), 8, True, " round trips", raw)


def rows(results, count):
    """All rows of the table, in its order."""
    loopback, line = "copy multi 0 ms plain 4", "copy multi 40 ms plain 4"
    loopback8, line8 = "copy multi 0 ms plain 8", "copy multi 40 ms plain 8"
    some = "{:,} messages".format(count)
    one_trip = results.median("copy plain 40 ms plain 4", "rate")
    return [
        _within(results, some + ", loopback, MULTIAPPEND, 1 connection: by the canned stream", 1.25,
                "copy multi 0 ms plain 1", "canned multi 1"),
        _within(results, "the same, 2 connections", 1.25, "copy multi 0 ms plain 2", "canned multi 2"),
        _within(results, "the same, 4 connections", 1.25, loopback, "canned multi 4"),
        _within(results, "the same, 8 connections", 1.25, loopback8, "canned multi 8"),
        _within(results, "a scanner that answers at once: by the copy without", 1.15, loopback + " scanned", loopback),
        _times(results, "faster than interimap, 4 connections", 3, "interimap 0 ms", loopback, "canned multi 4"),
        _times(results, "faster than interimap, 8 connections", 3, "interimap 0 ms", loopback8, "canned multi 8"),
        _times(results, "faster than imapsync, 4 connections", 12, "imapsync 0 ms", loopback),
        _times(results, "faster than imapsync, 8 connections", 12, "imapsync 0 ms", loopback8),
        _within(results, "40 ms round trip: by loopback", 1.3, line, loopback),
        _times(results, "40 ms: faster than interimap, 4 connections", 4, "interimap 40 ms", line),
        _times(results, "40 ms: faster than interimap, 8 connections", 4, "interimap 40 ms", line8),
        _times(results, "40 ms: faster than imapsync", 200, "imapsync 40 ms", line),
        _within(results, "LITERAL+, no MULTIAPPEND, 40 ms: by the canned stream over the same line", 1.3,
                "copy append 40 ms plain 4", "canned append 4 at 40 ms"),
        Row("no LITERAL+, 40 ms, 4 connections", "at least 85/s", one_trip, 85, False, "/s",
            "of 100/s possible" if one_trip else ""),
        _trips(results, "nothing new, %s, 40 ms" % some, "again 40 ms"),
        _trips(results, "nothing new, 100,000 messages, 40 ms", "long again 40 ms"),
        _within(results, "full verify: by the drained FETCH", 1.3, "verify", "canned fetch of the target"),
        _memory(results, "memory, 100,000 messages in one folder", "long copy 40 ms"),
        _memory(results, "memory, a message of 200 MB", "large copy"),
    ]


def table(found):
    """The rows as text."""
    lines = ["%-72s  %-18s  %-15s  %-12s  %s" % ("", "asked", "measured", "", "raw (medians)")]
    lines += ["%-72s  %-18s  %-15s  %-12s  %s" % (row.what, row.asked, row.measured, row.verdict, row.raw)
              for row in found]
    return "\n".join(line.rstrip() for line in lines)


def figures(results):
    """Every median as text."""
    lines = ["%-34s %4s %9s %11s %9s %8s %6s %9s" % ("", "runs", "seconds", "messages/s", "spread", "CPU s", "trips",
                                                     "peak MiB")]
    for name, samples in results.samples.items():
        seconds = [sample.seconds for sample in samples]
        cpu, trips, peak = (results.median(name, key) for key in ("cpu", "round_trips", "max_rss"))
        lines.append("%-34s %4d %9.3f %11.0f %8.0f%% %8s %6s %9s" % (
            name, len(samples), results.median(name), results.median(name, "rate"),
            100 * (max(seconds) - min(seconds)) / min(seconds), "%.2f" % cpu if cpu is not None else "",
            "%.0f" % trips if trips is not None else "", "%.1f" % (peak / MEGABYTE) if peak else ""))
    return "\n".join(lines)
