"""What both maps share: symbols, colours, classes of population, words.

A service has one shape and one colour, on paper and on the screen. What is new is
filled, what stays is hollow and grey, what is given up is crossed out: the map can be
read without colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import cycle, pairwise
from typing import TYPE_CHECKING

import numpy as np

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.outcome import Outcome
    from allocator.policy import Service

# Population, light to dark: ColorBrewer "Blues" (colorbrewer2.org, Apache-2.0) without
# its darkest steps, so that symbols stand out; safe for colour-blind readers.
POPULATION_COLOURS = ("#f6f9fc", "#e0ebf6", "#c6dbec", "#a1c8e2", "#79afd4")
KEPT_COLOUR = "#595959"
BORDER_COLOUR = "#4d4d4d"
ZONE_BORDER_COLOUR = "#a6adb5"
GROUP_COLOUR = "#8a1c4a"  # borders of groups, dashed, so that grey shows them too

# Dark enough to stand out from every fill of the zones, in grey too; shape and fill
# carry the meaning, colour only helps.
_COLOURS = (
    "#D1450F",
    "#00735C",
    "#A3248B",
    "#7A4B00",
    "#0B4F9E",
    "#111111",
    "#4F6D00",
    "#7B1E3A",
    "#35586C",
)
# A service with more placements than this is counted, not drawn, unless people are
# assigned to it: single points would hide each other. One that mostly stands at sites
# of its own (newly built) does not stack up on others, so more of it can be drawn.
MOST_POINTS = 60
MOST_OWN_POINTS = 200

ACTION_WORDS = {
    "build": Text("新建", "build"),
    "upgrade": Text("改扩建", "upgrade"),
    "keep": Text("保留", "keep"),
    "close": Text("撤并", "close"),
}
NEW_ACTIONS = ("build", "upgrade")
SKETCH = Text("示意图", "Sketch map")
APPROVAL = Text("审图号:", "Map approval no. ")

PEOPLE_OF_ONE_WAN = 10_000


def _polygon(corners: int, turn: float = 0.0) -> list[tuple[float, float]]:
    angles = [math.pi / 2 + turn + 2 * math.pi * i / corners for i in range(corners)]
    return [(math.cos(a), math.sin(a)) for a in angles]


def _star(points: int, inner: float) -> list[tuple[float, float]]:
    star = []
    for i in range(2 * points):
        angle = math.pi / 2 + math.pi * i / points
        radius = 1.0 if i % 2 == 0 else inner
        star.append((radius * math.cos(angle), radius * math.sin(angle)))
    return star


def _turned(
    outline: list[tuple[float, float]], angle: float
) -> list[tuple[float, float]]:
    sine, cosine = math.sin(angle), math.cos(angle)
    return [(x * cosine - y * sine, x * sine + y * cosine) for x, y in outline]


_ARM = 0.36  # half the width of the cross's arms
_SQUARE = 0.86  # half a side, so that the square looks as large as the circle

_CROSS = [
    (-_ARM, 1),
    (_ARM, 1),
    (_ARM, _ARM),
    (1, _ARM),
    (1, -_ARM),
    (_ARM, -_ARM),
    (_ARM, -1),
    (-_ARM, -1),
    (-_ARM, -_ARM),
    (-1, -_ARM),
    (-1, _ARM),
    (-_ARM, _ARM),
]

# Outlines in a box from -1 to 1, y upwards, in the order in which services get them.
_SHAPES: tuple[list[tuple[float, float]], ...] = (
    _polygon(24),
    [
        (-_SQUARE, -_SQUARE),
        (_SQUARE, -_SQUARE),
        (_SQUARE, _SQUARE),
        (-_SQUARE, _SQUARE),
    ],
    _CROSS,
    _star(5, 0.45),
    _polygon(3),
    _polygon(4),
    _polygon(3, math.pi),
    _polygon(6),
    # A house, an hourglass, a diagonal cross, a star of four rays, two pointers.
    [(0, 1), (1, 0.15), (0.75, -0.9), (-0.75, -0.9), (-1, 0.15)],
    [(-0.9, 0.95), (0.9, 0.95), (0.2, 0), (0.9, -0.95), (-0.9, -0.95), (-0.2, 0)],
    _turned(_CROSS, math.pi / 4),
    _star(4, 0.38),
    _polygon(3, -math.pi / 2),
    _polygon(3, math.pi / 2),
)
MOST_DRAWN = len(_SHAPES)


@dataclass(frozen=True, slots=True)
class Symbol:
    """How a service is drawn.

    Parameters
    ----------
    service
        The service.
    outline
        Corners in a box from -1 to 1, y upwards.
    colour
        Fill of what is new.
    """

    service: Service
    outline: tuple[tuple[float, float], ...]
    colour: str


def placed_services(outcome: Outcome) -> list[Service]:
    """Return the services that the plan places anywhere, in the order of the packs."""
    placed = set(outcome.plan.placements["service"])
    return [s for s in outcome.policy.services.values() if s.id in placed]


def drawn_services(outcome: Outcome) -> tuple[str, ...]:
    """Return the services that a map can hold as points.

    Services to which people are assigned come first, then those with most placements,
    but none with more than `MOST_POINTS` (`MOST_OWN_POINTS` where most are built at
    sites of their own); `MOST_DRAWN` services in all. The order of
    the answer is the order of the packs.
    """
    counts = outcome.plan.placements["service"].value_counts()
    services = placed_services(outcome)
    placements = outcome.plan.placements
    built = placements[placements["action"] == "build"]["service"].value_counts()

    def fits(service: Service) -> bool:
        count = int(counts[service.id])
        own = 2 * int(built.get(service.id, 0)) > count
        return count <= (MOST_OWN_POINTS if own else MOST_POINTS)

    fit = [s for s in services if s.serves is not None or fits(s)]
    fit.sort(key=lambda s: (s.serves is None, -int(counts[s.id])))
    chosen = {s.id for s in fit[:MOST_DRAWN]}
    return tuple(s.id for s in services if s.id in chosen)


def symbols(outcome: Outcome) -> dict[str, Symbol]:
    """Return the symbol of every service placed; drawn ones get the first symbols.

    With more services than symbols the last ones share: colour and shape repeat.
    """
    drawn = drawn_services(outcome)
    services = placed_services(outcome)
    services.sort(key=lambda service: service.id not in drawn)
    return symbols_of(services)


def symbols_of(services: Sequence[Service]) -> dict[str, Symbol]:
    """Return a symbol for each service, the first shapes for the first services."""
    looks = zip(cycle(_SHAPES), cycle(_COLOURS), strict=False)
    return {
        service.id: Symbol(service, tuple(outline), colour)
        for service, (outline, colour) in zip(services, looks, strict=False)
    }


def placement_counts(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """Return how many of each service are new, kept and closed.

    Of a counted service every one counts, also where several stand at one site.
    """
    counts = {}
    for service, rows in outcome.plan.placements.groupby("service"):
        action, number = rows["action"], rows["count"]
        counts[str(service)] = (
            int(number[action.isin(NEW_ACTIONS)].sum()),
            int(number[action == "keep"].sum()),
            int(number[action == "close"].sum()),
        )
    return counts


def population_breaks(people: Sequence[int]) -> list[int]:
    """Return the upper bounds of up to five classes of population, people.

    Quantiles, rounded to two figures so that the legend can be read; the last bound is
    the largest population.

    Parameters
    ----------
    people
        Population of each zone.
    """
    values = np.asarray(people, dtype=float)
    if not len(values):
        return []
    most = int(values.max())
    if len(np.unique(values)) <= len(POPULATION_COLOURS):
        return [int(value) for value in np.unique(values)]
    classes = len(POPULATION_COLOURS)
    shares = [i / classes for i in range(1, classes)]
    inner = sorted({_two_figures(float(v)) for v in np.quantile(values, shares)})
    return [value for value in inner if 0 < value < most] + [most]


def _two_figures(value: float) -> int:
    if value <= 0:
        return 0
    step = 10 ** max(math.floor(math.log10(value)) - 1, 0)
    return int(round(value / step) * step)


def population_class(people: float, breaks: Sequence[int]) -> int:
    """Return the class that a population falls into, 0 the smallest."""
    return min(int(np.searchsorted(breaks, people)), len(breaks) - 1)


def class_colours(count: int) -> list[str]:
    """Return ``count`` colours, light to dark."""
    if count <= 1:
        return [POPULATION_COLOURS[2]] * count
    last = len(POPULATION_COLOURS) - 1
    return [POPULATION_COLOURS[round(i * last / (count - 1))] for i in range(count)]


def class_labels(breaks: Sequence[int], *, in_wan: bool) -> list[str]:
    """Return the legend's words for the classes, without the unit.

    Parameters
    ----------
    breaks
        Upper bounds, people.
    in_wan
        Whether figures are in 万人 (Chinese) or in thousands (English).
    """
    unit = PEOPLE_OF_ONE_WAN if in_wan else 1000
    shown = [f"{value / unit:.3g}" for value in breaks]
    if not shown:
        return []
    first = f"≤ {shown[0]}"
    return [first, *(f"{low} – {high}" for low, high in pairwise(shown))]
