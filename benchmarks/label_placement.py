"""Names on a map: our placer beside adjustText, on the same points and names.

    python benchmarks/label_placement.py      # three sites, the samples, 300 sites

Every way of placing gets the same frame of an A4 sheet, the same symbols, and the same
names in the same font, in the order of their importance. What counts as an overlap is
measured afterwards, from the outlines as drawn, by code that knows neither:

- two names that share more than half a square point,
- a name on a symbol,
- a name that leaves the frame.

adjustText never leaves a name out, so it is judged three ways: with every name, with
just the names that our placer placed (equal numbers), and with every name, those that
overlap then left out, the most entangled first. "same" says whether a second run put
every name at the same place.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from adjustText import adjust_text
from matplotlib.backends.backend_agg import FigureCanvasAgg

from allocator.maps.frame import Window, lay_out
from allocator.maps.labels import Box, Paper, around
from allocator.maps.page import (
    DOTS_OF_ONE_INCH,
    POINTS_OF_ONE_INCH,
    Page,
    font,
    new_page,
)
from allocator.maps.words import short_names
from allocator.pipeline import read_task
from allocator.resources import samples_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.text import Text
    from numpy.typing import NDArray

WIDTH, HEIGHT = 548.0, 480.0  # the main map of a sheet of the series, points
NAME_SIZE, SYMBOL_SIZE = 6.2, 6.0  # points
LEAST_SHARED = 0.5  # square points
SAME_PLACE = 1e-6  # points
# Of some settings of adjustText those that left the fewest overlaps on the Nanchang
# sample; its own defaults leave twice as many names on symbols.
SETTINGS: dict[str, Any] = {
    "expand": (1.2, 1.5),
    "force_text": (0.5, 0.5),
    "force_static": (0.5, 0.5),
}
USUAL_DOTS = 100  # of an inch, for which the steps of adjustText are made
SAMPLES = ("jianggan", "xinjian", "nanchang")


@dataclass(frozen=True)
class Task:
    """Points in a frame with their names, the most important first."""

    title: str
    points: NDArray[np.float64]
    names: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """Where each name went: its outline as drawn; None for a name left out."""

    boxes: tuple[Box | None, ...]
    seconds: float


def sample_task(name: str) -> Task:
    """Return the facilities of a bundled sample that stand today."""
    area = read_task(samples_folder() / name / "brief.toml").area
    there = area.sites[area.sites["status"] == "existing"]
    ground = lay_out(area.zones, area.counties, there[["lon", "lat"]])
    window = ground.window.fitted(WIDTH / HEIGHT)
    names = short_names(there["name"].tolist(), [], there["name"].tolist())
    return Task(
        f"{name} {len(names)}", _on_paper(ground.sites(there.index), window), names
    )


def crowd_task(count: int) -> Task:
    """Return made-up sites: half of them crowd in a tenth of the frame."""
    rng = np.random.default_rng(7)
    wide = rng.uniform((20.0, 20.0), (WIDTH - 20.0, HEIGHT - 20.0), (count, 2))
    middle = np.array([WIDTH, HEIGHT]) / 2
    near = middle + rng.normal(0.0, (WIDTH / 12, HEIGHT / 12), (count, 2))
    points = np.where(np.arange(count)[:, None] % 2 == 0, wide, near)
    names = [f"第{at}社区卫生服务中心" for at in range(count)]
    return Task(f"crowd {count}", points, names)


def _on_paper(ground: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    scale = WIDTH / window.width
    return (ground - [window.left, window.bottom]) * scale


# --- The ways of placing --------------------------------------------------------------


def place_ours(task: Task) -> Answer:
    """Place names as the maps do."""
    page = _blank_page()
    started = time.perf_counter()
    paper = Paper(Box(3.0, 3.0, WIDTH - 3.0, HEIGHT - 3.0))
    paper.take([around(x, y, SYMBOL_SIZE, SYMBOL_SIZE) for x, y in task.points])
    found = [
        paper.place(name, (float(x), float(y)), NAME_SIZE, clear=SYMBOL_SIZE / 2)
        for name, (x, y) in zip(task.names, task.points, strict=True)
    ]
    drawn = [
        None if one is None else _write(page, one.x, one.y, one.text) for one in found
    ]
    seconds = time.perf_counter() - started
    return Answer(_boxes(page, drawn), seconds)


def place_adjusted(task: Task, held: Sequence[bool]) -> Answer:
    """Place the names that are ``held`` with adjustText, all of them."""
    page = _blank_page()
    xs, ys = task.points.T
    dots = page.axes.scatter(xs, ys, s=SYMBOL_SIZE**2)
    started = time.perf_counter()
    drawn = [
        _write(page, float(x), float(y), name) if is_held else None
        for name, (x, y), is_held in zip(task.names, task.points, held, strict=True)
    ]
    texts = [text for text in drawn if text is not None]
    page.figure.set_dpi(USUAL_DOTS)
    adjust_text(texts, x=xs, y=ys, objects=dots, ax=page.axes, **SETTINGS)
    seconds = time.perf_counter() - started
    page.figure.set_dpi(DOTS_OF_ONE_INCH)
    return Answer(_boxes(page, drawn), seconds)


def thinned(task: Task, whole: Answer) -> Answer:
    """Leave out the names that overlap, the most entangled first."""
    boxes = list(whole.boxes)
    while True:
        blame = np.zeros(len(boxes))
        for one, other in _pairs(boxes):
            blame[[one, other]] += 1
        for at, box in enumerate(boxes):
            if box is not None:
                blame[at] += _on_symbols(box, task.points) + _outside(box)
        if not blame.any():
            return Answer(tuple(boxes), whole.seconds)
        # Of names equally entangled the less important goes.
        boxes[len(boxes) - 1 - int(np.argmax(blame[::-1]))] = None


def _blank_page() -> Page:
    """Return a page with the dots of print, so that letters are as wide as there."""
    page = new_page(WIDTH / POINTS_OF_ONE_INCH, HEIGHT / POINTS_OF_ONE_INCH)
    page.figure.set_dpi(DOTS_OF_ONE_INCH)
    return page


def _write(page: Page, x: float, y: float, name: str) -> Text:
    style = {"ha": "center", "va": "center"}
    return page.axes.text(x, y, name, fontproperties=font(NAME_SIZE), **style)


def _boxes(page: Page, drawn: Sequence[Text | None]) -> tuple[Box | None, ...]:
    """Return the outlines of names as they are drawn, points.

    matplotlib gives the box of the line, which is higher than what is inked; what the
    letters cover is found from their own height and depth.
    """
    canvas = FigureCanvasAgg(page.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    back = page.axes.transData.inverted()
    _, _, line_depth = renderer.get_text_width_height_descent(
        "lp", font(NAME_SIZE), ismath=False
    )
    boxes: list[Box | None] = []
    for text in drawn:
        if text is None:
            boxes.append(None)
            continue
        line = text.get_window_extent(renderer)
        width, height, depth = renderer.get_text_width_height_descent(
            text.get_text(), font(NAME_SIZE), ismath=False
        )
        bottom = line.y0 + max(depth, line_depth) - depth
        middle = (line.x0 + line.x1) / 2
        corners = [[middle - width / 2, bottom], [middle + width / 2, bottom + height]]
        low, high = back.transform(corners)
        boxes.append(Box(low[0], low[1], high[0], high[1]))
    return tuple(boxes)


# --- What became of it ----------------------------------------------------------------


def _shared(one: Box, other: Box) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.top, other.top) - max(one.bottom, other.bottom)
    return width * height if min(width, height) > 0 else 0.0


def _pairs(boxes: Sequence[Box | None]) -> list[tuple[int, int]]:
    held = [(at, box) for at, box in enumerate(boxes) if box is not None]
    return [
        (one, other)
        for (one, box), (other, second) in combinations(held, 2)
        if _shared(box, second) > LEAST_SHARED
    ]


def _on_symbols(box: Box, points: NDArray[np.float64]) -> int:
    half = SYMBOL_SIZE / 2 * 0.86  # a square of about the symbol's own area
    shared = [
        _shared(box, around(float(x), float(y), 2 * half, 2 * half)) for x, y in points
    ]
    return sum(area > LEAST_SHARED for area in shared)


def _outside(box: Box) -> int:
    return int(not box.within(Box(0.0, 0.0, WIDTH, HEIGHT)))


def _same(one: Answer, other: Answer) -> bool:
    for first, second in zip(one.boxes, other.boxes, strict=True):
        if (first is None) != (second is None):
            return False
        if first is not None and second is not None:
            away = abs(first.left - second.left) + abs(first.bottom - second.bottom)
            if away > SAME_PLACE:
                return False
    return True


def row(task: Task, name: str, answers: Sequence[Answer]) -> str:
    """Return one line of the table, of one answer and its repetition."""
    answer = answers[0]
    held = [box for box in answer.boxes if box is not None]
    on_names = len(_pairs(answer.boxes))
    on_symbols = sum(_on_symbols(box, task.points) for box in held)
    outside = sum(map(_outside, held))
    same = "yes" if _same(answer, answers[1]) else "no"
    seconds = min(one.seconds for one in answers)
    return (
        f"{task.title:14} {name:20} {len(held):5} {on_names:8} {on_symbols:10} "
        f"{outside:8} {same:>5} {seconds:8.3f}"
    )


def main() -> None:
    """Print the table; every way of placing runs twice, the shorter time counts."""
    print(
        f"{'map':14} {'placed by':20} {'names':>5} {'on names':>8} {'on symbols':>10} "
        f"{'outside':>8} {'same':>5} {'seconds':>8}"
    )
    tasks = [crowd_task(3), *map(sample_task, SAMPLES), crowd_task(300)]
    for task in tasks:
        ours = [place_ours(task) for _ in range(2)]
        held = [box is not None for box in ours[0].boxes]
        whole = [place_adjusted(task, [True] * len(held)) for _ in range(2)]
        as_many = [place_adjusted(task, held) for _ in range(2)]
        for name, answers in (
            ("ours", ours),
            ("adjustText, all", whole),
            ("adjustText, as many", as_many),
            ("adjustText, thinned", [thinned(task, one) for one in whole]),
        ):
            print(row(task, name, answers), flush=True)


if __name__ == "__main__":
    main()
