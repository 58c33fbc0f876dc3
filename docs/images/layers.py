"""Draw the picture of the layers (``layers.svg``): run after a layer changes.

The layers are read from the import contract in ``pyproject.toml``, so that picture and
contract cannot differ; a test compares the file with what this script draws.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1] / "pyproject.toml"

# What each module is for, in a few words.
WORDS = {
    "cli": "commands, exit codes, terminal",
    "review": "a run in the browser: decide, solve again",
    "pipeline": "the run in order",
    "charts": "the frontier on paper and screen",
    "export": "csv, json, GeoPackage",
    "maps": "map.png, map.pdf, map.html",
    "report": "report.docx, report.pdf",
    "workbook": "plan.xlsx",
    "register": "placements → the planner's register",
    "compare": "two plans side by side",
    "scenarios": "what if the numbers are wrong",
    "summary": "sums by county, service, clause, site",
    "outcome": "every figure, computed once",
    "frontier": "what two objectives cost one another",
    "diagnose": "what is missing when no plan exists",
    "reasons": "what a choice is worth",
    "textbook": "briefs that need no program",
    "parts": "counties that share a budget",
    "bounds": "location problems, solved with proof",
    "solve": "HiGHS through PuLP; what was proved",
    "formulation": "rules → integer program",
    "audit": "rules → verdicts, no solver",
    "accessibility": "shares, minutes, 2SFCA, Gini",
    "scores": "choosing among equals",
    "catchments": "the ground each site serves",
    "networks": "groups around lead hospitals",
    "decisions": "what a review decided",
    "load": "files → planning area",
    "travel": "minutes and km per pair",
    "policy": "packs → rules as data",
    "area": "zones, sites, demand",
    "plan": "placements, assignments",
    "tables": "columns, units, aliases",
    "provenance": "fingerprints, versions",
    "resources": "bundled packs and samples",
    "schema": "checked TOML",
    "progress": "how work reports",
    "errors": "findings, exit codes",
}
WIDTH, HEIGHT, LEFT, GAP = 860, 44, 20, 8


def layers() -> list[list[str]]:
    """Return the layers of the import contract, top first."""
    contracts = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["importlinter"]
    return [
        [name.strip() for name in layer.split("|")]
        for layer in contracts["contracts"][0]["layers"]
    ]


def draw() -> str:
    """Return the picture as SVG text."""
    rows = layers()
    total = len(rows) * (HEIGHT + GAP) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{total}" fill="white"/>',
        f'<text x="{LEFT}" y="24" fill="#444">A module imports only from rows below '
        "its own; modules in one row do not see each other.</text>",
    ]
    for number, modules in enumerate(rows):
        top = 40 + number * (HEIGHT + GAP)
        each = (WIDTH - 2 * LEFT - GAP * (len(modules) - 1)) / len(modules)
        for place, module in enumerate(modules):
            left = LEFT + place * (each + GAP)
            apart = module in {"formulation", "audit"}
            fill = "#fde8c8" if apart else "#e6eef7"
            parts += [
                f'<rect x="{left:.0f}" y="{top}" width="{each:.0f}" '
                f'height="{HEIGHT}" rx="4" fill="{fill}" stroke="#7a8ca0"/>',
                f'<text x="{left + 8:.0f}" y="{top + 18}" '
                f'font-weight="bold">{module}</text>',
                f'<text x="{left + 8:.0f}" y="{top + 35}" '
                f'fill="#444" font-size="11">{WORDS[module]}</text>',
            ]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    (HERE / "layers.svg").write_text(draw(), "utf-8")
