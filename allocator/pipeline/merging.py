"""Merging the reviews of several people: files in, one table of decisions out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from allocator.decisions import (
    Decision,
    Merged,
    Opinion,
    Verdict,
    merge_opinions,
    read_decisions,
    read_opinions,
)
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.export import DECISION_COLUMNS, write_csv
from allocator.pipeline.bases import read_certificate
from allocator.pipeline.deciding import DECIDED_FILE, Review
from allocator.pipeline.runs import read_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

type Pair = tuple[str, str]  # (site_id, service)

CONFLICT_COLUMNS = (
    "site_id",
    "name",
    "service",
    "service_name",
    "reviewer",
    "verdict",
    "reason",
    "date",
    "phase",
    "lon",
    "lat",
    "file",
    "row",
)


@dataclass(frozen=True)
class Reviewed:
    """The run that was reviewed, as far as merging needs it.

    Parameters
    ----------
    folder
        Of the run.
    names
        Name of each site that the plan gives anything.
    services
        Name by id.
    placements
        The pairs of the plan, sorted.
    standing
        The decisions that it obeys.
    """

    folder: Path
    names: Mapping[str, str]
    services: Mapping[str, str]
    placements: tuple[Pair, ...]
    standing: tuple[Decision, ...]


@dataclass(frozen=True)
class MergedReviews:
    """Reviews put together, and what they are about.

    Parameters
    ----------
    merged
        What is agreed and what is not.
    run
        The run reviewed; None where it is not known.
    findings
        Warnings and notes of all files.
    """

    merged: Merged
    run: Reviewed | None
    findings: tuple[Finding, ...]

    @property
    def placements(self) -> tuple[Pair, ...]:
        """What was to be reviewed: the plan, else whatever anybody spoke of."""
        if self.run is not None:
            return self.run.placements
        return tuple(self.merged.opinions)

    def counts(self) -> dict[str, int]:
        """Return how many placements all, some and none of the people spoke of."""
        people = set(self.merged.people)
        said = [self.merged.said_of(pair) for pair in self.placements]
        by_all = sum(bool(people) and people <= one for one in said)
        by_none = sum(not one for one in said)
        return {
            "placements": len(said),
            "by_everybody": by_all,
            "by_some": len(said) - by_all - by_none,
            "by_nobody": by_none,
            "agreed": len(self.merged.agreed),
            "conflicts": len(self.merged.conflicts),
        }

    def verdicts(self) -> dict[str, dict[str, int]]:
        """Return how many of each verdict every person gave."""
        found: dict[str, dict[str, int]] = {name: {} for name in self.merged.people}
        for opinions in self.merged.opinions.values():
            for one in opinions:
                if one.person in found:
                    verdict = str(one.decision.verdict)
                    own = found[one.person]
                    own[verdict] = own.get(verdict, 0) + 1
        return found


def merge_reviews(files: Sequence[Path], run: Path | None = None) -> MergedReviews:
    """Read reviews and put them together.

    Parameters
    ----------
    files
        Workbooks and tables that came back.
    run
        The run that was reviewed; None: that of the first file that lies in one.

    Raises
    ------
    InputError
        With every finding of all files, when any cannot be used.
    """
    known = [Review(path).run for path in files]
    folder = run or next((found for found in known if found is not None), None)
    reviewed = None if folder is None else _read_reviewed(folder)
    findings: list[Finding] = []
    reviews: dict[str, tuple[Decision, ...]] = {}
    services = None if reviewed is None else reviewed.services
    for name, path in _named(files).items():
        reviews[name], problems = read_opinions(path, services)
        findings += problems
    if errors_in(findings):
        raise InputError(findings)
    standing = () if reviewed is None else reviewed.standing
    merged = merge_opinions(reviews, standing)
    findings += merged.findings
    if reviewed is not None:
        findings += _stale(merged, reviewed)
    return MergedReviews(merged, reviewed, tuple(findings))


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Return the files by a name that tells them apart; one given twice counts once."""
    paths = list({path.resolve(): path for path in files}.values())
    for name in (
        lambda path: path.stem,
        lambda path: f"{path.resolve().parent.name}/{path.stem}",
        lambda path: f"{path.resolve().parent.name}/{path.name}",
    ):
        found = {name(path): path for path in paths}
        if len(found) == len(paths):
            return found
    return {str(path): path for path in paths}


def _read_reviewed(folder: Path) -> Reviewed:
    certificate = read_certificate(folder)
    columns = ("site_id", "name", "service")
    rows = read_columns(folder / "placements.csv", columns)
    services = {str(k): str(v) for k, v in certificate.get("services", {}).items()}
    standing: tuple[Decision, ...] = ()
    if (folder / DECIDED_FILE).is_file():
        standing, problems = read_decisions(folder / DECIDED_FILE, services)
        if errors_in(problems):
            raise InputError(problems)
    pairs = zip(rows["site_id"], rows["service"], strict=True)
    return Reviewed(
        folder,
        dict(zip(rows["site_id"], rows["name"], strict=True)),
        services,
        tuple(sorted(set(pairs))),
        standing,
    )


