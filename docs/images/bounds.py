"""Draw the picture of the package of bounds (``bounds.svg``): run after it changes.

Rows are layers: a module imports only from rows below its own, which a test holds.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent

# Rows from the top: what each module is for, in a few words.
ROWS = [
    {"warming": "compile all before a clock starts"},
    {
        "center": "p-center: halve the radii",
        "parts": "what nothing couples, apart",
        "within": "what sets within a limit share",
    },
    {
        "median": "p-median, p or a budget",
        "covering": "maximal covering",
        "cover": "covering everyone",
        "band": "population bands",
    },
    {
        "search": "the chain",
        "dominance": "rows and sites that others replace",
        "bandsearch": "the chain for bands",
    },
    {
        "descent": "branch on prices",
        "branching": "branch and cut",
        "bandtree": "branch and price",
    },
    {
        "pricing": "climb, offer what is met",
        "master": "Benders cuts, HiGHS",
        "generation": "columns by prices",
        "picking": "a plan from columns",
        "compact": "the rest, by HiGHS",
    },
    {"ascent": "what is left of bands; climb, drop"},
    {
        "left": "what is left, with its bound",
        "incumbent": "the best set known",
        "served": "the best plan known",
    },
    {
        "lagrange": "prices, bound, fixing",
        "interchange": "swaps, neighbourhoods",
        "partition": "columns, HiGHS",
        "transport": "who goes where, split",
    },
    {
        "catchments": "prices of sites, bound, fixing",
        "assigning": "regret, shifts, swaps, moves",
    },
    {
        "reach": "who is within reach",
        "rooms": "p or a budget",
        "packing": "what one site serves best",
    },
    {"lists": "sites of each point by cost, with a cap"},
    {"compiled": "numba, with a cache where one can be", "clock": "when to stop"},
]
PART = {
    "search": "#e6eef7",
    "bandsearch": "#e6eef7",
    "descent": "#e3f1e1",
    "branching": "#e3f1e1",
    "pricing": "#e3f1e1",
    "master": "#e3f1e1",
    "left": "#e3f1e1",
    "incumbent": "#e3f1e1",
    "lagrange": "#e3f1e1",
    "interchange": "#e3f1e1",
    "bandtree": "#e3f1e1",
    "generation": "#e3f1e1",
    "picking": "#e3f1e1",
    "compact": "#e3f1e1",
    "ascent": "#e3f1e1",
    "partition": "#e3f1e1",
    "served": "#e3f1e1",
    "transport": "#e3f1e1",
    "assigning": "#e3f1e1",
    "catchments": "#e3f1e1",
    "packing": "#e3f1e1",
}
PROBLEMS = {"center", "median", "covering", "cover", "band", "parts"}
WIDTH, HEIGHT, LEFT, GAP = 860, 44, 20, 8


def draw() -> str:
    """Return the picture as SVG text."""
    total = len(ROWS) * (HEIGHT + GAP) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{total}" fill="white"/>',
        f'<text x="{LEFT}" y="24" fill="#444">Problems (orange) become one question '
        "about lists; the chain (blue) answers it with its algorithms (green).</text>",
    ]
    for number, row in enumerate(ROWS):
        top = 40 + number * (HEIGHT + GAP)
        each = (WIDTH - 2 * LEFT - GAP * (len(row) - 1)) / len(row)
        for place, (module, words) in enumerate(row.items()):
            left = LEFT + place * (each + GAP)
            fill = "#fde8c8" if module in PROBLEMS else PART.get(module, "#f2f2f2")
            parts += [
                f'<rect x="{left:.0f}" y="{top}" width="{each:.0f}" '
                f'height="{HEIGHT}" rx="4" fill="{fill}" stroke="#7a8ca0"/>',
                f'<text x="{left + 8:.0f}" y="{top + 18}" '
                f'font-weight="bold">{module}</text>',
                f'<text x="{left + 8:.0f}" y="{top + 35}" '
                f'fill="#444" font-size="11">{words}</text>',
            ]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    (HERE / "bounds.svg").write_text(draw(), "utf-8")
