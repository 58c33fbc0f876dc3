"""The series of maps by name: which there are for an outcome, and drawing one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.figure_catchments import (
    draw_catchments,
    draw_networks,
    grouped_networks,
    served_services,
)
from allocator.maps.figure_phases import draw_phases, phase_years
from allocator.maps.figure_present import draw_present
from allocator.maps.figure_reach import (
    covered_rules,
    draw_emergency,
    draw_reach,
    emergency_services,
)
from allocator.maps.static import draw_map

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from allocator.outcome import Outcome


@dataclass(frozen=True)
class Figure:
    """One map of the series.

    Parameters
    ----------
    title
        What it is called.
    lacks
        What an outcome without this map lacks.
    applies
        Whether an outcome has anything to draw.
    draw
        Draws it to a PNG, with a PDF beside it.
    """

    title: Text
    lacks: Text
    applies: Callable[[Outcome], bool]
    draw: Callable[[Outcome, Path], None]


def _draw_changes(outcome: Outcome, path: Path) -> None:
    if outcome.changes is not None:
        outcome.changes(path)


_NO_REACH = Text("没有测算过的覆盖条款", "there is no coverage clause measured")
FIGURES = {
    "present": Figure(
        Text("现状图", "facilities today"),
        Text("没有现有机构", "there are no facilities today"),
        lambda outcome: bool((outcome.area.sites["status"] == "existing").any()),
        draw_present,
    ),
    "proposed": Figure(
        Text("规划图", "proposed layout"), Text("", ""), lambda _: True, draw_map
    ),
    "coverage_before": Figure(
        Text("服务半径覆盖图(现状)", "people in reach today"),
        _NO_REACH,
        lambda outcome: bool(covered_rules(outcome)),
        partial(draw_reach, when="today"),
    ),
    "coverage_after": Figure(
        Text("服务半径覆盖图(规划)", "people in reach with the plan"),
        _NO_REACH,
        lambda outcome: bool(covered_rules(outcome)),
        partial(draw_reach, when="plan"),
    ),
    "emergency": Figure(
        Text("急救网络布局图", "emergency network"),
        Text("方案没有急救服务", "the plan has no emergency service"),
        lambda outcome: bool(emergency_services(outcome)),
        draw_emergency,
    ),
    "catchments": Figure(
        Text("服务范围图", "catchments"),
        Text("方案没有分配居民", "the plan assigns nobody"),
        lambda outcome: bool(served_services(outcome)),
        draw_catchments,
    ),
    "phases": Figure(
        Text("分期实施图", "phases"),
        Text("方案只有一期", "the plan has one phase only"),
        lambda outcome: len(phase_years(outcome)) > 1,
        draw_phases,
    ),
    "networks": Figure(
        Text("医联体网格图", "networks"),
        Text("方案没有编组", "the plan has no groups"),
        lambda outcome: bool(grouped_networks(outcome)),
        draw_networks,
    ),
    "changes": Figure(
        Text("方案调整图", "changes since the previous plan"),
        Text("没有上一版方案", "there is no previous plan"),
        lambda outcome: outcome.changes is not None,
        _draw_changes,
    ),
}


def figures_of(outcome: Outcome) -> tuple[str, ...]:
    """Return the maps that can be drawn of an outcome, in the order of the series."""
    return tuple(name for name, one in FIGURES.items() if one.applies(outcome))


def draw_figure(outcome: Outcome, name: str, path: Path) -> None:
    """Draw one map of the series.

    Parameters
    ----------
    outcome
        What the run found.
    name
        One of `FIGURES`, which must apply to the outcome.
    path
        The PNG to write; the same sheet is written beside it with the ending ``.pdf``.

    Raises
    ------
    KeyError
        When there is no map of this name.
    ValueError
        When the outcome has nothing to draw on it.
    """
    figure = FIGURES[name]
    if not figure.applies(outcome):
        raise ValueError(figure.lacks.en)
    figure.draw(outcome, path)
