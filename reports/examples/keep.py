"""Keep a run of the Nanchang sample as the example, and make the gallery of the README.

    python reports/examples/keep.py reports/out/nanchang

`make examples` plans the sample and then calls this. Report, map and workbook are
copied as they are; the printed map gets a palette, which makes it a third as large.
What the run rests on is written beside them, so that a test sees when the example is
of yesterday.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE / "nanchang"
GALLERY = HERE.parents[1] / "docs" / "images"
COPIED = ("report.docx", "report.pdf", "plan.xlsx", "map.html")
COLOURS = 255  # of the printed map's palette
FIGURES = (
    "present",
    "proposed",
    "coverage_before",
    "coverage_after",
    "emergency",
    "catchments",
    "networks",
)
WIDTH = 1120  # of a picture of the gallery, pixels
GALLERY_COLOURS = 200
# What the run rests on and came to; no times, so that the same plan is kept the same.
KEPT = ("name", "status", "language", "totals", "audit", "inputs")


def keep(run: Path) -> None:
    """Copy what is kept of a run folder, and draw the gallery from its figures."""
    EXAMPLE.mkdir(exist_ok=True)
    for name in COPIED:
        shutil.copyfile(run / name, EXAMPLE / name)
    with Image.open(run / "map.png") as picture:
        _save(picture, EXAMPLE / "map.png", COLOURS)
    certificate = json.loads((run / "run.json").read_text("utf-8"))
    kept = {name: certificate[name] for name in KEPT}
    text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)
    (EXAMPLE / "kept.json").write_text(text + "\n", "utf-8")
    for name in FIGURES:
        with Image.open(run / "figures" / f"{name}.png") as picture:
            height = round(WIDTH * picture.height / picture.width)
            small = picture.convert("RGB").resize(
                (WIDTH, height), Image.Resampling.LANCZOS
            )
            _save(small, GALLERY / f"gallery-{name}.png", GALLERY_COLOURS)


def _save(picture: Image.Image, path: Path, colours: int) -> None:
    """Write a picture with a palette, the same bytes for the same picture."""
    # Every fill of the legend keeps its own colour; the median cut would mix them.
    palette = picture.convert("RGB").quantize(
        colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    palette.save(path, optimize=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
