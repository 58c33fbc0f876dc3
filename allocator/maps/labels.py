"""Placing names on a map so that none covers another or a symbol.

Each name tries places around its point, near ones first, and takes the first that is
free; one that finds none is left out. The same map always gets the same names in the
same places, which an iterative method does not promise.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

# East, west, north, south, then the diagonals: where a reader looks first.
_DIRECTIONS = (
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (0.7, 0.7),
    (0.7, -0.7),
    (-0.7, 0.7),
    (-0.7, -0.7),
)
_NARROW = 0.56  # mean width of a Latin letter or digit of Noto Sans SC, in ems
_LINE_HEIGHT = 1.18  # ems


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on paper, points."""

    left: float
    bottom: float
    right: float
    top: float

    def within(self, other: Box) -> bool:
        """Return whether it lies inside ``other``."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.bottom >= other.bottom
            and self.top <= other.top
        )


def around(x: float, y: float, width: float, height: float) -> Box:
    """Return the box of a size around a middle."""
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def text_width(text: str, size: float) -> float:
    """Return the width of a line of text, points; ``size`` is the font's, points."""
    ems = sum(
        1.0 if unicodedata.east_asian_width(c) in "WFA" else _NARROW for c in text
    )
    return ems * size


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text into lines no wider than ``width``, points.

    Latin words stay whole where they can; Chinese text breaks anywhere but before
    closing punctuation.
    """
    lines, line = [], ""
    for word in _words(text):
        if line and text_width(line + word, size) > width and word not in _CLOSING:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


_CLOSING = "，。；：、）》”！？,.;:)!?"


def _words(text: str) -> list[str]:
    words: list[str] = []
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        joins = bool(words) and not wide and char != " " and words[-1] != " "
        if joins and unicodedata.east_asian_width(words[-1][-1]) not in "WF":
            words[-1] += char
        else:
            words.append(char)
    return words


@dataclass(frozen=True, slots=True)
class Placed:
    """A name that found its place.

    Parameters
    ----------
    text
        The name.
    x, y
        Its middle, points.
    leader
        Where a line from the name to its point starts; None when the name is beside it.
    """

    text: str
    x: float
    y: float
    leader: tuple[float, float] | None


class Paper:
    """A map's frame and what already lies in it.

    Parameters
    ----------
    frame
        Names stay inside it.
    """

    def __init__(self, frame: Box) -> None:
        self.frame = frame
        self._taken = np.empty((0, 4))

    def take(self, boxes: Sequence[Box]) -> None:
        """Keep names away from boxes: of symbols, or of other names."""
        rows = [(b.left, b.bottom, b.right, b.top) for b in boxes]
        self._taken = np.vstack([self._taken, np.reshape(rows, (-1, 4))])

    def free(self, box: Box) -> bool:
        """Return whether a box lies in the frame and meets nothing."""
        if not box.within(self.frame):
            return False
        left, bottom, right, top = self._taken.T
        meets = (left < box.right) & (right > box.left)
        meets &= (bottom < box.top) & (top > box.bottom)
        return not meets.any()

    def place(
        self,
        text: str,
        point: tuple[float, float],
        size: float,
        *,
        clear: float,
        reach: int = 4,
    ) -> Placed | None:
        """Find a place for a name beside its point, and take it.

        Parameters
        ----------
        text
            The name, one line.
        point
            The point it names, points.
        size
            Size of the font, points.
        clear
            Least distance from the point, points: half the symbol.
        reach
            How many distances are tried; names at the later ones get a leader.
        """
        width, height = text_width(text, size), size * _LINE_HEIGHT
        for step in range(reach):
            away = clear + 1.0 + step * size * 0.9
            for dx, dy in _DIRECTIONS:
                x = point[0] + dx * away + _side(dx) * width / 2
                y = point[1] + dy * away + _side(dy) * height / 2
                box = around(x, y, width, height)
                if self.free(box):
                    self.take([box])
                    return Placed(text, x, y, _leader(box, point) if step else None)
        return None

    def centre(
        self, text: str, point: tuple[float, float], size: float, *, slide: float = 0.0
    ) -> Placed | None:
        """Find a place for a name on its point, or ``slide`` points from it."""
        width, height = text_width(text, size), size * _LINE_HEIGHT
        moves = [(0.0, 0.0)]
        if slide:
            moves += [(dx * slide, dy * slide) for dx, dy in _DIRECTIONS]
        for dx, dy in moves:
            box = around(point[0] + dx, point[1] + dy, width, height)
            if self.free(box):
                self.take([box])
                return Placed(text, point[0] + dx, point[1] + dy, None)
        return None


def _side(direction: float) -> float:
    return 0.0 if direction == 0 else math.copysign(1.0, direction)


def _leader(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    """Return the place on the box's edge that is nearest to the point."""
    x = min(max(point[0], box.left), box.right)
    y = min(max(point[1], box.bottom), box.top)
    return x, y