def _stale(merged: Merged, reviewed: Reviewed) -> list[Finding]:
    """Warn of verdicts on what the plan that was reviewed does not have."""
    placed = set(reviewed.placements)
    sites = {site_id for site_id, _ in placed}
    findings = []
    for (site_id, service), opinions in merged.opinions.items():
        there = (site_id, service) in placed if service else site_id in sites
        for one in opinions:
            needs = one.decision.verdict in (Verdict.ACCEPT, Verdict.MOVE)
            if there or one.standing or not needs:
                continue
            text = Text(
                f"方案 {reviewed.folder.name} 没有这项设置, 意见已过时",
                f"the plan {reviewed.folder.name} has no such placement: "
                "the verdict is stale",
            )
            remedy = Text("改用这一版的审核表", "use the form of this run")
            findings.append(
                Finding(
                    "decision-stale",
                    text,
                    Severity.WARNING,
                    one.file,
                    (one.decision.row,),
                    "verdict",
                    f"{one.person}: {site_id} {service} {one.decision.verdict}",
                    remedy,
                )
            )
    return findings


# --- what is written ------------------------------------------------------------------


def decision_table(found: MergedReviews) -> pd.DataFrame:
    """Return the merged table: what is agreed, then blank rows of what is not.

    The row of a conflict has no verdict and says who said what, so that it can be
    filled in once people agree; a plan made before that takes it as undecided.
    """
    rows = [
        {name: decision.cell(name) for name in DECISION_COLUMNS}
        for decision in found.merged.agreed
    ]
    for row in rows:
        row["verdict"] = str(row["verdict"])
    for (site_id, service), opinions in found.merged.conflicts.items():
        years = [o.decision.phase for o in opinions if o.decision.phase is not None]
        row = dict.fromkeys(DECISION_COLUMNS, "")
        said = "; ".join(f"{one.person}: {one.decision.verdict}" for one in opinions)
        row |= {"site_id": site_id, "service": service, "reason": said}
        rows.append(row | {"phase": years[0] if years else None})
    return pd.DataFrame(rows, columns=list(DECISION_COLUMNS), dtype=object)


def conflict_table(found: MergedReviews) -> pd.DataFrame:
    """Return one row for each opinion on a placement on which people differ."""
    rows = [
        _conflict_row(found, pair, one)
        for pair, opinions in found.merged.conflicts.items()
        for one in opinions
    ]
    return pd.DataFrame(rows, columns=list(CONFLICT_COLUMNS), dtype=object)


def _conflict_row(found: MergedReviews, pair: Pair, one: Opinion) -> dict[str, object]:
    decision = one.decision
    return {
        "site_id": pair[0],
        "name": site_name(found, pair[0]),
        "service": pair[1],
        "service_name": service_name(found, pair[1]),
        "reviewer": one.person,
        "verdict": str(decision.verdict),
        "reason": decision.reason,
        "date": decision.date,
        "phase": decision.phase,
        "lon": decision.lon,
        "lat": decision.lat,
        "file": one.file,
        "row": decision.row,
    }


def site_name(found: MergedReviews, site_id: str) -> str:
    """Return the name of a site where the run knows it, else empty text."""
    return "" if found.run is None else found.run.names.get(site_id, "")


def service_name(found: MergedReviews, service: str) -> str:
    """Return the name of a service where the run knows it, else its id."""
    return service if found.run is None else found.run.services.get(service, service)


def conflicts_file(target: Path) -> Path:
    """Return where the conflicts of a merged table are listed."""
    return target.with_name(f"{target.stem}.conflicts.csv")


def refuse_existing_file(target: Path, *, force: bool) -> None:
    """Check that a table may be written.

    Raises
    ------
    InputError
        When it exists and ``force`` is not set, or is no file.
    """
    for path in (target, conflicts_file(target)):
        if not path.exists() or (force and path.is_file()):
            continue
        text = Text("文件已存在, 不会覆盖", "the file exists and is not overwritten")
        remedy = Text("换一个文件名, 或加 --force", "choose another, or add --force")
        raise InputError([Finding("file-exists", text, table=str(path), remedy=remedy)])


def write_merged(
    found: MergedReviews, target: Path, *, force: bool
) -> tuple[Path, ...]:
    """Write the merged table, and beside it the conflicts where there are any.

    Returns
    -------
    files
        What was written.

    Raises
    ------
    InputError
        When a file exists and ``force`` is not set, or cannot be written.
    """
    refuse_existing_file(target, force=force)
    beside = conflicts_file(target)
    try:
        _write(decision_table(found), target)
        if found.merged.conflicts:
            _write(conflict_table(found), beside)
            return target, beside
        beside.unlink(missing_ok=True)
    except OSError as error:
        text = Text(f"无法写入: {error.strerror}", f"cannot write: {error.strerror}")
        raise InputError(
            [Finding("file-unwritable", text, table=str(target))]
        ) from error
    return (target,)


def _write(table: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all."""
    partial = path.with_name(f".{path.name}.part")
    try:
        write_csv(table, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
