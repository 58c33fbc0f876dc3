"""The tables of the scenarios, as files and machines get them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.scenarios.definitions import NOMINAL
from allocator.scenarios.robust import REGRET, WORST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.outcome import Outcome
    from allocator.scenarios.definitions import Factors, Scenario
    from allocator.scenarios.evaluate import Evaluation
    from allocator.scenarios.report import Held, ScenarioReport
    from allocator.scenarios.robust import Choice

CHANGE_COLUMNS = (
    "plan",
    "site_id",
    "name",
    "county",
    "zone",
    "service",
    "change",
    "lon",
    "lat",
)
CRITICAL_COLUMNS = (
    "plan",
    "scenario",
    "rank",
    "site_id",
    "name",
    "county",
    "zone",
    "services",
    "people_lost",
    "people_served",
    "person_minutes_more",
)


def scenario_table(report: ScenarioReport) -> pd.DataFrame:
    """Return ``scenarios.csv``: one row per plan and scenario.

    ``<objective>`` and ``regret_<objective>`` for what the audit measures of the
    brief's order; ``must_hold`` whether the scenario binds robust plans; ``kept``
    whether every must clause and the budget hold; ``out`` the facility out of service.
    """
    return pd.DataFrame(
        [
            _row(report, held, scenario, held.evaluations[scenario.name])
            for held in report.plans
            for scenario in report.scenarios
            if scenario.name in held.evaluations
        ]
    )


def _row(
    report: ScenarioReport, held: Held, scenario: Scenario, found: Evaluation
) -> dict[str, Any]:
    regrets = {
        f"regret_{name}": report.regret(held, scenario, name) for name in report.signs
    }
    return {
        "plan": held.kind,
        "scenario": report.say(scenario),
        "out": found.out,
        "must_hold": scenario.must_hold or scenario.name == NOMINAL.name,
        "kept": found.keeps_everything,
        "uncovered_people": found.uncovered_people,
        "person_minutes": found.person_minutes,
        "minutes_mean": found.minutes_mean,
        "capital_wan": found.capital_wan,
        "yearly_wan": found.yearly_wan,
        "over_capital_wan": found.over_capital_wan,
        "over_yearly_wan": found.over_yearly_wan,
        **{
            name: found.objectives.get(name, math.nan)
            for name in report.signs
            if name not in _ALWAYS
        },
        **{k: math.nan if v is None else v for k, v in regrets.items()},
        "broken": len(found.broken),
        "clauses": ";".join(f"{b.rule_id} {b.unit}" for b in found.broken),
    }


_ALWAYS = frozenset({"uncovered_people", "person_minutes", "capital_wan", "yearly_wan"})


def critical_table(report: ScenarioReport) -> pd.DataFrame:
    """Return ``critical.csv``: every facility, the most critical first, by plan."""
    sites = report.area.sites
    rows = [
        (
            held.kind,
            scenario,
            rank,
            one.site_id,
            sites.loc[one.site_id, "name"],
            _county(report, one.site_id),
            _zone(report, one.site_id),
            ";".join(one.services),
            one.people_lost,
            one.people_served,
            one.person_minutes_more,
        )
        for held in report.plans
        for scenario, ranked in held.critical.items()
        for rank, one in enumerate(ranked, start=1)
    ]
    return pd.DataFrame(rows, columns=list(CRITICAL_COLUMNS))


def _county(report: ScenarioReport, site_id: str) -> str:
    county = report.area.sites.loc[site_id, "county_id"]
    return str(report.area.counties.loc[county, "name"])


def _zone(report: ScenarioReport, site_id: str) -> str:
    zone = report.area.sites.loc[site_id, "zone_id"]
    return str(report.area.zones.loc[zone, "name"])


def changes_table(report: ScenarioReport) -> pd.DataFrame:
    """Return ``changes.csv``: what robust plans place otherwise than the nominal one.

    ``change`` is ``opened`` for what only the robust plan holds, ``dropped`` for what
    only the nominal one does, and ``number`` for another count of a service.
    """
    rows = []
    sites = report.area.sites
    for kind in (WORST, REGRET):
        for site_id, service, change in changes(report, kind):
            site = sites.loc[site_id]
            rows.append(
                (
                    kind,
                    site_id,
                    site["name"],
                    _county(report, site_id),
                    _zone(report, site_id),
                    service,
                    change,
                    site["lon"],
                    site["lat"],
                )
            )
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def changes(report: ScenarioReport, kind: str) -> list[tuple[str, str, str]]:
    """Return (site_id, service, change) of a robust plan against the nominal one."""
    robust, nominal = report.held(kind), report.held(NOMINAL.name)
    if robust is None or nominal is None:
        return []
    now, then = robust.plan.counts, nominal.plan.counts
    found = []
    for pair in sorted(set(now) | set(then)):
        if now.get(pair) == then.get(pair):
            continue
        change = "number"
        if pair not in then:
            change = "opened"
        elif pair not in now:
            change = "dropped"
        found.append((*pair, change))
    return found


# --- For machines ---------------------------------------------------------------------


def scenario_records(report: ScenarioReport) -> dict[str, Any]:
    """Return ``scenarios.json``: scenarios, plans, what is proven, what it costs."""
    return {
        "name": report.name,
        "language": report.language,
        "interrupted": report.interrupted,
        "scenarios": [_of_scenario(report, scenario) for scenario in report.scenarios],
        "plans": [_of_plan(report, held) for held in report.plans],
        "robust": [_of_choice(report, choice) for choice in report.choices],
        **report.certificate,
    }


def _of_scenario(report: ScenarioReport, scenario: Scenario) -> dict[str, Any]:
    best = report.best.get(scenario.name)
    return {
        "name": report.say(scenario),
        "population": _factors(scenario.population),
        "travel": scenario.travel,
        "costs": _factors(scenario.costs),
        "out_of_service": "any" if scenario.any_out else list(scenario.out_of_service),
        "service": scenario.service,
        "must_hold": scenario.must_hold or scenario.name == NOMINAL.name,
        "best": None
        if best is None
        else {
            "proven": best.proven,
            "values": {n: report.signs[n] * v for n, v in best.objectives.items()},
        },
    }


def _factors(factors: Factors) -> float | dict[str, float]:
    if not factors.named:
        return factors.other
    return {**dict(factors.named), "other": factors.other}


def _of_plan(report: ScenarioReport, held: Held) -> dict[str, Any]:
    return {
        "plan": held.kind,
        "worst": {n: report.largest(held, WORST, n) for n in report.signs},
        "largest_regret": {n: report.largest(held, REGRET, n) for n in report.signs},
        "scenarios": [
            {
                key: None if isinstance(value, float) and math.isnan(value) else value
                for key, value in _row(
                    report, held, scenario, held.evaluations[scenario.name]
                ).items()
            }
            for scenario in report.scenarios
            if scenario.name in held.evaluations
        ],
        "critical": {
            name: [
                {
                    "site_id": one.site_id,
                    "name": str(report.area.sites.loc[one.site_id, "name"]),
                    "people_lost": one.people_lost,
                    "person_minutes_more": one.person_minutes_more,
                }
                for one in ranked[:_MOST_CRITICAL]
            ]
            for name, ranked in held.critical.items()
        },
        "backup": {
            name: [
                {
                    "what": one.name,
                    "service": one.service,
                    "people": one.people,
                    "once": one.once,
                    "twice": one.twice,
                    "share_twice": one.share_twice,
                }
                for one in found
            ]
            for name, found in held.backups.items()
        },
    }


_MOST_CRITICAL = 10  # in the certificate; all of them stand in critical.csv


def _of_choice(report: ScenarioReport, choice: Choice[Outcome]) -> dict[str, Any]:
    return {
        "plan": choice.kind,
        "state": state_of(report, choice),
        "proof": [
            {
                "name": proof.name,
                "value": proof.value,
                "bound": proof.bound,
                "gap": proof.gap,
                "proven": proof.proven,
            }
            for proof in report.proofs(choice)
        ],
        "changes": len(changes(report, choice.kind)),
        "price": price_of(report, choice.kind),
    }


def state_of(report: ScenarioReport, choice: Choice[Outcome]) -> str:
    """Return the state of a robust plan: optimal only where the audit agrees."""
    if choice.state != "optimal":
        return choice.state
    proven = all(proof.proven for proof in report.proofs(choice))
    return "optimal" if proven else "feasible"


def price_of(report: ScenarioReport, kind: str) -> dict[str, float]:
    """Return what a robust plan gives up without any scenario, by objective.

    Its value less that of the nominal plan, with the figures as given, as minimised:
    above 0 is worse. Money in 万元 whether or not it is weighed.
    """
    robust, nominal = report.held(kind), report.held(NOMINAL.name)
    if robust is None or nominal is None:
        return {}
    if not all(NOMINAL.name in held.evaluations for held in (robust, nominal)):
        return {}
    return dict(_prices(report, robust, nominal))


def _prices(
    report: ScenarioReport, robust: Held, nominal: Held
) -> Iterator[tuple[str, float]]:
    now, then = (held.evaluations[NOMINAL.name] for held in (robust, nominal))
    for name, sign in report.signs.items():
        if name in now.objectives and name in then.objectives:
            yield name, sign * (now.objectives[name] - then.objectives[name])
    for name in ("capital_wan", "yearly_wan"):
        if name not in report.signs:
            yield name, getattr(now, name) - getattr(then, name)
