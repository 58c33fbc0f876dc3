"""A planner's road lines: what each line is, how fast, and in which direction.

Only what the file says is read here; what a class of road means is known by
`allocator.travel`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text, errors_in
from allocator.load.coordinates import Stated, locate_shapes
from allocator.load.features import Features, read_features, read_osm_lines
from allocator.load.frames import Sheet
from allocator.load.grids import cell_text
from allocator.load.layers import LAYERS
from allocator.load.remarks import Remarks
from allocator.load.statement import read_statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from allocator.errors import Finding
    from allocator.load.brief import Brief

# Column headings by what they say, in the order in which they are looked for. fclass is
# that of the extracts of Geofabrik.
HEADINGS: dict[str, tuple[str, ...]] = {
    "class": (
        "class",
        "highway",
        "fclass",
        "道路等级",
        "公路等级",
        "行政等级",
        "道路类型",
        "等级",
        "类型",
        "type",
    ),
    "speed": ("speed_kmh", "maxspeed", "限速", "设计时速", "时速", "speed"),
    "oneway": ("oneway", "单行", "单行线", "单向", "one_way"),
    "junction": ("junction",),
    "route": ("route",),
    "duration": ("duration", "duration_minutes", "时长"),
    "access": ("access", "motor_vehicle"),
}
COLUMNS = (*HEADINGS, "geometry")
_OSM_WHERE = 'highway IS NOT NULL OR other_tags LIKE \'%"route"=>"ferry"%\''
KMH_OF_ONE_MPH = 1.609344
MOST_KMH = 200.0  # more is a slip of the pen: motorways are 120
MOST_KMH_TEXT = f"{MOST_KMH:g}"

FORWARD = frozenset({"yes", "true", "1", "1.0", "是", "单行", "正向", "y", "f"})
BACKWARD = frozenset({"-1", "-1.0", "reverse", "反向", "逆向"})
BOTH = frozenset(
    {"", "no", "false", "0", "0.0", "否", "双向", "双行", "n", "b"}
    | {"reversible", "alternating"}
)


def read_roads(brief: Brief, text: str) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Read a layer of road lines.

    Parameters
    ----------
    brief
        Its folder and ``[area] crs`` are used.
    text
        The file, as written in the brief.

    Returns
    -------
    roads, findings
        One LineString a row, in the order of the file: ``geometry`` (degrees of
        CGCS2000), ``class`` (as written, lower case), ``speed_kmh`` (NaN where the
        file has none), ``forward`` and ``backward`` (None where the file is silent),
        ``roundabout``, ``ferry``, ``closed`` (to vehicles) and ``duration_minutes``
        (NaN where none). None when any finding is an error.
    """
    path = brief.resolve(text)
    remarks = Remarks(path.name)
    stated = read_statements(brief, Remarks(brief.path.name))["roads"]
    features = _open(path, remarks)
    if features is None or not _has_lines(features, remarks):
        return None, remarks.findings
    frame = _columns(features)
    geometry = _located(features, stated, remarks)
    if geometry is None:
        return None, remarks.findings
    lines, owner = _lines(geometry, remarks)
    if not len(lines):
        remarks.error(
            "road-lines-missing",
            Text("图层中没有线", "the layer has no lines"),
            remedy=Text("给出道路中心线图层", "give a layer of road lines"),
        )
    if errors_in(remarks.findings):
        return None, remarks.findings
    frame = frame.iloc[owner].reset_index(drop=True)
    forward, backward = _directions(frame["oneway"], remarks)
    roads = pd.DataFrame(
        {
            "class": frame["class"].str.lower(),
            "speed_kmh": _speeds(frame["speed"], remarks),
            "forward": forward,
            "backward": backward,
            "roundabout": frame["junction"].isin(["roundabout", "circular"]),
            "ferry": frame["route"].eq("ferry"),
            "closed": frame["access"].eq("no"),
            "duration_minutes": _durations(frame["duration"], remarks),
        }
    )
    roads["geometry"] = pd.Series(list(lines), dtype=object)
    return roads, remarks.findings


