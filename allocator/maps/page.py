"""A sheet of paper to draw on, in points, with one Chinese font."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.path import Path as Outline

from allocator.maps.style import KEPT_COLOUR, NEW_ACTIONS
from allocator.resources import chinese_font

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from allocator.maps.frame import Window
    from allocator.maps.labels import Box
    from allocator.maps.style import Symbol

POINTS_OF_ONE_INCH = 72.0
DOTS_OF_ONE_INCH = 300
_MISSING = "〓"  # what typesetters put for a character that a font does not have
_EDGE = 0.5  # line width of a symbol's edge, points
_TRUETYPE = 42  # PDF font type that embeds only the characters used, selectable


@cache
def _characters() -> frozenset[int]:
    return frozenset(FT2Font(str(chinese_font())).get_charmap())


@cache
def font(size: float) -> FontProperties:
    """Return the Chinese font at a size in points."""
    return FontProperties(fname=str(chinese_font()), size=size)


def printable(text: str) -> str:
    """Return the text on one line, without characters that the font does not have."""
    known = _characters()
    return "".join(
        char if ord(char) in known else _MISSING for char in " ".join(text.split())
    )


@dataclass(frozen=True)
class Page:
    """A sheet of paper.

    Parameters
    ----------
    figure
        The sheet.
    axes
        All of it, in points, above everything else.
    width, height
        Its size, points.
    """

    figure: Figure
    axes: Axes
    width: float
    height: float

    def map_axes(self, frame: Box, window: Window) -> Axes:
        """Add a map: ``window`` of the ground in ``frame`` of the sheet."""
        axes = self.figure.add_axes(
            (
                frame.left / self.width,
                frame.bottom / self.height,
                (frame.right - frame.left) / self.width,
                (frame.top - frame.bottom) / self.height,
            ),
            xlim=(window.left, window.right),
            ylim=(window.bottom, window.top),
            xticks=(),
            yticks=(),
        )
        for spine in axes.spines.values():
            spine.set_linewidth(0.8)
        return axes

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        halo: bool = False,
        **options: Any,  # noqa: ANN401 (passed to matplotlib as they are)
    ) -> None:
        """Write one line; the place is its left end and its middle line."""
        style = {"ha": "left", "va": "center", "color": "#1a1a1a", **options}
        drawn = self.axes.text(
            x,
            y,
            printable(words),
            fontproperties=font(size),
            parse_math=False,
            **style,
        )
        if halo:
            stroke = patheffects.withStroke(linewidth=size / 4, foreground="white")
            drawn.set_path_effects([stroke])

    def line(
        self, xs: tuple[float, ...], ys: tuple[float, ...], **options: object
    ) -> None:
        """Draw a line."""
        style: dict[str, Any] = {"color": "#333333", "lw": 0.6, **options}
        self.axes.plot(xs, ys, **style)

    def box(self, box: Box, **options: object) -> None:
        """Draw a rectangle."""
        size = (box.right - box.left, box.top - box.bottom)
        style: dict[str, Any] = {"lw": 0.6, "ec": "#333333", "fc": "none", **options}
        self.axes.add_patch(Rectangle((box.left, box.bottom), *size, **style))

    def symbols(
        self,
        symbol: Symbol,
        points: Sequence[tuple[float, float]],
        size: float,
        action: str,
    ) -> None:
        """Draw a service: filled when new, hollow when kept, crossed out when closed.

        Parameters
        ----------
        symbol
            Its shape and colour.
        points
            Where, points.
        size
            Its diameter, points.
        action
            What the plan does, as in a plan's placements.
        """
        xs, ys = [x for x, _ in points], [y for _, y in points]
        new = action in NEW_ACTIONS
        marker = Outline([*symbol.outline, symbol.outline[0]], closed=True)
        self.axes.scatter(
            xs,
            ys,
            s=size**2,
            marker=marker,
            zorder=4 if new else 3,
            facecolors=symbol.colour if new else "#ffffff",
            edgecolors="#111111" if new else KEPT_COLOUR,
            linewidths=_EDGE if new else _EDGE * 1.4,
        )
        if action == "close":
            self.axes.scatter(
                xs, ys, s=size**2, marker="x", zorder=5, c="#b00020", linewidths=1.1
            )

    def save(self, path: Path) -> None:
        """Write the sheet as PNG and, beside it, as PDF; the same bytes every time."""
        self.figure.savefig(
            path, dpi=DOTS_OF_ONE_INCH, format="png", metadata={"Software": None}
        )
        unsigned = {"CreationDate": None, "Creator": None, "Producer": None}
        with mpl.rc_context({"pdf.fonttype": _TRUETYPE}):
            self.figure.savefig(
                path.with_suffix(".pdf"), format="pdf", metadata=unsigned
            )


def new_page(width_in: float, height_in: float) -> Page:
    """Return a blank sheet; its size in inches."""
    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    FigureCanvasAgg(figure)
    width, height = width_in * POINTS_OF_ONE_INCH, height_in * POINTS_OF_ONE_INCH
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height), zorder=10)
    axes.set_axis_off()
    return Page(figure, axes, width, height)
