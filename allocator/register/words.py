"""The words of a register: those that it uses itself, where it uses any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.load.cells import CHOICE_WORDS
from allocator.tables import FACILITY_CLASS_FORM, FACILITY_CLASSES, SITES

if TYPE_CHECKING:
    from collections.abc import Iterable

# Columns that are added at the right of a register.
PLANNED = {
    "services": Text("规划服务", "planned_services"),
    "year": Text("规划年份", "planned_year"),
    "clauses": Text("依据条款", "planned_clauses"),
    "run": Text("规划来源", "planned_by"),
    "place": Text("规划位置", "planned_place"),
}
STATUS_WORDS = {"existing": "现有", "candidate": "备选"}


def status_of(text: str) -> str:
    """Return ``existing``, ``candidate``, or nothing for what a cell says."""
    meanings = {"existing": "existing", "candidate": "candidate"}
    meanings |= CHOICE_WORDS["status"]
    return meanings.get(text.strip().casefold(), "")


def status_word(texts: Iterable[str], status: str, heading: str) -> str:
    """Return the word for a status that a column uses.

    Parameters
    ----------
    texts
        The cells of the column.
    status
        ``existing`` or ``candidate``.
    heading
        Of the column: decides the language where no cell does.
    """
    filled = [text.strip() for text in texts if text.strip()]
    for text in filled:
        if status_of(text) == status:
            return text
    example = filled[0] if filled else heading
    return status if example.isascii() else STATUS_WORDS[status]


def code_or_name(texts: Iterable[str], code: str, name: str) -> str:
    """Return a code where a column holds codes, a name where it holds names.

    The empty one gives way: a name is better than nothing.
    """
    filled = [text for text in texts if text]
    codes = sum(text.isdigit() for text in filled)
    wants_code = 2 * codes >= len(filled) if filled else bool(code)
    return code if wants_code and code else name


def class_words(texts: Iterable[str], code: str) -> str:
    """Return a class as a column writes it: by its code, or by its name."""
    filled = [text for text in texts if text]
    coded = sum(bool(FACILITY_CLASS_FORM.match(text.upper())) for text in filled)
    if 2 * coded >= len(filled) or code not in FACILITY_CLASSES:
        return code
    return FACILITY_CLASSES[code].zh


def resource_heading(resource: str, *, chinese: bool) -> str:
    """Return the heading of a new column for a resource, as the readers know it."""
    known = {column.name: column for column in SITES.columns}
    column = known.get(resource)
    if column is None or not chinese or not column.aliases:
        return resource
    return f"{column.aliases[0]}({column.unit})" if column.unit else column.aliases[0]
