"""The matrix of a program as arrays, kept from one run of the solver to the next.

PuLP writes every row anew for every run, which at a million rows takes longer than many
a solve. Here what is there is written once: rows and variables are only ever added to a
program, and coefficients never change. Bounds of variables, right-hand sides and
the objective do, and are read anew.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pulp

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INFINITE = highspy.kHighsInf


class Matrix:
    """Columns and rows of one program, in the order in which they were added.

    Parameters
    ----------
    problem
        The program; what is added to it later is taken in by `refresh`.
    """

    def __init__(self, problem: pulp.LpProblem) -> None:
        self.problem = problem
        self.variables: list[pulp.LpVariable] = []
        self.rows: list[pulp.LpConstraint] = []
        self._column: dict[int, int] = {}
        self._starts = array("i")
        self._columns = array("i")
        self._coefficients = array("d")
        self.refresh()

    def refresh(self) -> None:
        """Take in variables and rows added since."""
        variables = self.problem.variables()
        for number in range(len(self.variables), len(variables)):
            self._column[variables[number].id] = number
        self.variables = variables
        rows = self.problem.constraints()
        for number in range(len(self.rows), len(rows)):
            self._starts.append(len(self._columns))
            for variable, coefficient in rows[number].items():
                self._columns.append(self._column[variable.id])
                self._coefficients.append(coefficient)
        self.rows = rows

    @property
    def whole(self) -> NDArray[np.int32]:
        """The columns whose values must be whole, in order."""
        found = [
            number
            for number, variable in enumerate(self.variables)
            if variable.cat == pulp.LpInteger
        ]
        return np.array(found, dtype=np.int32)

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and upper bound of each column, both inclusive."""
        lower = [_or(v.lowBound, -_INFINITE) for v in self.variables]
        upper = [_or(v.upBound, _INFINITE) for v in self.variables]
        return np.array(lower, dtype=float), np.array(upper, dtype=float)

    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each row is at least and at most, both inclusive."""
        side = np.array([-row.constant for row in self.rows], dtype=float)
        sense = np.array([row.sense for row in self.rows], dtype=int)
        lower = np.where(sense == pulp.LpConstraintLE, -_INFINITE, side)
        upper = np.where(sense == pulp.LpConstraintGE, _INFINITE, side)
        return lower, upper

    def costs(self, objective: pulp.LpAffineExpression) -> NDArray[np.float64]:
        """Return the coefficient of each column in an expression."""
        costs = np.zeros(len(self.variables))
        for variable, coefficient in objective.items():
            column = self._column.get(variable.id)
            if column is not None:
                costs[column] += coefficient
        return costs

    def give_to(self, solver: Any) -> None:  # noqa: ANN401 (highspy has no types)
        """Give columns, costs and rows to an empty solver of highspy."""
        empty = np.zeros(0, dtype=np.int32)
        objective = self.problem.objective
        costs = np.zeros(len(self.variables))
        if objective is not None:
            costs = self.costs(objective)
            solver.changeObjectiveOffset(objective.constant)
        lower, upper = self.bounds()
        count = len(self.variables)
        solver.addCols(count, costs, lower, upper, 0, empty, empty, np.zeros(0))
        whole = self.whole
        if len(whole):
            kind = np.full(len(whole), highspy.HighsVarType.kInteger)
            solver.changeColsIntegrality(len(whole), whole, kind)
        least, most = self.sides()
        solver.addRows(
            len(self.rows),
            least,
            most,
            len(self._columns),
            np.array(self._starts, dtype=np.int32),
            np.array(self._columns, dtype=np.int32),
            np.array(self._coefficients, dtype=float),
        )


class KeptHiGHS(pulp.HiGHS):
    """HiGHS that is given a kept matrix, and hands back values alone.

    Parameters
    ----------
    matrix
        Of the problem that is solved.
    settings
        As of `pulp.HiGHS`.
    """

    def __init__(self, matrix: Matrix, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(**settings)
        self.matrix = matrix

    def buildSolverModel(self, lp: Any) -> None:  # noqa: ANN401, N802 (PuLP's name)
        """Give the solver the matrix, and the values to start from."""
        self.matrix.refresh()
        self.matrix.give_to(lp.solverModel)
        if not self.optionsDict.get("warmStart", False):
            return
        given = [
            (number, value)
            for number, variable in enumerate(self.matrix.variables)
            if (value := variable.varValue) is not None
        ]
        if given:
            numbers, values = zip(*given, strict=True)
            lp.solverModel.setSolution(len(given), list(numbers), list(values))

    def findSolutionValues(self, lp: Any) -> tuple[Any, bool]:  # noqa: ANN401, N802
        """Give the variables their values; return the status and whether any are."""
        values = list(lp.solverModel.getSolution().col_value)
        if len(values) != len(self.matrix.variables):
            message = "HiGHS has no values: it did not take the program in"
            raise pulp.PulpError(message)
        for variable, value in zip(self.matrix.variables, values, strict=True):
            variable.varValue = value
        bare: Any = _Bare(lp.solverModel)
        told: Any = super().findSolutionValues
        status: tuple[Any, bool] = told(bare)
        return status

    def buildStats(  # noqa: N802
        self,
        lp: Any,  # noqa: ANN401
        status: int,
        has_solution: bool,  # noqa: FBT001 (PuLP calls it so)
        *,
        start: tuple[float, float],
        best_bound: float | None = None,
    ) -> pulp.LpSolveStats:
        """Say how the run went, with the numbers that the matrix knows."""
        found: Any = _Bare(lp.solverModel, lp.objective, self.matrix)
        stats: pulp.LpSolveStats = super().buildStats(
            found, status, has_solution, start=start, best_bound=best_bound
        )
        return stats


class _Bare:
    """As much of a problem as PuLP asks after a run, without its rows."""

    def __init__(
        self,
        solver: Any,  # noqa: ANN401
        objective: pulp.LpAffineExpression | None = None,
        matrix: Matrix | None = None,
    ) -> None:
        self.solverModel = solver
        self.objective = objective
        self._matrix = matrix

    def exported_variables(self) -> list[pulp.LpVariable]:
        return []

    def constraints(self) -> list[pulp.LpConstraint]:
        return []

    def numVariables(self) -> int:  # noqa: N802
        return 0 if self._matrix is None else len(self._matrix.variables)

    def numConstraints(self) -> int:  # noqa: N802
        return 0 if self._matrix is None else len(self._matrix.rows)

    def isMIP(self) -> bool:  # noqa: N802
        return self._matrix is not None and len(self._matrix.whole) > 0


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
