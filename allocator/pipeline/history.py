"""The chain of runs in a folder: from the first proposal to the plan that stands.

A certificate names the run that was reviewed by the SHA-256 of its own certificate, so
that a chain cannot be bent: a run whose parent was changed has lost it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allocator.compare import Side
from allocator.compare.changes import placement_changes
from allocator.decisions import read_decisions
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.export import RUN_MARKER
from allocator.pipeline.bases import read_certificate
from allocator.pipeline.comparing import read_sites
from allocator.pipeline.deciding import DECIDED_FILE
from allocator.pipeline.origins import Input, find_brief, input_states
from allocator.pipeline.runs import read_run
from allocator.provenance import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from allocator.decisions import Decision

type Change = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Step:
    """One run of a chain.

    Parameters
    ----------
    folder
        Its run folder.
    sha256
        Of its certificate.
    certificate
        The content of ``run.json``.
    parent
        The run that was reviewed; None where there was none, or it is not found.
    parent_name
        What the certificate calls that run; empty where there was none.
    said
        The decisions that this run obeys and its parent did not, by reviewer, then
        verdict.
    obeyed
        How many decisions it obeys in all.
    changes
        What opened, was dropped, moved or changed from the parent; columns as
        `allocator.compare.placement_changes`. None where there is no parent to compare
        with.
    inputs
        What has become of the files that it rests on.
    brief
        The brief that was found; None where it was not.
    """

    folder: Path
    sha256: str
    certificate: dict[str, Any]
    parent: Step | None
    parent_name: str
    said: dict[str, dict[str, int]]
    obeyed: int
    changes: pd.DataFrame | None
    inputs: tuple[Input, ...]
    brief: Path | None

    @property
    def lost_parent(self) -> bool:
        """Whether a run was reviewed that is not there, or was changed since."""
        return bool(self.parent_name) and self.parent is None

    @property
    def reproducible(self) -> bool:
        """Whether every file is as it was, and the run reviewed is there."""
        return not self.lost_parent and all(i.state == "same" for i in self.inputs)

    @property
    def rounds(self) -> int:
        """How many runs of the chain come before."""
        return 0 if self.parent is None else self.parent.rounds + 1


@dataclass(frozen=True)
class History:
    """All runs of a folder.

    Parameters
    ----------
    steps
        Every run after the run that it reviewed, chains one after the other.
    findings
        Warnings: missing parents, branches, copies, folders that cannot be read.
    """

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]

    def children(self, step: Step) -> tuple[Step, ...]:
        """Return the runs that reviewed a run."""
        return tuple(one for one in self.steps if one.parent is step)


@dataclass
class _Found:
    """A run folder as it lies there."""

    folder: Path
    sha256: str
    certificate: dict[str, Any]
    children: list[_Found] = field(default_factory=list)

    @property
    def parent_sha256(self) -> str:
        return _parent(self.certificate).get("run_sha256", "")


@dataclass(frozen=True)
class _Search:
    """Where briefs are looked for, and the files that were fingerprinted already."""

    places: Sequence[Path]
    known: dict[Path, str]


def read_history(folder: Path, places: Sequence[Path] = ()) -> History:
    """Read the chains of runs in a folder.

    Parameters
    ----------
    folder
        A folder with run folders in it; or a run folder: then the chain that leads to
        it, among the runs beside it.
    places
        Where briefs are looked for besides the folders around each run.

    Raises
    ------
    InputError
        When there is no run.
    """
    findings: list[Finding] = []
    is_run = (folder / RUN_MARKER).is_file()
    home = folder.resolve()
    runs = _runs(home.parent if is_run else home, findings)
    if not runs or (is_run and home not in {one.folder for one in runs}):
        raise InputError(findings or [_no_runs(folder)])
    by_digest: dict[str, _Found] = {}
    for one in runs:
        first = by_digest.setdefault(one.sha256, one)
        if first is not one:
            findings.append(_copy(one, first))
    originals = list(by_digest.values())
    roots: list[_Found] = []
    for one in originals:
        above = by_digest.get(one.parent_sha256)
        (roots if above is None else above.children).append(one)
    kept = _line_to(home, originals, by_digest) if is_run else originals
    steps: list[Step] = []
    known: dict[Path, str] = {}
    ahead: list[tuple[_Found, Step | None]] = [(root, None) for root in reversed(roots)]
    while ahead:
        one, parent = ahead.pop()
        if any(one is other for other in kept):
            step = _step(one, parent, findings, _Search(places, known))
            steps.append(step)
            ahead += [(child, step) for child in reversed(one.children)]
    findings += _of_chains(steps)
    return History(tuple(steps), tuple(findings))


def _runs(folder: Path, findings: list[Finding]) -> list[_Found]:
    """Return the run folders right inside a folder, by name."""
    found = []
    for marker in sorted(folder.glob(f"*/{RUN_MARKER}")):
        if marker.parent.name.startswith("."):
            continue
        try:
            certificate = read_certificate(marker.parent)
        except InputError as error:
            findings += [_as_warning(f) for f in error.findings]
            continue
        if "totals" in certificate:  # other results have a run.json without totals
            digest = str(fingerprint(marker)["sha256"])
            found.append(_Found(marker.parent, digest, certificate))
    return found


def _as_warning(finding: Finding) -> Finding:
    return Finding(
        finding.code,
        finding.message,
        Severity.WARNING,
        finding.table,
        finding.keys,
        finding.column,
        finding.value,
        finding.remedy,
    )


def _line_to(
    run: Path, runs: Sequence[_Found], by_digest: dict[str, _Found]
) -> list[_Found]:
    """Return a run and those before it."""
    line = [one for one in runs if one.folder == run]
    if not line:  # a copy of another run: the line of that
        digest = str(fingerprint(run / RUN_MARKER)["sha256"])
        line = [by_digest[digest]]
    while (parent := by_digest.get(line[-1].parent_sha256)) is not None:
        line.append(parent)
    return line


def _step(
    one: _Found, parent: Step | None, findings: list[Finding], search: _Search
) -> Step:
    obeyed = _obeyed(one, findings)
    before = () if parent is None else _obeyed_words(parent.folder, parent.certificate)
    said: dict[str, dict[str, int]] = {}
    for decision in obeyed:
        if _words(decision) not in before:
            own = said.setdefault(decision.reviewer, {})
            own[str(decision.verdict)] = own.get(str(decision.verdict), 0) + 1
    brief: Path | None = None
    inputs: tuple[Input, ...] = ()
    try:
        brief = find_brief(one.folder, one.certificate, search.places)
        table = f"{one.folder.name}/{RUN_MARKER}"
        inputs = input_states(one.certificate, brief, table, search.known)
    except InputError as error:
        findings += [_as_warning(f) for f in error.findings]
    return Step(
        one.folder,
        one.sha256,
        one.certificate,
        parent,
        _parent(one.certificate).get("folder") or one.parent_sha256[:12],
        dict(sorted(said.items())),
        len(obeyed),
        None if parent is None else _changes(parent.folder, one, findings),
        inputs,
        brief,
    )


def _parent(certificate: dict[str, Any]) -> dict[str, str]:
    parent = certificate.get("parent")
    if not isinstance(parent, dict):
        return {}
    return {str(key): str(value) for key, value in parent.items()}


def _services(certificate: dict[str, Any]) -> dict[str, str]:
    services = certificate.get("services", {})
    if not isinstance(services, dict):
        return {}
    return {str(key): str(value) for key, value in services.items()}


def _obeyed(one: _Found, findings: list[Finding]) -> tuple[Decision, ...]:
    path = one.folder / DECIDED_FILE
    if not path.is_file():
        return ()
    decisions, problems = read_decisions(path, _services(one.certificate))
    findings += [_as_warning(f) for f in errors_in(problems)]
    return decisions


def _obeyed_words(folder: Path, certificate: dict[str, Any]) -> set[tuple[object, ...]]:
    found = _obeyed(_Found(folder, "", certificate), [])
    return {_words(decision) for decision in found}


def _words(decision: Decision) -> tuple[object, ...]:
    return (
        decision.site_id,
        decision.service,
        decision.verdict,
        decision.reviewer,
        decision.reason,
        decision.date,
        decision.lon,
        decision.lat,
    )


def _changes(parent: Path, one: _Found, findings: list[Finding]) -> pd.DataFrame | None:
    try:
        sides = [
            Side(
                folder.name,
                read_run(folder),
                read_sites(folder / "placements.csv"),
                [],
                {},
            )
            for folder in (parent, one.folder)
        ]
    except InputError as error:
        findings += [_as_warning(f) for f in error.findings]
        return None
    services = list(_services(one.certificate))
    changes: pd.DataFrame = placement_changes(sides[0], sides[1], services=services)
    return changes


# --- what is said of the chains -------------------------------------------------------


def _no_runs(folder: Path) -> Finding:
    return Finding(
        "run-missing",
        Text("文件夹里没有方案", "there is no run in the folder"),
        table=str(folder),
        remedy=Text(
            "给出存放各轮方案文件夹的文件夹",
            "give the folder that the run folders lie in",
        ),
    )


def _copy(one: _Found, first: _Found) -> Finding:
    name = first.folder.name
    return Finding(
        "run-copy",
        Text(f"与 {name} 是同一个方案的副本", f"a copy of the run {name}"),
        Severity.WARNING,
        one.folder.name,
    )


def _of_chains(steps: Sequence[Step]) -> list[Finding]:
    findings = []
    for step in steps:
        if step.lost_parent:
            digest = _parent(step.certificate).get("run_sha256", "")
            findings.append(
                Finding(
                    "parent-missing",
                    Text(
                        f"找不到所评审的方案 {step.parent_name}, 或它此后改过",
                        f"the run reviewed, {step.parent_name}, is not here or was "
                        "changed since",
                    ),
                    Severity.WARNING,
                    f"{step.folder.name}/{RUN_MARKER}",
                    column="parent.run_sha256",
                    value=digest,
                    remedy=Text(
                        "把该方案文件夹放回这里", "put that run folder back here"
                    ),
                )
            )
        next_ones = [one.folder.name for one in steps if one.parent is step]
        if len(next_ones) > 1:
            findings.append(
                Finding(
                    "history-branches",
                    Text(
                        f"由 {step.folder.name} 分出 {len(next_ones)} 个方案",
                        f"{len(next_ones)} runs follow {step.folder.name}",
                    ),
                    Severity.WARNING,
                    step.folder.name,
                    tuple(next_ones),
                )
            )
    return findings
