"""The report that goes into the plan document: ``report.docx`` and ``report.pdf``.

`build` makes chapters out of an outcome with the words of `templates`; `word` and `pdf`
render the same chapters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import InputError, errors_in
from allocator.report.build import build_report
from allocator.report.pdf import write_pdf
from allocator.report.templates import check_templates, read_templates
from allocator.report.word import write_word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allocator.outcome import Outcome

__all__ = ["build_report", "check_templates", "read_templates", "write_report"]


def write_report(outcome: Outcome, figures: Mapping[str, Path], folder: Path) -> None:
    """Write ``report.docx`` and ``report.pdf``.

    Parameters
    ----------
    outcome
        What the run found; its language is that of the report.
    figures
        The PNG of every figure by name, with a PDF of the same sheet beside each.
    folder
        Where to write.

    Raises
    ------
    InputError
        When the templates of the brief cannot be used.
    """
    templates, findings = read_templates(outcome.templates, outcome.language)
    if errors_in(findings):
        raise InputError(findings)
    report = build_report(outcome, templates, figures)
    write_word(report, templates, figures, folder / "report.docx")
    vectors = {name: path.with_suffix(".pdf") for name, path in figures.items()}
    write_pdf(report, templates, vectors, folder / "report.pdf")
