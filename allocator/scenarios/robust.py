"""Plans that are chosen before it is known which scenario comes.

In words: placements are chosen once; people go where they go under each scenario. The
worst case is the largest value of an objective over the scenarios; the regret of a plan
under a scenario is what it is worth more than the best plan for that scenario alone.
Formula: (worst case) min over h of max over w of f(h, w); (regret) min over h of max
over w of (f(h, w) - min over g of f(g, w)); for the first objective of the brief, then
for the next ones among the plans that are as good.

Sources: Kouvelis and Yu 1997, Robust Discrete Optimization and Its Applications,
chapter 1 (absolute robust and robust deviation decisions); Serra and Marianov 1998, The
p-median problem in a changing network: the case of Barcelona, Location Science 6,
383-394 (both for p-median under scenarios); Snyder 2006, Facility location under
uncertainty: a review, IIE Transactions 38, 547-564.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from allocator.errors import SolverError, Text
from allocator.formulation import Objective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pulp

    from allocator.formulation import Formulation
    from allocator.scenarios.copies import Weighed, Worth
    from allocator.solve import Session, Solution, Stage

type Kind = Literal["worst_case", "regret"]
type State = Literal["optimal", "feasible", "infeasible", "not_found"]

WORST: Kind = "worst_case"
REGRET: Kind = "regret"


@dataclass(frozen=True)
class Best:
    """The best plan for one scenario alone.

    Parameters
    ----------
    objectives
        What each objective is worth, as it is minimised.
    proven
        Whether no better one exists, objective by objective in their order.
    """

    objectives: Mapping[str, float]
    proven: bool


@dataclass(frozen=True)
class Choice[T]:
    """A plan chosen under one criterion.

    Parameters
    ----------
    kind
        The criterion.
    state
        ``optimal`` with a proven bound, ``feasible``, ``infeasible`` when no plan
        keeps what must hold under all scenarios, ``not_found`` when the work stopped.
    stages
        What was found and proven, objective by objective; values as minimised.
    plan
        What the caller keeps of the plan; None where there is none.
    """

    kind: Kind
    state: State
    stages: tuple[Stage, ...] = ()
    plan: T | None = None


@dataclass(frozen=True)
class _Solved:
    """A solve that later ones build on."""

    bases: tuple[Objective, ...]
    stages: tuple[Stage, ...]
    left: Mapping[pulp.LpVariable, float | None]


class Search[T]:
    """The search for robust plans, on one program that is solved many times.

    Parameters
    ----------
    session
        Of the task's own formulation, with the copies of the scenarios in it.
    weighed
        The scenarios, the task as it is among them; at least one.
    nominal
        What was proven of the task as it is: the variables hold its plan.
    keep
        Makes of a solution whatever is kept of the plan that the variables hold.
    time_limit_s
        Seconds for each solve.
    """

    def __init__(
        self,
        session: Session,
        weighed: Sequence[Weighed],
        nominal: Solution,
        *,
        keep: Callable[[Solution], T],
        time_limit_s: float,
    ) -> None:
        self.session = session
        self.weighed = tuple(weighed)
        self.nominal = nominal
        self.keep = keep
        self.time_limit_s = time_limit_s
        self.formulation: Formulation = session.formulation
        names = self.weighed[0].worths
        self._before = self.formulation.stages[
            : len(self.formulation.stages) - len(names)
        ]
        self._nominal_values = self._values()
        self._solved: list[_Solved] = []
        if not any(w.scenario.must_hold for w in self.weighed):
            # Otherwise the task's own plan need not keep what must hold elsewhere.
            self._solved.append(
                _Solved(self.formulation.stages, nominal.stages, self._nominal_values)
            )
        self.best: dict[str, Best] = {}

    # --- the best for each scenario alone -------------------------------------------

    def find_best(self) -> bool:
        """Solve every scenario for itself; False when stopped, or without a plan."""
        for number, weighed in enumerate(self.weighed):
            name = weighed.scenario.name
            self._step(
                f"情景 {number + 1}/{len(self.weighed)} 单独最优: {name}",
                f"best for scenario {number + 1}/{len(self.weighed)} alone: {name}",
            )
            found = self._best_of(weighed)
            if found is None:
                return False
            self.best[name] = found
        return True

    def _best_of(self, weighed: Weighed) -> Best | None:
        bases = (*self._before, *(w.base for w in weighed.worths.values()))
        solved = max(self._solved, key=lambda s: _common(s.bases, bases), default=None)
        done = 0 if solved is None else _common(solved.bases, bases)
        if solved is None or done < len(bases):
            solved = self._solve_alone(bases, solved, done)
            if solved is None:
                return None
            self._solved.append(solved)
        stages = solved.stages[len(self._before) :]
        values = {
            name: worth.factor * worth.base.sign * stage.value
            for (name, worth), stage in zip(weighed.worths.items(), stages, strict=True)
        }
        return Best(values, all(stage.status == "optimal" for stage in solved.stages))

    def _solve_alone(
        self, bases: tuple[Objective, ...], known: _Solved | None, done: int
    ) -> _Solved | None:
        if self.session.progress.cancelled():
            return None
        self._give(self._nominal_values if known is None else known.left)
        stages = () if known is None else known.stages[:done]
        if any(stage.limit is None for stage in stages):
            stages = ()
        solution = self._tried(bases, stages)
        if solution is None or solution.status == "infeasible":
            return None
        return _Solved(bases, solution.stages, self._values())

    def _tried(
        self, objectives: Sequence[Objective], done: Sequence[Stage] = ()
    ) -> Solution | None:
        """Solve, beginning from the values of the moment; None when nothing came."""
        try:
            return self.session.solve(
                objectives, time_limit_s=self.time_limit_s, warm=True, done=done
            )
        except SolverError:
            return None

    # --- robust plans ---------------------------------------------------------------

    def choose(self, kind: Kind) -> Choice[T]:
        """Choose placements under one criterion; regret needs `find_best` before."""
        if self.session.progress.cancelled():
            return Choice(kind, "not_found")
        words = {WORST: ("最坏情形", "the worst case"), REGRET: ("后悔值", "regret")}
        self._step(
            f"稳健方案: 使{words[kind][0]}最小", f"robust plan: least {words[kind][1]}"
        )
        self._give(self._nominal_values)
        objectives = [*self._before, *self._composed(kind)]
        solution = self._tried(objectives)
        if solution is None:
            return Choice(kind, "not_found")
        if solution.status == "infeasible":
            return Choice(kind, "infeasible")
        stages = solution.stages[len(self._before) :]
        state: State = "optimal" if solution.status == "optimal" else "feasible"
        if kind == REGRET and not all(best.proven for best in self.best.values()):
            state = "feasible"
        plan = self._kept()
        return (
            Choice(kind, "not_found")
            if plan is None
            else Choice(kind, state, stages, plan)
        )

    def _composed(self, kind: Kind) -> list[Objective]:
        """Return the objectives of a criterion: each the largest over the scenarios."""
        return [
            self._largest(kind, name, [w.worths[name] for w in self.weighed])
            for name in self.weighed[0].worths
        ]

    def _largest(self, kind: Kind, name: str, worths: Sequence[Worth]) -> Objective:
        problem = self.formulation.problem
        sign = worths[0].base.sign if kind == WORST else 1.0
        lines: dict[tuple[int, float], tuple[Worth, float]] = {}
        for weighed, worth in zip(self.weighed, worths, strict=True):
            less = (
                self.best[weighed.scenario.name].objectives[name]
                if kind == REGRET
                else 0
            )
            key = (id(worth.base), worth.factor)
            lines.setdefault(key, (worth, less))
        if len(lines) == 1:
            worth, less = next(iter(lines.values()))
            return Objective(f"{kind}_{name}", worth.expression - less, sign)
        largest = problem.add_variable(f"{kind}_{name}", None, None)
        for number, (worth, less) in enumerate(lines.values()):
            row = worth.expression - largest <= less
            problem.addConstraint(row, f"{kind}_{name}_{number}")
        return Objective(f"{kind}_{name}", largest + 0.0, sign)

    def _kept(self) -> T | None:
        """Fix the placements, let people go where the task sends them, and keep it.

        A plan under several scenarios states what it is worth in the task as it is,
        with the bounds that were proven there.
        """
        fixed = {
            variable: (value, value)
            for program in self.formulation.programs
            for variables in (program.holds, program.extras, program.amounts)
            for variable in variables.values()
            if (value := variable.varValue) is not None
        }
        with self.session.bounded(fixed):
            try:
                solution = self.session.solve(
                    time_limit_s=self.time_limit_s, warm=False, quiet=True
                )
            except SolverError:
                return None
            if solution.status == "infeasible":
                return None
            stages = _against(self.nominal.stages, solution.stages, self.session.gap)
            proven = all(stage.status == "optimal" for stage in stages)
            status: Literal["optimal", "feasible"] = "optimal" if proven else "feasible"
            return self.keep(replace(solution, status=status, stages=stages))

    # --- values ---------------------------------------------------------------------

    def _values(self) -> dict[pulp.LpVariable, float | None]:
        return {v: v.varValue for v in self.formulation.problem.variables()}

    def _give(self, values: Mapping[pulp.LpVariable, float | None]) -> None:
        for variable in self.formulation.problem.variables():
            variable.varValue = values.get(variable)

    def _step(self, zh: str, en: str) -> None:
        self.session.progress.step(Text(zh, en))


def _common(one: Sequence[Objective], other: Sequence[Objective]) -> int:
    """Return how many objectives two orders have in common, from the first on."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a is not b:
            break
        count += 1
    return count


def _against(
    proven: Sequence[Stage], found: Sequence[Stage], gap: float
) -> tuple[Stage, ...]:
    """Return the stages of a plan with the bounds proven without any scenario.

    A bound holds as long as all objectives before it are as good as there.
    """
    result = []
    comparable = True
    for known, stage in zip(proven, found, strict=True):
        if not comparable or known.bound is None:
            result.append(replace(stage, bound=None, gap=None, status="feasible"))
            continue
        apart = abs(stage.value - known.bound) / max(1.0, abs(stage.value))
        good = apart <= gap + 1e-9 and known.status == "optimal"
        result.append(
            replace(
                stage,
                bound=known.bound,
                gap=apart,
                status="optimal" if good else "feasible",
                stopped_by="Scenarios",
            )
        )
        comparable = good
    return tuple(result)
