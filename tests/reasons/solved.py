"""Base plans of small tasks, solved to the proven optimum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.progress import SILENT
from allocator.reasons import Base, solve_base
from allocator.solve import Session

if TYPE_CHECKING:
    from allocator.progress import Progress
    from tests.factories import Case


def base_of(case: Case, *, progress: Progress = SILENT) -> Base | None:
    """Return the base plan of a case, or None where it has no plan."""
    formulation = case.build()
    if formulation.impossible:
        return None
    session = Session(formulation, gap=0.0, threads=1, progress=progress)
    return solve_base(session, time_limit_s=60)


def solved(case: Case) -> Base:
    base = base_of(case)
    assert base is not None
    return base
