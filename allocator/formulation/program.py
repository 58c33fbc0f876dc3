"""The integer program while it is being built: variables, requirements, rows.

A rule kind only says what it requires, as `Requirement` objects. How a requirement
binds (hard, with a shortfall, or as one of several readings) is decided here, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import pulp

from allocator.formulation.sites import (
    Holdings,
    UndecidableError,
    change_costs,
    find_holdings,
)
from allocator.formulation.units import units_of
from allocator.policy import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from allocator.area import PlanningArea
    from allocator.policy import Policy, Rule
    from allocator.policy.terms import Terms
    from allocator.travel import Travel

# Which binding requirements get a shortfall instead of a hard row. With "rules" those
# of clauses do, and what is striven for still counts: a plan by best effort.
type Relaxed = Literal["nothing", "rules", "everything"]
type Term = tuple[pulp.LpVariable, float]


@dataclass(frozen=True, slots=True)
class RowTag:
    """What a row of the program stands for.

    ``rule_id`` is a clause's id, or ``budget``, ``serves:<service>``, ``locked``,
    ``link``, ``capacity``; ``unit_id`` a county, zone or site, ``""`` the area;
    ``what`` tells rows of one rule and unit apart; ``year`` is the phase's, None
    where the brief states none.
    """

    rule_id: str
    unit_id: str
    what: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One linear condition: the sum of ``terms`` is at least (at most) ``bound``.

    Parameters
    ----------
    unit_id, what
        As in `RowTag`.
    terms
        (variable, coefficient) pairs; may be empty, the sum is then 0.
    sense
        ``">="`` or ``"<="``.
    bound
        The right-hand side, constants already moved over.
    needed
        The whole amount that the rule asks for, in the unit of the terms: what a
        shortfall is measured against.
    """

    unit_id: str
    what: str
    terms: tuple[Term, ...]
    sense: Literal[">=", "<="]
    bound: float
    needed: float

    @property
    def best(self) -> float:
        """The best that the bounds of the variables alone allow, towards the bound."""
        total = 0.0
        for variable, coefficient in self.terms:
            wanted = coefficient if self.sense == ">=" else -coefficient
            low, high = variable.lowBound, variable.upBound
            total += coefficient * (high if wanted > 0 else low)
        return total

    @property
    def worst(self) -> float:
        """The worst that the bounds of the variables alone allow."""
        opposite: Literal[">=", "<="] = "<=" if self.sense == ">=" else ">="
        return Requirement("", "", self.terms, opposite, 0.0, 0.0).best

    @property
    def lacking(self) -> float:
        """How far even `best` misses the bound; 0 when it can be reached."""
        gap = self.bound - self.best if self.sense == ">=" else self.best - self.bound
        return max(0.0, gap) if gap > _ROUNDING * max(1.0, abs(self.bound)) else 0.0


_ROUNDING = 1e-9  # relative; sums of a few thousand floats stay well below it


