"""From road lines as a planner has them to roads that can be travelled.

Which class a line is, how fast it is, in which direction it may be travelled, and
whether one may walk there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyproj
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from allocator.errors import Finding, Severity, Text
from allocator.travel.speeds import (
    FERRY,
    FOOT_ONLY,
    NO_ROAD,
    NO_WALKING,
    OTHER,
    SPEEDS,
    WALK_KMH,
    WORDS,
)
from allocator.travel.straight import ELLIPSOID

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

type Mode = Literal["drive", "walk"]

# Of OpenStreetMap: these are carriageways of one direction unless they say otherwise.
_ONE_DIRECTION = frozenset({"motorway", "motorway_link"})
# Nobody joins a road of these classes from beside it.
_NO_JOINING = frozenset({"高速", FERRY})
MOST_WORDS = 5


@dataclass(frozen=True)
class Roads:
    """Lines that can be travelled, one row each.

    Parameters
    ----------
    lines
        LineStrings, degrees of CGCS2000.
    kmh
        Speed on each line, km/h, > 0.
    forward, backward
        Whether one may travel in the direction of the line, and against it.
    extra_minutes
        What a line takes beyond its length by its speed: waiting for a ferry.
    total_minutes
        What a line takes in all, whatever its length; NaN where the speed says it.
    joined
        Whether places beside the line may be put on it: not on motorways and ferries.
    """

    lines: NDArray[np.object_]
    kmh: NDArray[np.float64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    extra_minutes: NDArray[np.float64]
    total_minutes: NDArray[np.float64]
    joined: NDArray[np.bool_]


@dataclass(frozen=True)
class RoadSettings:
    """How roads are travelled.

    Parameters
    ----------
    mode
        By vehicle or on foot. On foot, directions do not bind, and motorways and
        expressways cannot be used.
    walk_kmh
        Walking speed, km/h, > 0.
    speeds
        Speeds that differ from `allocator.travel.speeds.SPEEDS`, km/h, by class.
    classes
        Classes of the planner's own words.
    ferry_wait_minutes
        What waiting for a ferry takes, minutes, >= 0.
    connect_m
        Ends of lines as near as this are joined, metres; 0 joins none.
    """

    mode: Mode = "drive"
    walk_kmh: float = WALK_KMH
    speeds: Mapping[str, float] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    ferry_wait_minutes: float = 10.0
    connect_m: float = 0.0


def make_roads(
    frame: pd.DataFrame, settings: RoadSettings, *, table: str, crs: str
) -> tuple[Roads | None, list[Finding]]:
    """Return the lines that can be travelled in one mode.

    Parameters
    ----------
    frame
        As `allocator.load.roads.read_roads` returns it.
    settings
        How they are travelled.
    table
        Name of the file, for findings.
    crs
        A coordinate system in metres that fits the area.

    Returns
    -------
    roads, findings
        None, with an error, when no line can be travelled.
    """
    findings: list[Finding] = []
    classes, kept = _classes(frame, settings, table, findings)
    ferry = (frame["ferry"] | (classes == FERRY)).to_numpy(dtype=bool)
    classes = classes.where(~ferry, FERRY)
    own = frame["class"].isin([word.strip().lower() for word in settings.classes])
    foot_only = (frame["class"].isin(FOOT_ONLY) & ~own).to_numpy(dtype=bool)
    if settings.mode == "walk":
        kept = kept & ~classes.isin(NO_WALKING).to_numpy()
    else:
        kept = kept & (~foot_only | ferry) & ~frame["closed"].to_numpy(dtype=bool)
    if not kept.any():
        findings.append(_nothing(settings.mode, table))
        return None, findings
    part, of, ferry = frame[kept], classes[kept], ferry[kept]
    lines = np.asarray(part["geometry"].to_numpy(), dtype=object)
    lines = _connected(lines, settings.connect_m, crs, table, findings)
    forward, backward = _directions(part, settings.mode, ferry)
    duration = part["duration_minutes"].to_numpy(dtype=float)
    roads = Roads(
        lines,
        _speeds(part, of, settings, ferry),
        forward,
        backward,
        np.where(ferry, settings.ferry_wait_minutes, 0.0),
        np.where(ferry, duration, np.nan),
        ~of.isin(_NO_JOINING).to_numpy(),
    )
    return roads, findings


def _nothing(mode: Mode, table: str) -> Finding:
    return Finding(
        "road-none",
        Text(
            "没有一条线可以通行" if mode == "drive" else "没有一条线可以步行",
            f"there is no line to {mode} on",
        ),
        table=table,
        remedy=Text(
            "检查道路等级一列, 或用 [travel.classes] 写明各值的等级",
            "check the column of classes, or say under [travel.classes] what they are",
        ),
    )


def _classes(
    frame: pd.DataFrame,
    settings: RoadSettings,
    table: str,
    findings: list[Finding],
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return the class of every line, and which lines are roads at all."""
    written = frame["class"]
    own = {word.strip().lower(): name for word, name in settings.classes.items()}
    known = {**{name: name for name in SPEEDS}, **WORDS, **own}
    # Foot paths are no class of road: on them only walking is fast enough to matter.
    known |= {word: OTHER for word in FOOT_ONLY if word not in known}
    plain = written.str.removesuffix("_link").where(~written.isin(own), written)
    classes = plain.map(known)
    no_road = written.isin(NO_ROAD).to_numpy() & classes.isna().to_numpy()
    unknown = classes.isna() & ~no_road & ~frame["ferry"]
    silent = unknown & frame["speed_kmh"].isna()
    if silent.any():
        findings.append(_unknown_classes(written[silent], settings, table))
    return classes.fillna(OTHER), ~no_road


