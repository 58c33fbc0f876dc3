"""The chart of a frontier for print: ``frontier.png``, and the same as PDF.

A line of steps: up to the next point nothing better than the point before is known.
Points are filled where proven and hollow where not; hatched rectangles are where
further efficient plans may still lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from allocator.charts.figures import number, staircase, summary
from allocator.charts.words import heading
from allocator.errors import Text
from allocator.maps.page import font, new_page, printable

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from allocator.charts.figures import FrontierReport

_WIDTH_IN, _HEIGHT_IN = 10.0, 6.6
_FRAME = (0.105, 0.19, 0.865, 0.66)  # of the sheet: left, bottom, width, height
_LINE, _FREE, _KNEE = "#0b4f9e", "#8a8a8a", "#b00020"
_NOTE_LEADING = 12.0


def draw_frontier(report: FrontierReport, path: Path) -> None:
    """Draw a frontier.

    Parameters
    ----------
    report
        What was found; at least one point.
    path
        The PNG to write; the same sheet is written beside it with the ending ``.pdf``.
    """
    page = new_page(_WIDTH_IN, _HEIGHT_IN)
    axes = page.figure.add_axes(_FRAME)
    _draw_open(report, axes)
    _draw_lines(report, axes)
    _draw_points(report, axes)
    _dress(axes)
    left, top = _FRAME[0] * page.width, (_FRAME[1] + _FRAME[3]) * page.height
    page.text(24, page.height - 26, heading(report), 15)
    page.text(left, top + 12, report.label(1), 9.5)
    right = (_FRAME[0] + _FRAME[2]) * page.width
    bottom = _FRAME[1] * page.height
    page.text(right, bottom - 32, report.label(0), 9.5, ha="right")
    for line, words in enumerate(summary(report)):
        y = bottom - 52 - line * _NOTE_LEADING
        page.text(24, y, words.say(report.language), 7.5, color="#444444")
    page.save(path)


def _draw_open(report: FrontierReport, axes: Axes) -> None:
    first, second = report.signs
    for box in report.frontier.boxes:
        x = sorted((first * box.left, first * box.right))
        y = sorted((second * box.low, second * box.high))
        axes.add_patch(
            Rectangle(
                (x[0], y[0]),
                x[1] - x[0],
                y[1] - y[0],
                facecolor="#f4f1e6",
                edgecolor="#c9c2a5",
                hatch="////",
                linewidth=0.4,
                zorder=1,
            )
        )


def _draw_lines(report: FrontierReport, axes: Axes) -> None:
    answers = [(a, a.point) for a in report.frontier.answers if a.point is not None]
    if report.nested:
        free = [(p.x, p.y if a.free is None else a.free) for a, p in answers]
        corners = staircase(free, report.signs)
        axes.plot(*zip(*corners, strict=True), color=_FREE, lw=1.0, ls="--", zorder=2)
    corners = staircase([(p.x, p.y) for _, p in answers], report.signs)
    axes.plot(*zip(*corners, strict=True), color=_LINE, lw=1.4, zorder=3)


def _draw_points(report: FrontierReport, axes: Axes) -> None:
    for row in report.rows:
        if row.answer.point is None or row.x is None or row.y is None:
            continue
        proven = row.answer.point.proven
        colour = _KNEE if row.is_knee else _LINE
        axes.plot(
            [row.x],
            [row.y],
            marker="o",
            ms=8 if row.is_knee else 6,
            mfc=colour if proven else "#ffffff",
            mec=colour,
            mew=1.3,
            zorder=4,
        )
        words = f"{row.number}"
        if row.is_knee:
            bend = Text("拐点", "knee").say(report.language)
            words = f"{row.number} {bend} ({number(row.x)})"
        axes.annotate(
            printable(words),
            (row.x, row.y),
            xytext=(6, 5),
            textcoords="offset points",
            fontproperties=font(8.5),
            color=colour,
            zorder=5,
        )


def _dress(axes: Axes) -> None:
    """Give the axes ticks in the bundled font, and room around the points."""
    axes.margins(0.06, 0.09)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(8))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    for words in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        words.set_fontproperties(font(8.5))
    axes.grid(color="#e6e6e6", lw=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