@dataclass(frozen=True, slots=True)
class Impossible:
    """A binding requirement that no plan can meet, seen from bounds alone."""

    rule_id: str
    unit_id: str
    what: str
    needed: float
    lacking: float
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How far one soft requirement is missed: a variable, as a share of ``whole``.

    In the unit of the requirement a weight of 1 / 10,000,000 people would be less than
    a solver's tolerance, and so nothing to it.

    ``lacking`` is how much every plan misses it by, seen from bounds alone; 0 for one
    of several readings. ``must`` tells binding requirements from those striven for.
    """

    rule_id: str
    unit_id: str
    what: str
    needed: float
    sense: str
    variable: pulp.LpVariable
    year: int | None = None
    lacking: float = 0.0
    must: bool = True

    @property
    def whole(self) -> float:
        """What a share of 1 is in the unit of the requirement: what is needed, or 1."""
        return max(1.0, self.needed)

    @property
    def share(self) -> float:
        """How far it is missed by the solution at hand, relative to ``whole``."""
        return float(self.variable.varValue or 0.0)


def _plain(text: str) -> str:
    """Return a text with nothing but letters, digits and underscores."""
    return re.sub(r"\W", "_", text)


@dataclass
class Program:
    """The part of an integer program that is about one phase, under construction.

    A task with several phases is one problem that their programs share: each has its
    own holdings, and what an earlier phase built stays (`_add_nesting` of ``build``).
    The same placements may be held against other figures: that is a program beside
    the first, with the same holdings (`allocator.formulation.beside`).

    Parameters
    ----------
    area, travel, policy, terms
        What is planned.
    before
        The program of the phase before; None in the first.
    beside
        The program whose problem and holdings this one shares; None: its own.
    label
        What names of variables and rows begin with, beside another.
    without
        Pairs that hold nothing here, whatever is placed; only beside another.
    extras
        Beyond the first, how many of a counted service a pair holds.
    relaxed
        With ``everything`` each binding requirement gets a shortfall: always
        feasible, and the least shortfall says what is missing. With ``rules`` only
        clauses do, the budget binds, and what is striven for keeps its rows.
    """

    area: PlanningArea
    travel: Travel
    policy: Policy
    terms: Terms
    relaxed: Relaxed = "nothing"
    before: Program | None = None
    beside: Program | None = None
    label: str = ""
    without: frozenset[tuple[str, str]] = frozenset()
    problem: pulp.LpProblem = field(init=False)
    prefix: str = field(init=False)
    holdings: Holdings = field(init=False)
    costs: Mapping[tuple[str, str], tuple[float, float]] = field(init=False)
    holds: dict[tuple[str, str], pulp.LpVariable] = field(init=False)
    extras: dict[tuple[str, str], pulp.LpVariable] = field(default_factory=dict)
    amounts: dict[tuple[str, str], pulp.LpVariable] = field(default_factory=dict)
    zone_of: dict[str, str] = field(init=False)
    branches: frozenset[str] = field(init=False)
    existing: frozenset[str] = field(init=False)
    locked_in: frozenset[str] = field(init=False)
    rows: dict[str, RowTag] = field(default_factory=dict)
    shortfalls: list[Shortfall] = field(default_factory=list)
    impossible: list[Impossible] = field(default_factory=list)
    undecidable: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Create the problem and one binary per pair that may be held."""
        if self.beside is not None:
            self._share(self.beside)
            return
        if self.before is None:
            self.problem = pulp.LpProblem("plan", pulp.LpMinimize)
            self.prefix = ""
        else:
            self.problem = self.before.problem
            number = int(self.before.prefix.strip("p_") or 1) + 1
            self.prefix = f"p{number}_"
        self.holdings = find_holdings(self.area, self.policy)
        self._read_sites()
        sites = self.area.sites
        site_position = {s: i for i, s in enumerate(sites.index)}
        names = [f"h_s{site_position[s]}_{k}" for s, k in self.holdings.possible]
        variables = self.new_variables("", names, "Binary")
        self.holds = dict(zip(self.holdings.possible, variables, strict=True))
        for pair in self.holdings.today:
            if self.stays(pair):
                self.holds[pair].lowBound = 1
        self._add_extras(site_position)

    def _read_sites(self) -> None:
        """Look up prices and what the register says of the sites."""
        self.costs = change_costs(self.area, self.holdings)
        sites = self.area.sites
        self.zone_of = {str(s): str(z) for s, z in sites["zone_id"].items()}
        self.branches = frozenset(sites.index[sites["branch"].astype(bool)])
        self.existing = frozenset(sites.index[sites["status"] == "existing"])
        self.locked_in = frozenset(sites.index[sites["locked"] == "in"])

    def _share(self, other: Program) -> None:
        """Take over problem, holdings and amounts of another program."""
        self.problem = other.problem
        self.prefix = f"{self.label}_{other.prefix}"
        self.holdings = other.holdings
        self._read_sites()
        self.holds = dict(other.holds)
        self.extras, self.amounts = dict(other.extras), dict(other.amounts)
        if not self.without:
            return
        # A variable each: rows must not name one twice.
        for number, pair in enumerate(sorted(self.without & set(self.holds))):
            self.holds[pair] = self.new_variable(f"none_{number}", 0, 0)
            if pair in self.extras:
                self.extras[pair] = self.new_variable(f"no_more_{number}", 0, 0)

    def _add_extras(self, site_position: Mapping[str, int]) -> None:
        """Create how many more than one of a counted service a site holds."""
        for (site_id, service), holds in self.holds.items():
            most = self.policy.services[service].most_per_site
            if most == 1:
                continue
            least = self.holdings.counted_today.get((site_id, service), 1) - 1
            top = most - 1 if site_id in self.holdings.receiving else least
            if max(top, least) == 0:
                continue
            name = f"more_s{site_position[site_id]}_{service}"
            extra = self.new_variable(name, 0, max(top, least), "Integer")
            self.extras[site_id, service] = extra
            most_extra = float(extra.upBound)
            tag = RowTag("link", site_id, f"more_{service}")
            self.add_row(tag, [(extra, 1.0), (holds, -most_extra)], "<=", 0.0)
            if least > 0:
                self.add_row(tag, [(extra, 1.0), (holds, -float(least))], ">=", 0.0)

    def new_variable(
        self,
        name: str,
        low: float | None,
        high: float | None,
        category: Literal["Continuous", "Integer"] = "Continuous",
    ) -> pulp.LpVariable:
        """Create one variable; its name carries the phase."""
        return self.problem.add_variable(f"{self.prefix}{name}", low, high, category)

    def new_variables(
        self,
        stem: str,
        names: Iterable[object],
        category: Literal["Continuous", "Integer", "Binary"],
    ) -> list[pulp.LpVariable]:
        """Create variables from 0 to 1, called ``stem`` and their own name."""
        pattern = f"{self.prefix}{stem}%s"
        return self.problem.add_variable_matrix(pattern, list(names), 0, 1, category)

    def news(self, pair: tuple[str, str]) -> tuple[list[Term], float]:
        """Return what is new of a pair, as terms, and the most that it can be.

        A pair that is not held today is new itself; of a counted service held today,
        what is added to the number of today.
        """
        if pair not in self.holdings.today:
            return [(self.holds[pair], 1.0)], 1.0
        extra = self.extras.get(pair)
        if extra is None:
            return [], 0.0
        least = float(self.holdings.counted_today[pair] - 1)
        return [(extra, 1.0), (self.holds[pair], -least)], float(extra.upBound) - least

    def softens(self, what: Literal["rule", "budget"]) -> bool:
        """Whether a binding rule, or the budget, gets a shortfall."""
        if self.relaxed == "everything":
            return True
        return self.relaxed == "rules" and what == "rule"

    def stays(self, pair: tuple[str, str]) -> bool:
        """Whether a pair is held today and may not be closed."""
        if pair not in self.holdings.today:
            return False
        return pair[1] not in self.terms.closing or pair[0] in self.locked_in

    def holders(
        self, service: str, zones: frozenset[str] | None = None
    ) -> list[tuple[str, pulp.LpVariable]]:
        """Return (site_id, variable) of every countable holder, in ``zones`` if given.

        Branches are left out: they are never counted.
        """
        return [
            (site_id, variable)
            for (site_id, held), variable in self.holds.items()
            if held == service
            and site_id not in self.branches
            and (zones is None or self.zone_of[site_id] in zones)
        ]

    def add_row(
        self,
        tag: RowTag,
        terms: Iterable[Term],
        sense: Literal[">=", "<=", "=="],
        bound: float,
    ) -> None:
        """Add a row under a unique name that carries the rule and the unit."""
        expression = pulp.lpSum_vars_coefs(list(terms))
        if sense == "==":
            constraint = expression == bound
        else:
            constraint = expression >= bound if sense == ">=" else expression <= bound
        stem = _plain(f"{tag.rule_id}__{tag.unit_id}__{tag.what}").strip("_")
        name = self._name(f"{self.prefix}{stem}")
        self.rows[name] = replace(tag, year=self.terms.year)
        self.problem.addConstraint(constraint, name)

    def add_limits(
        self,
        rule_id: str,
        limits: Iterable[tuple[str, str, pulp.LpVariable, pulp.LpVariable]],
    ) -> None:
        """Add many rows that hold one variable at most at another, x <= h.

        Parameters
        ----------
        rule_id
            As in `RowTag`.
        limits
            The unit, the end of the row's name, x and h of each row. The rows of one
            unit share one tag, whose ``what`` is ``open``: there may be millions.
        """
        tags: dict[str, tuple[str, RowTag]] = {}
        for unit_id, what, lower, upper in limits:
            if unit_id not in tags:
                stem = _plain(f"{rule_id}__{unit_id}__").lstrip("_")
                tag = RowTag(rule_id, unit_id, "open", self.terms.year)
                tags[unit_id] = f"{self.prefix}{stem}", tag
            start, tag = tags[unit_id]
            name = self._name(start + what)
            self.rows[name] = tag
            self.problem.addConstraint(lower <= upper, name)

    def _name(self, stem: str) -> str:
        return stem if stem not in self.rows else f"{stem}__{len(self.rows)}"

    def add_rule(
        self, rule: Rule, build: Callable[[Program, Rule], list[Requirement]]
    ) -> None:
        """Add a rule with its other readings, unit by unit.

        Parameters
        ----------
        rule
            The rule; its priority decides how it binds.
        build
            Turns one reading into its requirements; it may raise `UndecidableError`,
            and the reading then asks for nothing here (the audit says so).
        """
        if not self.binds(rule):
            return
        must = rule.priority is Priority.MUST
        soft = self.softens("rule") or not must
        for unit_id, choices in self._by_unit(rule, build).items():
            if rule.id in self.undecidable or not all(choices):
                continue  # a reading that asks for nothing here is met here
            if len(choices) == 1:
                for requirement in choices[0]:
                    self.require(rule.id, requirement, soft=soft, must=must)
            else:
                self._require_any(rule.id, unit_id, choices, soft=soft, must=must)

    def binds(self, rule: Rule) -> bool:
        """Whether a rule has rows here.

        Where what is missing is searched for, ``strive`` rules have none: what does
        not bind must not be weighed against what does.
        """
        if rule.priority is Priority.STRIVE:
            return self.relaxed != "everything"
        return rule.priority is Priority.MUST

    def _by_unit(
        self, rule: Rule, build: Callable[[Program, Rule], list[Requirement]]
    ) -> dict[str, list[list[Requirement]]]:
        """Return what each reading asks for in each unit that it applies to."""
        by_unit: dict[str, list[list[Requirement]]] = {}
        for reading in rule.readings:
            try:
                found = build(self, reading)
            except UndecidableError as missing:
                self.undecidable[rule.id] = str(missing)
                continue
            grouped: dict[str, list[Requirement]] = {
                unit.id: [] for unit in units_of(reading, self.area)
            }
            for requirement in found:
                grouped.setdefault(requirement.unit_id, []).append(requirement)
            for unit_id, requirements in grouped.items():
                by_unit.setdefault(unit_id, []).append(requirements)
        return by_unit

    def require(
        self, rule_id: str, requirement: Requirement, *, soft: bool, must: bool = True
    ) -> None:
        """Add one requirement: as a hard row, or with a shortfall variable."""
        lacking = requirement.lacking
        if lacking and not soft:
            self.impossible.append(
                Impossible(
                    rule_id,
                    requirement.unit_id,
                    requirement.what,
                    requirement.needed,
                    lacking,
                    self.terms.year,
                )
            )
        if not requirement.terms and not soft:
            return  # nothing to decide: met, or noted as impossible
        terms = list(requirement.terms)
        if soft:
            terms.append(self._shortfall(rule_id, requirement, lacking, must=must))
        tag = RowTag(rule_id, requirement.unit_id, requirement.what)
        self.add_row(tag, terms, requirement.sense, requirement.bound)

    def _shortfall(
        self, rule_id: str, requirement: Requirement, lacking: float, *, must: bool
    ) -> Term:
        variable = self.new_variable(f"short_{len(self.shortfalls)}", 0, None)
        short = Shortfall(
            rule_id,
            requirement.unit_id,
            requirement.what,
            requirement.needed,
            requirement.sense,
            variable,
            self.terms.year,
            lacking,
            must,
        )
        self.shortfalls.append(short)
        return (variable, short.whole if requirement.sense == ">=" else -short.whole)

    def _require_any(
        self,
        rule_id: str,
        unit_id: str,
        choices: Sequence[Sequence[Requirement]],
        *,
        soft: bool,
        must: bool,
    ) -> None:
        """Add readings of which at least one must hold in the unit.

        A binary per reading; a reading not taken is relaxed by the most that the
        variables' bounds could violate it.
        """
        number = len(self.rows)
        taken = self.new_variables(f"reading_{number}_", range(len(choices)), "Binary")
        tag = RowTag(rule_id, unit_id, "any_of")
        self.add_row(tag, [(y, 1.0) for y in taken], ">=", 1.0)
        possible = False
        for position, (chosen, requirements) in enumerate(
            zip(taken, choices, strict=True)
        ):
            possible |= not any(r.lacking for r in requirements)
            for requirement in requirements:
                slack = abs(requirement.bound - requirement.worst)
                sign = -1.0 if requirement.sense == ">=" else 1.0
                terms = [*requirement.terms, (chosen, sign * slack)]
                if soft:
                    terms.append(self._shortfall(rule_id, requirement, 0.0, must=must))
                what = f"reading{position}_{requirement.what}"
                self.add_row(
                    RowTag(rule_id, unit_id, what),
                    terms,
                    requirement.sense,
                    requirement.bound + sign * slack,
                )
        if not possible and not soft:
            first = max(choices[0], key=lambda r: r.lacking)
            self.impossible.append(
                Impossible(
                    rule_id,
                    unit_id,
                    "any_of",
                    first.needed,
                    first.lacking,
                    self.terms.year,
                )
            )
