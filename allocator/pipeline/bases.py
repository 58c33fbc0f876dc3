"""The base plan of a task: solved now, or taken from the folder of an earlier run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.audit import Facts, clauses_for
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import Finding, InputError, Text
from allocator.formulation import build_phases, read_plan
from allocator.pipeline.certificate import input_files
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.runs import read_run
from allocator.plan import COUNTED_COLUMNS, Plan
from allocator.provenance import fingerprints, parse_json
from allocator.reasons import Base, base_of_plan, solve_base
from allocator.solve import Session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allocator.formulation.program import Relaxed
    from allocator.pipeline.task import Task
    from allocator.progress import Progress

type Pair = tuple[str, str]  # (site_id, service)


@dataclass(frozen=True)
class Planned:
    """A task with its base plan.

    Parameters
    ----------
    task, base
        What was asked, and the plan with its program.
    plan
        The base plan, all phases carried out.
    clauses
        For each pair that a plan may hold: the rules that ask for it, or would.
    relaxed
        ``rules`` where the base is a plan by best effort, which breaks binding clauses
        as little as possible.
    """

    task: Task
    base: Base
    plan: Plan
    clauses: Mapping[Pair, tuple[str, ...]]
    relaxed: Relaxed


def planned(task: Task, run: Path | None, progress: Progress) -> Planned:
    """Solve a task, or take the plan of a run of the same task.

    Raises
    ------
    InputError
        When the run is not one of this task and these files.
    InfeasibleError
        When the task has no plan.
    SolverError
        When the solver gave no usable answer.
    """
    certificate = None if run is None else read_certificate(run)
    if run is not None and certificate is not None:
        _refuse_other_inputs(task, run, certificate)
    progress.step(Text("建立整数规划", "building the integer program"))
    best_effort = certificate is not None and certificate.get("best_effort")
    relaxed: Relaxed = "rules" if best_effort else "nothing"
    formulation = build_phases(
        task.phases, task.travel, relaxed=relaxed, progress=progress
    )
    refuse_impossible(formulation, task.area, task.policy)
    settings = task.brief.solver
    session = Session(
        formulation, gap=settings.gap, threads=settings.threads, progress=progress
    )
    base: Base | None
    if run is None or certificate is None:
        base = solve_base(session, time_limit_s=settings.time_limit_s)
        if base is None:
            explanation = explain_task(task, ways_out=False, progress=progress)
            raise as_error(explanation, task.area, task.policy)
    else:
        base = _of_run(task, run, certificate, session, progress)
    plan = read_plan(formulation)
    return Planned(task, base, plan, _clauses_of_all(base, task, plan), relaxed)


def _of_run(
    task: Task,
    run: Path,
    certificate: dict[str, Any],
    session: Session,
    progress: Progress,
) -> Base:
    progress.step(Text("读取方案", "reading the plan"))
    base = base_of_plan(
        session,
        read_run(run),
        {one["name"]: one["bound"] for one in certificate["objectives"]},
        time_limit_s=task.brief.solver.time_limit_s,
    )
    stated = {one["name"]: one["value"] for one in certificate["objectives"]}
    if base is None or not _same_values(base, stated):
        raise InputError(
            [
                Finding(
                    "run-other-plan",
                    Text(
                        "表格中的方案与证书不符, 或不满足条款",
                        "the plan of the tables is not that of the certificate, "
                        "or breaks a clause",
                    ),
                    table=str(run),
                    remedy=Text("用 allocator plan 重新求解", "plan again"),
                )
            ]
        )
    return base


_SAME = 1e-4  # relative: tables are written with six decimals


def _same_values(base: Base, stated: Mapping[str, float]) -> bool:
    return all(
        stage.name in stated
        and abs(stage.value - stated[stage.name]) <= _SAME * max(1.0, abs(stage.value))
        for stage in base.solution.stages
    )


def read_certificate(run: Path) -> dict[str, Any]:
    """Read ``run.json`` of a run folder.

    Raises
    ------
    InputError
        When it is missing or is no certificate.
    """
    path = run / "run.json"
    try:
        content = parse_json(path.read_text("utf-8"))
        for one in content["objectives"]:
            _ = one["name"], float(one["value"]), one["bound"]
        _ = content["inputs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = Text("没有可读的证书", "there is no certificate that can be read")
        remedy = Text(
            "给出 allocator plan 写出的文件夹",
            "give a folder that allocator plan wrote",
        )
        raise InputError(
            [Finding("run-unreadable", message, table=str(path), remedy=remedy)]
        ) from error
    return dict(content)


def _refuse_other_inputs(task: Task, run: Path, certificate: dict[str, Any]) -> None:
    """Stop when the run rests on other files than the task has now."""

    def keys(files: list[dict[str, Any]]) -> dict[str, str]:
        return {str(one["file"]): str(one["sha256"]) for one in files}

    then, now = keys(certificate["inputs"]), keys(fingerprints(input_files(task.brief)))
    if "decisions" in certificate and task.reviewed.file is not None:
        # What was decided is read from the run folder, not from the form it came in.
        then = {name: digest for name, digest in then.items() if name in now}
    changed = sorted(
        name for name in then.keys() | now.keys() if then.get(name) != now.get(name)
    )
    if changed:
        raise InputError(
            [
                Finding(
                    "run-other-inputs",
                    Text(
                        "该方案是用其他文件求解的, 或文件此后改过",
                        "the run was made from other files, or they changed since",
                    ),
                    table=str(run),
                    keys=tuple(changed),
                    remedy=Text(
                        "用现在的文件重新求解, 或去掉 --plan",
                        "plan again with these files, or leave --plan out",
                    ),
                )
            ]
        )


def _clauses_of_all(base: Base, task: Task, plan: Plan) -> dict[Pair, tuple[str, ...]]:
    """Return the rules that ask for each pair, or that would count a candidate."""
    placed = clauses_for(Facts(task.area, task.travel, task.policy, plan))
    others = [pair for pair in base.program.holds if pair not in placed]
    rows = pd.DataFrame(
        [(*pair, "build", None, 0.0, 0.0, 1) for pair in others],
        columns=list(COUNTED_COLUMNS),
    )
    everywhere = Plan(rows, plan.assignments, plan.allocations)
    would = clauses_for(Facts(task.area, task.travel, task.policy, everywhere))
    return would | placed
