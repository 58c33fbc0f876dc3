"""Planning a task county by county: cut, solved side by side, shared out, joined.

The joined plan is audited as one plan of the whole, under the whole budget, by the same
audit as any other.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from allocator.audit import Facts, lacking_columns, plan_of_today
from allocator.diagnose import as_error, refuse_impossible
from allocator.errors import (
    AllocatorError,
    AuditError,
    Finding,
    InfeasibleError,
    InputError,
    PolicyError,
    SolverError,
    Text,
)
from allocator.formulation import build_phases
from allocator.parts import (
    Answer,
    Coordination,
    Crew,
    Known,
    Part,
    Question,
    Shared,
    at_work,
    choice_key,
    cut_parts,
    find_crossings,
    find_sharing,
    group_counties,
    join_plans,
    keep,
    keep_choice,
    put,
    recall,
    recall_choice,
    unpack_plans,
    work,
)
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.outcomes import Found, make_outcome
from allocator.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.outcome import Outcome
    from allocator.parts import Crossing
    from allocator.pipeline.task import Task
    from allocator.progress import Progress

_ERRORS: dict[int, type[AllocatorError]] = {
    error.exit_code: error
    for error in (InputError, PolicyError, InfeasibleError, SolverError, AuditError)
}


@dataclass(frozen=True)
class Labour:
    """Who plans the parts, and whether what is known of them is kept.

    Parameters
    ----------
    workers
        Processes on this machine; None: one a processor.
    cluster
        Address of a Dask scheduler; empty: this machine.
    cached
        Whether answers are kept from run to run.
    """

    workers: int | None = None
    cluster: str = ""
    cached: bool = True

    @property
    def crew(self) -> Crew:
        """The processes that work."""
        return Crew(self.workers or os.cpu_count() or 1, self.cluster)


def plan_in_parts(
    task: Task, labour: Labour | None = None, *, progress: Progress = SILENT
) -> Outcome:
    """Plan a task of which the brief says ``[split]``, and audit the joined plan.

    Parameters
    ----------
    task
        A task that was read; what its counties share is found in its rules and terms.
    labour
        Who works; None: every processor of this machine.
    progress
        Told of every part; when it is cancelled the best joined plan is kept.

    Raises
    ------
    PolicyError
        When a clause, an objective or journeys tie counties together in a way that
        cannot be shared out; all of them are named.
    InfeasibleError
        When a county has no plan, or what is shared does not go round.
    SolverError
        When the solver, or the processes, gave no usable answer.
    AuditError
        When the joined plan breaks a rule: it is never written.
    """
    labour = labour or Labour()
    started = time.monotonic()
    part_of_county = _parts_of(task)
    undecidable = [_undecidable(task, number) for number in range(len(task.phases))]
    sharing = find_sharing(
        task.phases, part_of_county, [frozenset(one) for one in undecidable]
    )
    if sharing.findings:
        raise PolicyError(sharing.findings)
    progress.step(Text("分县", "cutting into counties"))
    settings = task.brief.solver
    parts = cut_parts(
        task.phases,
        task.travel,
        part_of_county,
        sharing,
        gap=settings.gap,
        time_limit_s=settings.time_limit_s,
    )
    build_s = time.monotonic() - started
    asking = _Asking(task, parts, labour, progress)
    key = choice_key(parts, settings.gap)
    shared = recall_choice(key) if asking.all_known else None
    if shared is None:
        with at_work(labour.crew):
            shared = Coordination(
                parts,
                asking.known,
                asking.ask,
                gap=settings.gap,
                progress=progress,
            ).run()
        if asking.may_be_kept:
            keep_choice(key, shared)
    return _joined(
        task, asking, shared, undecidable[-1], build_s=build_s, progress=progress
    )


# --- cutting --------------------------------------------------------------------------


def _parts_of(task: Task) -> dict[str, str]:
    """Return the part of every county, as the brief says what borders are.

    Raises
    ------
    PolicyError
        When journeys over borders count and the brief does not say what they are.
    """
    split = task.brief.split
    if split is None or split.borders == "closed":
        return group_counties(task.area, ())
    crossings = [
        find_crossings(phase.area, task.travel, phase.policy) for phase in task.phases
    ]
    joined = [pair for crossing in crossings for pair in crossing.counties]
    if joined and split.borders == "refuse":
        raise PolicyError([_crossed(task, crossings[-1])])
    return group_counties(task.area, joined)


def _crossed(task: Task, crossing: Crossing) -> Finding:
    names = task.area.counties["name"]
    shown = tuple(f"{names[a]} → {names[b]}" for a, b in crossing.counties)
    services = ", ".join(crossing.services)
    return Finding(
        "split-borders-crossed",
        Text(
            f"有 {crossing.people} 人可由他县的点服务 ({services}), 分县求解会漏计",
            f"{crossing.people} people are in reach of sites of other counties "
            f"({services}), which planning apart would miss",
        ),
        table=task.brief.path.name,
        keys=shown,
        column="split.borders",
        remedy=Text(
            '写 borders = "closed" (不计跨县) 或 "joined" (相连的县合并求解)',
            'write borders = "closed" (none counts) or "joined" (plan such counties '
            "together)",
        ),
    )


def _undecidable(task: Task, number: int) -> dict[str, str]:
    """Return the rules of a phase that bind nothing, and the column that each lacks.

    They are found by auditing today: a part might have the column filled.
    """
    phase = task.phases[number]
    today = plan_of_today(phase.area, task.travel, phase.policy, phase.terms)
    return lacking_columns(Facts(phase.area, task.travel, phase.policy, today))


# --- asking ---------------------------------------------------------------------------


class _Asking:
    """Puts questions to parts, and keeps what is learnt."""

    def __init__(
        self, task: Task, parts: Sequence[Part], labour: Labour, progress: Progress
    ) -> None:
        self.task = task
        self.parts = {part.id: part for part in parts}
        self.labour = labour
        self.progress = progress
        self.known: dict[str, Known] = {}
        self.solved: set[str] = set()
        self.failed = False
        for part in parts:
            kept = recall(part.key) if labour.cached else None
            self.known[part.id] = kept or Known()

    @property
    def all_known(self) -> bool:
        """Whether an earlier run has planned every part."""
        return all(known.own for known in self.known.values())

    @property
    def may_be_kept(self) -> bool:
        """Whether another run would come to the same: nothing was cut short."""
        return self.labour.cached and not (self.failed or self.progress.cancelled())

    def ask(self, questions: Mapping[str, Sequence[Question]]) -> None:
        """Ask parts side by side, and learn from the answers.

        What is learnt of a part depends on its own answers alone, so that it does not
        matter which comes first. Once the work is to stop nothing is asked.
        """
        if self.progress.cancelled():
            return
        pieces = [
            (part_id, (self.parts[part_id], tuple(asked)))
            for part_id, asked in questions.items()
        ]
        with contextlib.closing(put(self.labour.crew, work, pieces)) as coming:
            for done, (part_id, answer) in enumerate(coming, start=1):
                self._tell(part_id, done, len(pieces))
                if answer.infeasible:
                    raise self._no_plan(part_id)
                if answer.failed and not self.known[part_id].options:
                    raise _error_of(answer)
                self._learn(part_id, answer, questions[part_id])
                if self.progress.cancelled():
                    return

    def _learn(self, part_id: str, answer: Answer, asked: Sequence[Question]) -> None:
        self.solved.add(part_id)
        known = self.known[part_id]
        if answer.failed:
            # It was asked, if in vain: it is not asked again in this run.
            self.failed = True
            known.asked |= {question.name for question in asked}
            return
        known.learn(answer.known)
        if self.labour.cached:
            keep(self.parts[part_id].key, known)

    def _tell(self, part_id: str, done: int, count: int) -> None:
        name = self.parts[part_id].name
        self.progress.step(Text(f"{name} ({done}/{count})", f"{name} ({done}/{count})"))

    def _no_plan(self, part_id: str) -> AllocatorError:
        """Return the error that says why one county has no plan."""
        part = self.parts[part_id]
        alone = replace(self.task, phases=part.phases, travel=part.travel)
        head = Finding(
            "infeasible-county",
            Text(
                f"{part.name} 单独就没有满足全部条款的方案",
                f"{part.name} by itself has no plan that keeps every rule",
            ),
            keys=(part.id,),
        )
        try:
            formulation = build_phases(alone.phases, alone.travel)
            refuse_impossible(formulation, alone.area, alone.policy)
            why = explain_task(alone, ways_out=False, progress=self.progress)
            error = as_error(why, alone.area, alone.policy)
        except AllocatorError as found:
            error = found
        return type(error)([head, *error.findings])


def _error_of(answer: Answer) -> AllocatorError:
    return _ERRORS.get(answer.exit_code, SolverError)(answer.failed)


# --- joining --------------------------------------------------------------------------


def _joined(
    task: Task,
    asking: _Asking,
    shared: Shared,
    undecidable: Mapping[str, str],
    *,
    build_s: float,
    progress: Progress,
) -> Outcome:
    progress.step(Text("合并各县方案", "joining the plans of the counties"))
    plans = join_plans([unpack_plans(option.plans) for option in shared.options])
    sizes = [known.size for known in asking.known.values()]
    found = Found(
        plans,
        tuple(frozenset() for _ in task.phases),
        undecidable,
        {
            "rows": sum(size.rows for size in sizes),
            "columns": sum(size.columns for size in sizes),
            "integers": sum(size.integers for size in sizes),
        },
    )
    outcome = make_outcome(
        task, found, shared.solution, build_s=build_s, progress=progress
    )
    certificate = outcome.certificate
    times = {
        **certificate["times"],
        "parts_solved": len(asking.solved),
        "parts_kept": len(asking.parts) - len(asking.solved),
        "rounds": shared.rounds,
        "parts_cpu_seconds": round(sum(k.seconds for k in asking.known.values()), 3),
    }
    split = _split_record(task, asking, shared)
    return replace(outcome, certificate={**certificate, "split": split, "times": times})


def _split_record(task: Task, asking: _Asking, shared: Shared) -> dict[str, Any]:
    """Return how the limits were shared out, and what each part has of them."""
    parts = list(asking.parts.values())
    stages, limits = parts[0].stages, parts[0].limits
    measures = [option.measures for option in shared.options]
    sums = [sum(values) for values in zip(*measures, strict=True)]
    split = task.brief.split
    return {
        "by": "county" if split is None else split.by,
        "borders": "refuse" if split is None else split.borders,
        "method": shared.method,
        "priced": shared.priced,
        "limits": [
            {
                "name": limit.name,
                "what": limit.what,
                "year": limit.year,
                "most": limit.most,
                "used": sums[len(stages) + number],
                "price": shared.prices.get(limit.key, 0.0),
            }
            for number, limit in enumerate(limits)
        ],
        "areas": [
            _part_record(part, asking.known[part.id], option.measures)
            for part, option in zip(parts, shared.options, strict=True)
        ],
    }


def _part_record(part: Part, known: Known, measures: Sequence[float]) -> dict[str, Any]:
    count = len(part.stages)
    return {
        "id": part.id,
        "name": part.name,
        "counties": list(part.phases[-1].area.counties.index),
        "objectives": {
            name: measures[place]
            for place, name in enumerate(part.stages)
            if name in known.present
        },
        "shares": {
            limit.key: measures[count + number]
            for number, limit in enumerate(part.limits)
        },
        "by_itself": [
            {"name": s.name, "value": s.value, "bound": s.bound, "status": s.status}
            for s in known.own
        ],
    }