def _unknown_classes(written: pd.Series, settings: RoadSettings, table: str) -> Finding:
    counts = written.replace("", "(空白 blank)").value_counts()
    shown = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
    text = ", ".join(f"{word} x {count}" for word, count in shown[:MOST_WORDS])
    kmh = settings.speeds.get(OTHER, SPEEDS[OTHER])
    return Finding(
        "road-class-unknown",
        Text(
            f"{len(written)} 条线的道路等级不认识, 按{OTHER} {kmh:g} km/h",
            f"the class of {len(written)} lines is not known: taken as {OTHER}, "
            f"{kmh:g} km/h",
        ),
        Severity.WARNING,
        table,
        column="class",
        value=text,
        remedy=Text(
            '在 [travel.classes] 写明, 如 "420301" = "县道"; 等级有 '
            + " ".join(SPEEDS),
            'say it under [travel.classes], "420301" = "县道" say; the classes are '
            + " ".join(SPEEDS),
        ),
    )


def _speeds(
    part: pd.DataFrame,
    classes: pd.Series,
    settings: RoadSettings,
    ferry: NDArray[np.bool_],
) -> NDArray[np.float64]:
    by_class = classes.map({**SPEEDS, **settings.speeds}).to_numpy(dtype=float)
    stated = part["speed_kmh"].to_numpy(dtype=float)
    kmh: NDArray[np.float64] = np.where(np.isnan(stated), by_class, stated)
    if settings.mode == "walk":
        kmh = np.where(ferry, kmh, settings.walk_kmh)
    return kmh


def _directions(
    part: pd.DataFrame, mode: Mode, ferry: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which lines may be travelled forward and backward.

    A roundabout or a carriageway of a motorway is travelled forward when it is silent.
    """
    implied = part["roundabout"] | part["class"].isin(_ONE_DIRECTION)
    forward = part["forward"].fillna(value=True).to_numpy(dtype=bool)
    silent = part["backward"].isna()
    backward = part["backward"].where(~silent, ~implied).to_numpy(dtype=bool)
    if mode == "walk":
        forward = forward | ~ferry
        backward = backward | ~ferry
    return forward, backward


def _connected(
    lines: NDArray[np.object_],
    connect_m: float,
    crs: str,
    table: str,
    findings: list[Finding],
) -> NDArray[np.object_]:
    """Join ends of lines that lie within a distance, and say how many."""
    if connect_m <= 0:
        return lines
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    last = np.flatnonzero(np.append(owner[1:] != owner[:-1], [True]))
    first = np.append([0], last[:-1] + 1)
    ends = np.unique(np.concatenate([first, last]))
    metres = _metres(xy[ends], crs)
    near = cKDTree(metres).query_pairs(connect_m, output_type="ndarray")
    apart = np.hypot(*(metres[near[:, 0]] - metres[near[:, 1]]).T) > 0
    graph = csr_matrix(
        (np.ones(len(near)), (near[:, 0], near[:, 1])), (len(ends), len(ends))
    )
    _, group = connected_components(graph, directed=False)
    # Each group meets at its first end in the order of the file.
    _, leader = np.unique(group, return_index=True)
    moved = xy.copy()
    moved[ends] = xy[ends[leader[group]]]
    # A line shorter than the distance would shrink to a point: it stays.
    shrunk = np.flatnonzero((moved[first] == moved[last]).all(axis=1))
    shrunk = shrunk[~(xy[first[shrunk]] == xy[last[shrunk]]).all(axis=1)]
    for ends_of in (first, last):
        moved[ends_of[shrunk]] = xy[ends_of[shrunk]]
    gaps = int(apart.sum())
    if gaps:
        findings.append(
            Finding(
                "road-gaps-joined",
                Text(
                    f"{gaps} 处端点相距不超过 {connect_m:g} 米, 已相接",
                    f"{gaps} gaps of up to {connect_m:g} m between ends are joined",
                ),
                Severity.NOTE,
                table,
                column="travel.connect_m",
            )
        )
    return np.asarray(shapely.set_coordinates(lines.copy(), moved))


def _metres(lonlat: NDArray[np.float64], crs: str) -> NDArray[np.float64]:
    transformer = pyproj.Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    return np.column_stack(transformer.transform(lonlat[:, 0], lonlat[:, 1]))


def geodesic_metres(
    xy: NDArray[np.float64], same: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the length from each vertex to the next, 0 where they are of two lines."""
    metres = np.zeros(len(same))
    _, _, lengths = ELLIPSOID.inv(
        xy[:-1, 0][same], xy[:-1, 1][same], xy[1:, 0][same], xy[1:, 1][same]
    )
    metres[same] = lengths
    return metres
