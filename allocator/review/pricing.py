"""What a decision costs: the plan solved again with it, in a program that stays.

``python -m allocator.review.pricing BRIEF RUN`` reads one question a line and answers
in lines, both JSON: the integer program is built once and asked again and again.

Rejecting and forcing change one choice of the plan at hand (`explain_pair`); a move or
a new site changes the task, which is then read and solved anew. Every decision is
priced by itself, as if it were the only change to the plan that is reviewed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.decisions import Verdict
from allocator.errors import AllocatorError, InfeasibleError, Language, Text
from allocator.formulation import build_phases
from allocator.pipeline import Review, Task, read_task
from allocator.pipeline.bases import Planned, planned, read_certificate
from allocator.pipeline.deciding import DECIDED_FILE
from allocator.pipeline.reasons import Reason, explain_pair
from allocator.reasons.words import figure, objective_name, say_difference, say_verdict
from allocator.review.entries import Entry, entry_of
from allocator.review.forms import read_form, write_form
from allocator.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

PRICED = (Verdict.REJECT, Verdict.LOCK, Verdict.DEFER, Verdict.MOVE, Verdict.ADD)
_MOST_SECONDS = 120.0  # for one answer; what is proved by then is said
_MOST_NAMED = 3


@dataclass(frozen=True)
class Quote:
    """What a decision costs.

    Parameters
    ----------
    headline
        In one line.
    lines
        The same at length, objective by objective.
    verdict
        ``as_good``, ``worse``, ``impossible``, ``unknown`` or ``fixed``, as in
        `allocator.reasons.Consequence`.
    """

    headline: Text
    lines: tuple[Text, ...]
    verdict: str

    def as_dict(self, language: Language) -> dict[str, Any]:
        """Return the quote as plain data, in a language."""
        return {
            "headline": self.headline.say(language),
            "lines": [line.say(language) for line in self.lines],
            "verdict": self.verdict,
        }


class Teller:
    """Progress that hands every step on, and never stops the work.

    Parameters
    ----------
    tell
        Receives each step.
    """

    def __init__(self, tell: Callable[[Text], None]) -> None:
        self._tell = tell

    def step(self, text: Text) -> None:
        """Hand a step on."""
        self._tell(text)

    def update(self, text: Text) -> None:
        """Say nothing: steps are enough."""

    def cancelled(self) -> bool:
        """Return False: the process is ended instead."""
        return False


class Pricer:
    """The base plan of a run, and what changes to it cost.

    Parameters
    ----------
    brief, run
        The task and the run that is reviewed.
    tell
        Receives each step of the work.
    """

    def __init__(self, brief: Path, run: Path, tell: Callable[[Text], None]) -> None:
        self._brief, self._run = brief, run
        self._progress = Teller(tell)
        self._planned: Planned | None = None

    def quote(self, entry: Entry) -> Quote:
        """Return what a decision costs.

        Raises
        ------
        AllocatorError
            When task, run or decision cannot be used.
        """
        if entry.verdict in (Verdict.MOVE, Verdict.ADD) or not entry.service:
            return self._anew(entry)
        base = self._base()
        reason = explain_pair(base, entry.key, time_limit_s=self._seconds(base.task))
        if reason is None:
            return _impossible()
        if entry.verdict == Verdict.LOCK and entry.key in base.base.held:
            return _nothing()
        return _of_reason(base, reason, entry)

    def _base(self) -> Planned:
        if self._planned is None:
            review = Review.of_run(self._run)
            task = read_task(self._brief, review=review, progress=self._progress)
            self._planned = planned(task, self._run, self._progress)
        return self._planned

    def _seconds(self, task: Task) -> float:
        return min(task.brief.solver.time_limit_s, _MOST_SECONDS)

    def _anew(self, entry: Entry) -> Quote:
        """Solve the task with this decision on top of what the run obeys."""
        certificate = read_certificate(self._run)
        before = {one["name"]: float(one["value"]) for one in certificate["objectives"]}
        decided = self._run / DECIDED_FILE
        with tempfile.TemporaryDirectory() as folder:
            form = Path(folder) / "decisions.csv"
            rows = (
                read_form(decided, certificate["services"]) if decided.is_file() else []
            )
            write_form(form, rows, {**{r.key: r for r in rows}, entry.key: entry})
            review = Review(form, self._run)
            task = read_task(self._brief, review=review, progress=self._progress)
        formulation = build_phases(
            task.phases,
            task.travel,
            relaxed="rules" if certificate.get("best_effort") else "nothing",
            progress=self._progress,
        )
        settings = task.brief.solver
        solution = solve(
            formulation,
            time_limit_s=self._seconds(task),
            gap=settings.gap,
            threads=settings.threads,
            progress=self._progress,
        )
        if solution.status == "infeasible":
            return _impossible()
        gap = settings.gap
        lines, worse = [], False
        for stage in solution.stages:
            if stage.name in before and stage.name != "changes":
                change = stage.value - before[stage.name]
                near = abs(change) <= gap * max(1.0, abs(before[stage.name]))
                worse = worse or (not near and change > 0)
                lines.append(_changed(stage.name, 0.0 if near else change))
        proven = solution.status == "optimal"
        if not proven:
            lines.append(Text("求解未证明最优", "not proven optimal"))
        return Quote(_joined(lines), tuple(lines), "worse" if worse else "as_good")


def _changed(name: str, change: float) -> Text:
    words = objective_name(name)
    if change == 0.0:
        return Text(f"{words.zh}: 不变", f"{words.en}: no change")
    sign = "+" if change > 0 else "−"
    said = f"{sign}{figure(abs(change))}"
    return Text(f"{words.zh} {said}", f"{words.en} {said}")


def _joined(lines: list[Text]) -> Text:
    told = [line for line in lines if not line.zh.endswith("不变")]
    if not told:
        return Text("各项目标均不变", "no objective changes")
    zh, en = "; ".join(t.zh for t in told), "; ".join(t.en for t in told)
    return Text(zh, en)


def _impossible() -> Quote:
    text = Text(
        "这样就没有满足全部条款和预算的方案",
        "then no plan keeps all clauses and the budget",
    )
    return Quote(text, (), "impossible")


def _nothing() -> Quote:
    text = Text("方案本来如此, 没有代价", "the plan is like this: it costs nothing")
    return Quote(text, (), "as_good")


def _of_reason(base: Planned, reason: Reason, entry: Entry) -> Quote:
    found = reason.found
    if found is None:
        return Quote(Text("未求解", "not solved"), (), "unknown")
    asked = entry.verdict in (Verdict.REJECT, Verdict.DEFER)
    if asked and reason.action == "keep" and found.verdict == "fixed":
        return Quote(_OF_TODAY, (), "impossible")
    if asked != (found.question == "without"):
        # To reject what the plan does not place, or to force what it places.
        return _nothing()
    told = [say_difference(d) for d in found.differences if not d.as_good]
    instead = _substitutes(base, reason)
    then = _then(base, reason)
    head = told or [say_verdict(found)]
    if entry.verdict == Verdict.DEFER and len(base.task.phases) > 1:
        bound = Text("缓建的代价不高于取消:", "deferring costs no more than dropping:")
        head = [bound, *head]
    line = [*head, *([instead] if instead else [])]
    headline = Text("; ".join(t.zh for t in line), "; ".join(t.en for t in line))
    lines = [say_verdict(found), *(say_difference(d) for d in found.differences)]
    lines += [text for text in (instead, then) if text is not None]
    return Quote(headline, tuple(lines), found.verdict)


_OF_TODAY = Text(
    "现有设置, 任务书没有允许撤销 ([policy] closing)",
    "held today, and the brief does not let it close ([policy] closing)",
)


def _substitutes(base: Planned, reason: Reason) -> Text | None:
    names = base.task.area.sites["name"]
    if not reason.substitutes:
        return None
    said = [f"{names[s]} ({km:.1f} km)" for s, km in reason.substitutes[:_MOST_NAMED]]
    return Text(f"替代: {'、'.join(said)}", f"instead: {', '.join(said)}")


def _then(base: Planned, reason: Reason) -> Text | None:
    names = base.task.area.sites["name"]
    if not reason.then:
        return None
    rows = reason.then[:_MOST_NAMED]
    zh = "、".join(f"{names[s] if s else '无人服务'} {n:,.0f} 人" for s, n in rows)
    en = ", ".join(f"{names[s] if s else 'nobody'} {n:,.0f}" for s, n in rows)
    return Text(f"其服务的人改由: {zh}", f"its people then go to: {en}")


def main(arguments: list[str]) -> None:
    """Answer questions from stdin until it is closed.

    Parameters
    ----------
    arguments
        The brief, the run folder and the language.
    """
    brief, run = Path(arguments[0]), Path(arguments[1])
    language: Language = "en" if arguments[2] == "en" else "zh"

    def tell(content: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    pricer = Pricer(brief, run, lambda text: tell({"step": text.say(language)}))
    for line in sys.stdin:
        entry = entry_of(json.loads(line))
        if entry is None:
            tell({"problems": ["?"]})
            continue
        try:
            tell({"quote": pricer.quote(entry).as_dict(language)})
        except InfeasibleError:
            tell({"quote": _impossible().as_dict(language)})
        except AllocatorError as error:
            tell({"problems": [f.say(language) for f in error.findings]})


if __name__ == "__main__":
    main(sys.argv[1:])
