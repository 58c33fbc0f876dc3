"""Following a reference from one table to another: by id, else by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text, nearest

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.remarks import Remarks


def follow(
    values: pd.Series,
    names: pd.Series,
    *,
    column: str,
    code: str,
    unit: Text,
    remarks: Remarks,
) -> pd.Series:
    """Return the ids that are meant; a value that leads nowhere is a finding.

    Parameters
    ----------
    values
        Ids, or names where planners wrote those; blank is empty and stays so. The
        index names the rows.
    names
        Name by id of what is referred to.
    column
        The column of the values.
    code
        Code of the finding for a value that is neither id nor a single unit's name.
    unit
        What is referred to, in words.
    remarks
        Receives the findings.

    Returns
    -------
    ids
        Empty where blank or unknown.
    """
    found = values.isin(names.index) | (values == "")
    if found.all():
        return values
    single = names[~names.duplicated(keep=False)]
    by_name = dict(zip(single, single.index, strict=True))
    named = ~found & values.isin(by_name)
    if named.any():
        remarks.note(
            "reference-by-name",
            Text(f"按名称找到{unit.zh}", f"{unit.en} found by its name"),
            keys=values.index[named],
            column=column,
        )
    unknown = ~found & ~named
    if unknown.any():
        first = values[unknown].iloc[0]
        close = nearest(first, [*names.index, *single])
        remarks.error(
            code,
            Text(f"没有这个{unit.zh}", f"there is no such {unit.en}"),
            keys=values.index[unknown],
            column=column,
            values=values[unknown],
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else None,
        )
    return values.mask(named, values.map(by_name)).mask(unknown, "")
