"""Zones that stand in several rows of a layer: islands, exclaves, repeated rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.load.coordinates import Shapes
    from allocator.load.frames import Sheet


def join_parts(sheet: Sheet, key: str, polygons: Shapes) -> tuple[Sheet, Shapes]:
    """Return one row a unit, its shape that of all its rows together.

    Rows of one unit must agree in every column of the contract that they fill in; what
    a row leaves blank is taken from the others. Rows that contradict are an error. The
    first row stays, so that findings name it.

    Parameters
    ----------
    sheet
        A layer of zones or counties.
    key
        The column of ids.
    polygons
        The shapes of its rows.
    """
    ids = sheet.frame[key]
    repeated = ids.duplicated(keep=False) & (ids != "")
    if not sheet.is_layer or not repeated.any():
        return sheet, polygons
    if not _agree(sheet, key, repeated):
        return sheet, polygons
    shapes = polygons.copy()
    frame = sheet.frame.copy()
    position = np.arange(len(frame))
    joined: list[object] = []
    twice: list[object] = []
    for _, rows in pd.Series(position, index=frame.index)[repeated].groupby(ids):
        own = rows.to_numpy()
        present = own[~shapely.is_missing(shapes[own])]
        same = _are_same(shapes[present])
        (twice if same else joined).append(frame.index[own[0]])
        if len(present):
            shapes[own[0]] = shapely.union_all(shapes[present])
        for column in frame.columns.drop("geometry"):
            frame.loc[frame.index[own[0]], column] = _first(frame[column].iloc[own])
    remarks = sheet.remarks
    if joined:
        remarks.note(
            "parts-joined",
            Text(
                "同一编号的几行按一个单元的几块合并",
                "rows of one id were joined as parts of one unit",
            ),
            keys=joined,
            column=key,
        )
    if twice:
        remarks.warning(
            "row-repeated",
            Text("同一行重复出现, 只用一次", "the same row again: used once"),
            keys=twice,
            column=key,
            remedy=Text("删去重复的行", "remove the repeated row"),
        )
    kept = (~ids.duplicated() | (ids == "")).to_numpy()
    return replace(sheet, frame=frame[kept]), shapes[kept]


def _are_same(shapes: Shapes) -> bool:
    if len(shapes) < 2:  # noqa: PLR2004 (a shape beside none is no repetition)
        return False
    return bool(shapely.equals(shapes[0], shapes[1:]).all())


def _first(cells: pd.Series) -> Any:  # noqa: ANN401
    """Return the first cell that holds something."""
    given = cells[_given(cells)]
    return given.iloc[0] if len(given) else cells.iloc[0]


def _given(cells: pd.Series) -> pd.Series:
    return cells.notna() & (cells.astype(str) != "")


def _agree(sheet: Sheet, key: str, repeated: pd.Series) -> bool:
    """Whether rows of one id say the same; an error where they do not."""
    rows = sheet.frame[repeated]
    compared = ["name", "county_id", "kind", "population", "urban"]
    compared += [c for c in rows.columns if str(c).startswith("population_")]
    good = True
    for column in dict.fromkeys(c for c in compared if c in rows and c != key):
        cells = rows[column]
        given = _given(cells)
        said = pd.DataFrame({"id": rows[key], "cell": cells})[given].drop_duplicates()
        wrong = rows[key].isin(said["id"][said["id"].duplicated()])
        if wrong.any():
            good = False
            sheet.remarks.error(
                "id-twice",
                Text(
                    f"编号重复, 而且 {column} 不一致",
                    f"the same id more than once, with different {column}",
                ),
                keys=rows.index[wrong],
                column=column,
                values=cells[wrong],
                remedy=Text(
                    "同一单元的几块应填同样的名称和全单元的人口; 否则改正编号",
                    "parts of one unit have one name and the people of the whole; "
                    "else correct the ids",
                ),
            )
    return good