def _open(path: Path, remarks: Remarks) -> Features | None:
    name = path.name.lower()
    if name.endswith(".pbf"):
        return read_osm_lines(path, _OSM_WHERE, remarks)
    if path.suffix.lower() in LAYERS:
        return read_features(path, remarks)
    known = "gpkg, shp, geojson, fgb, osm.pbf"
    remarks.error(
        "format-unknown",
        Text(f"路网文件不能是 {path.suffix}", f"roads cannot be a file {path.suffix}"),
        remedy=Text(f"另存为 {known} 之一", f"save it as one of {known}"),
    )
    return None


def _has_lines(features: Features, remarks: Remarks) -> bool:
    if "geometry" in features.frame.columns and len(features.frame):
        return True
    remarks.error(
        "road-lines-missing",
        Text("图层中没有线", "the layer has no lines"),
        remedy=Text("给出道路中心线图层", "give a layer of road lines"),
    )
    return False


def _columns(features: Features) -> pd.DataFrame:
    """Return what is understood of each line as text, blank where it is silent."""
    frame = features.frame
    by_name = {str(c).strip().lower(): c for c in frame.columns if c != "geometry"}
    found: dict[str, pd.Series] = {}
    for name, headings in HEADINGS.items():
        texts = pd.Series("", index=frame.index, dtype=object)
        for heading in headings:
            if heading in by_name:
                texts = texts.where(texts != "", _texts(frame[by_name[heading]]))
        found[name] = texts
    if "other_tags" in by_name:
        tags = frame[by_name["other_tags"]].fillna("").astype(str)
        for name, headings in HEADINGS.items():
            for heading in headings:
                if not heading.isascii():
                    continue
                said = tags.str.extract(rf'"{heading}"=>"([^"]*)"', expand=False)
                found[name] = found[name].where(
                    found[name] != "", _texts(said.fillna(""))
                )
    return pd.DataFrame(found)


def _texts(values: pd.Series) -> pd.Series:
    """Return cells as text in lower case; each different one is looked at once."""
    codes, different = pd.factorize(values.to_numpy(dtype=object))
    words = np.array([*(cell_text(v).strip().lower() for v in different), ""], object)
    return pd.Series(words[codes], index=values.index, dtype=object)


def _located(features: Features, stated: Stated, remarks: Remarks) -> np.ndarray | None:
    shapes = np.asarray(features.frame["geometry"].to_numpy(), dtype=object)
    index = pd.Index([f"第{i + 1}个要素" for i in range(len(shapes))])
    sheet = Sheet(
        remarks,
        pd.DataFrame({"geometry": pd.Series(shapes, index=index, dtype=object)}),
        features.crs,
        features.by_standard,
        is_layer=True,
    )
    located = locate_shapes(sheet, stated)
    return None if errors_in(remarks.findings) else located


