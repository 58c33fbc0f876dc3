"""Try hard to find something wrong, and say how hard: what ``make trust`` runs.

    python -m tests.trust [--share S] [--write docs/trust.md] [PART ...]

Each part is a module beside this one with ``figures(share)``; CI runs small shares of
the same functions as tests. ``--share 1`` is the size that docs/trust.md states. Ends
with 1 when anything went wrong.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.trust.figures import Figure

PARTS = (
    "oracle",
    "laws",
    "solvers",
    "numbers",
    "faults",
    "hostile",
    "repeated",
    "soak",
    "mutation",
    "supply",
)
HEAD = "| what was tried | times | wrong | |\n|---|---|---|---|\n"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def run_part(name: str, share: float) -> tuple[list[Figure], float]:
    """Return the figures of one part, and the seconds it took."""
    started = time.monotonic()
    found = import_module(f"tests.trust.{name}").figures(share)
    return found, time.monotonic() - started


def table(name: str, found: list[Figure], seconds: float, share: float) -> str:
    """Return a part's figures as a section of the page."""
    rows = "".join(
        f"| {f.what} | {f.tried:,} | {f.wrong:,} | {f.note} |\n" for f in found
    )
    command = f"python -m tests.trust --share {share:g} {name}"
    return f"### {name}\n\n`{command}`, {seconds:.0f} s\n\n{HEAD}{rows}\n"


def write(page: Path, sections: dict[str, str]) -> None:
    """Put sections in their place on the page; parts that were not run stay."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    middle, after = rest.split(END)
    kept = {
        part.split("\n", 1)[0]: "### " + part for part in middle.split("### ")[1:]
    } | sections
    ordered = "".join(kept[name] for name in PARTS if name in kept)
    text = f"{before}{BEGIN}\n{ordered}{END}{after}"
    page.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", default=list(PARTS))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {PARTS}")
    sections, wrong = {}, 0
    print(f"Python {platform.python_version()} on {platform.system()}")
    for name in asked.parts:
        found, seconds = run_part(name, asked.share)
        sections[name] = table(name, found, seconds, asked.share)
        wrong += sum(figure.wrong for figure in found)
        print(sections[name], flush=True)
        if asked.write:
            write(asked.write, sections)
    print(f"{wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
