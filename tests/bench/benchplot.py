"""A plot of the medians as SVG: one bar a measurement, messages a second, on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

GROUPS = (  # title, colour, prefixes of the measurements' names
    ("what the servers can do", "#8a8f98", ("canned",)),
    ("mailmigrate", "#1f6fb2", ("copy", "long copy", "verify")),
    ("others", "#c98a1b", ("interimap", "mbsync", "imapsync")))
LEFT, WIDTH, BAR, GAP, TOP = 260, 560, 16, 6, 64


def _bars(results):
    """(group's title, colour, [(name, rate)]) of the groups that hold anything."""
    for title, colour, prefixes in GROUPS:
        names = [name for name in results.samples if name.startswith(prefixes)]
        if names:
            yield title, colour, [(name, results.median(name, "rate")) for name in names]


def _text(x, y, text, size=12, anchor="start", colour="#222"):
    return '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" fill="%s">%s</text>' % (
        x, y, size, anchor, colour, escape(text))


def svg(results, title):
    groups = list(_bars(results))
    if not groups:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    rates = [rate for _, _, bars in groups for _, rate in bars]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)) + 0.01)

    def position(rate):
        return LEFT + WIDTH * (math.log10(rate) - low) / (high - low)

    body, y = [], TOP
    for group, colour, bars in groups:
        y += 22
        body.append(_text(LEFT, y - 6, group, 13, colour=colour))
        for name, rate in bars:
            body.append(_text(LEFT - 8, y + BAR - 4, name, anchor="end"))
            body.append('<rect x="%d" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (
                LEFT, y, position(rate) - LEFT, BAR, colour))
            body.append(_text(position(rate) + 5, y + BAR - 4, "{:,.0f}".format(rate), 11))
            y += BAR + GAP
    grid = []
    for power in range(low, high + 1):
        x = position(10 ** power)
        grid.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/>' % (x, TOP, x, y))
        grid.append(_text(x, TOP - 6, "{:,}".format(10 ** power), 11, "middle", "#666"))
    head = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif">'
            '<rect width="100%%" height="100%%" fill="#fff"/>' % (LEFT + WIDTH + 80, y + 20))
    return "\n".join([head, _text(16, 24, title, 15), _text(16, 42, "messages a second, medians; logarithmic", 11)]
                     + grid + body + ["</svg>", ""])