def _lines(shapes: np.ndarray, remarks: Remarks) -> tuple[np.ndarray, np.ndarray]:
    """Return the single lines and the row of each; report what is no line."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    kinds = shapely.get_type_id(parts)
    good = (kinds == shapely.GeometryType.LINESTRING) & (
        shapely.get_num_points(parts) > 1
    )
    kept = np.zeros(len(shapes), dtype=bool)
    kept[owner[good]] = True
    if kept.any() and not kept.all():
        lost = np.flatnonzero(~kept)
        remarks.warning(
            "road-not-a-line",
            Text(
                f"{len(lost)} 个要素不是线, 不作为道路",
                f"{len(lost)} features are no lines and no roads",
            ),
            keys=[f"第{i + 1}个要素" for i in lost],
        )
    return np.asarray(parts[good]), owner[good]


def _each(
    texts: pd.Series, read: Callable[[str], float]
) -> tuple[np.ndarray, list[str], int]:
    """Read every different text once; return numbers, texts not understood, rows."""
    codes, different = pd.factorize(texts.to_numpy(dtype=object))
    numbers = np.array([read(str(text)) for text in different], dtype=float)
    values = numbers[codes]
    bad = np.isnan(values) & (texts != "").to_numpy()
    return values, sorted(set(texts[bad])), int(bad.sum())


def _speeds(texts: pd.Series, remarks: Remarks) -> np.ndarray:
    # Geofabrik writes 0 where OpenStreetMap is silent.
    values, strange, count = _each(texts.mask(texts == "0", ""), read_speed)
    if count:
        remarks.warning(
            "road-speed-unknown",
            Text(
                f"{count} 条线的速度读不出, 按等级取默认值",
                f"the speed of {count} lines is not understood: that of the class "
                "is taken",
            ),
            column="speed_kmh",
            values=strange,
            remedy=Text(
                f"写成 0 至 {MOST_KMH_TEXT} 之间的数, 单位 km/h",
                f"give a number above 0 and up to {MOST_KMH_TEXT}, km/h",
            ),
        )
    return values


def read_speed(text: str) -> float:
    """Return a speed in km/h, NaN where it is none: ``60``, ``60 km/h``, ``40 mph``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|公里/小时|mph)?", text)
    if match is None:
        return float("nan")
    value = float(match.group(1)) * (KMH_OF_ONE_MPH if match.group(2) == "mph" else 1)
    return value if 0 < value <= MOST_KMH else float("nan")


def _durations(texts: pd.Series, remarks: Remarks) -> np.ndarray:
    values, strange, count = _each(texts, read_duration)
    if count:
        remarks.warning(
            "road-duration-unknown",
            Text(
                f"{count} 条线的时长读不出, 按速度计算",
                f"the duration of {count} lines is not understood: speed is taken",
            ),
            column="duration",
            values=strange,
            remedy=Text("写成 00:20 或分钟数", "write 00:20, or minutes"),
        )
    return values


def read_duration(text: str) -> float:
    """Return minutes, NaN where there are none: ``20``, ``00:20``, ``00:20:00``.

    ISO 8601 (``PT20M``) is read too; the values are those of OpenStreetMap's key
    ``duration``.
    """
    iso = re.fullmatch(r"pt(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if iso is not None and any(iso.groups()):
        hours, minutes, seconds = (float(part or 0) for part in iso.groups())
    elif re.fullmatch(r"\d+:\d{1,2}(:\d{1,2})?", text):
        hours, minutes, seconds = (float(p) for p in f"{text}:0".split(":")[:3])
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        hours, minutes, seconds = 0.0, float(text), 0.0
    else:
        return float("nan")
    total = hours * 60 + minutes + seconds / 60
    return total if total > 0 else float("nan")


def _directions(texts: pd.Series, remarks: Remarks) -> tuple[pd.Series, pd.Series]:
    """Return whether each line may be travelled forward and backward; None: silent."""
    words = set(texts)
    backward_words = BACKWARD
    if "t" in words and words <= {"", "b", "f", "t"}:
        backward_words = BACKWARD | {"t"}  # Geofabrik: from, to, both
    forward_words = FORWARD if "t" in backward_words else FORWARD | {"t"}
    back = texts.isin(backward_words)
    ahead = texts.isin(forward_words)
    silent = texts == ""
    strange = ~(back | ahead | texts.isin(BOTH))
    if strange.any():
        remarks.warning(
            "road-oneway-unknown",
            Text(
                f"{int(strange.sum())} 条线的单行方向读不出, 按双向",
                f"the direction of {int(strange.sum())} lines is not understood: "
                "both are taken",
            ),
            column="oneway",
            values=sorted(set(texts[strange])),
            remedy=Text("写 yes、-1、no (是、反向、否)", "write yes, -1 or no"),
        )
    forward = (~back).astype(object).mask(silent, None)
    backward = (~ahead).astype(object).mask(silent, None)
    return forward, backward
