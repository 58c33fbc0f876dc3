"""The log of changes that stands beside, or in, a register."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Change:
    """One cell that was changed.

    Parameters
    ----------
    site_id
        The row, by the id of its site.
    item
        The service or the resource that it is about; empty for what is of the site.
    what
        One of `WHAT_WORDS`.
    column
        The heading, as it stands in the register; ``geometry`` of a layer.
    before, after
        The cell as text.
    date
        Of the decision, as written; empty where there is none.
    run
        SHA-256 of the run's ``run.json``.
    """

    site_id: str
    item: str
    what: str
    column: str
    before: str
    after: str
    date: str
    run: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The change as a row of the log, in the order of `LOG_HEADINGS`."""
        return astuple(self)


# The columns of the log: in a workbook in Chinese, elsewhere by these names.
LOG_HEADINGS = {
    "site_id": Text("机构编号", "site_id"),
    "item": Text("服务或资源", "item"),
    "what": Text("事项", "what"),
    "column": Text("列", "column"),
    "before": Text("改前", "before"),
    "after": Text("改后", "after"),
    "date": Text("日期", "date"),
    "run": Text("运行指纹(SHA-256)", "run"),
}
WHAT_WORDS = {
    "row": Text("新增机构", "row"),
    "status": Text("改为现有", "status"),
    "service": Text("增加服务", "service"),
    "close": Text("撤销服务", "close"),
    "amount": Text("增加资源", "amount"),
    "plan": Text("规划信息", "plan"),
}
LOG_SHEET = "更改记录"
LOG_TABLE = "allocator_changes"
LOG_SUFFIX = ".changes.csv"


def shown_cells(change: Change) -> tuple[str, ...]:
    """Return a row of the log as a workbook shows it."""
    site_id, item, what, *rest = change.cells
    return (site_id, item, WHAT_WORDS[what].zh, *rest)


def read_changes(rows: Iterable[Sequence[str]]) -> tuple[Change, ...]:
    """Return the changes of a log; rows that are none are left out."""
    meant = {words.zh: what for what, words in WHAT_WORDS.items()}
    found = []
    for row in rows:
        cells = [str(cell) for cell in row]
        if len(cells) != len(LOG_HEADINGS):
            continue
        cells[2] = meant.get(cells[2], cells[2])
        if cells[2] in WHAT_WORDS:
            found.append(Change(*cells))
    return tuple(found)
