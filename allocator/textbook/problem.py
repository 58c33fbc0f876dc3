"""Which textbook problem a task is: read off its rules and terms as data.

In words: one phase, one service, one objective, and nothing that binds but

| problem | objective | what binds |
|---|---|---|
| p-median | ``person_minutes`` | exactly p sites; the service serves people |
| p-center | ``max_minutes`` | the same |
| maximal covering | ``uncovered_people`` | exactly p sites; one reach without a share |
| covering everyone | ``sites`` | one reach with a share of 1 |

Decisions of a review, locked sites and today's holders are fixed or forbidden sites.
A budget that pays for everything at once binds nothing. Everything else (capacities,
bands, clauses that are striven for, a second objective) makes it another problem.

Sources: as in `allocator.bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from allocator.formulation.sites import change_costs, find_holdings
from allocator.formulation.units import zones_in_scope
from allocator.policy import (
    CountInUnit,
    Coverage,
    Indicator,
    Members,
    Priority,
    Scope,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.formulation.sites import Holdings
    from allocator.policy import Policy, Rule, Service
    from allocator.policy.terms import Phase, Terms

type Name = Literal["p-median", "p-center", "mclp", "lscp"]

PROBLEMS: dict[str, Name] = {
    "person_minutes": "p-median",
    "max_minutes": "p-center",
    "uncovered_people": "mclp",
    "sites": "lscp",
}
_SERVING = ("p-median", "p-center")


@dataclass(frozen=True)
class Textbook:
    """A task as a textbook problem.

    Parameters
    ----------
    name, service
        Which problem, and what is placed.
    p
        How many sites hold it; None where that is what is minimised.
    reach
        The rule that says who is within reach; None where journeys count.
    sites
        Sites that may hold the service, sorted.
    fixed, forbidden
        Of these, which hold it in any case, and which never.
    """

    name: Name
    service: Service
    p: int | None
    reach: Coverage | None
    sites: tuple[str, ...]
    fixed: frozenset[str]
    forbidden: frozenset[str]

    @property
    def positions(self) -> tuple[list[int], list[int]]:
        """Positions of the fixed sites among all, and of the forbidden ones."""
        at = {site_id: position for position, site_id in enumerate(self.sites)}
        return (
            sorted(at[site_id] for site_id in self.fixed),
            sorted(at[site_id] for site_id in self.forbidden),
        )


def textbook_of(phases: Sequence[Phase]) -> Textbook | None:
    """Return the textbook problem that a task is; None where it is none.

    Parameters
    ----------
    phases
        People, rules and terms of the task.
    """
    if len(phases) != 1:
        return None
    phase = phases[0]
    name = _named(phase.terms)
    service = _only_service(phase.policy)
    if name is None or service is None:
        return None
    count, reach = _rules(name, phase.policy.rules)
    serves = service.serves is not None
    if serves != (name in _SERVING) or (count, reach) == (None, None):
        return None
    holdings = find_holdings(phase.area, phase.policy)
    found = states_of(phase, service, holdings)
    if found is None or not (_has_room(phase, holdings) and _counts(phase, holdings)):
        return None
    sites, fixed, forbidden = found
    p = None if count is None else count.hi
    if not sites or (p is not None and not _allows(p, sites, fixed, forbidden)):
        return None
    return Textbook(name, service, p, reach, sites, fixed, forbidden)


def _named(terms: Terms) -> Name | None:
    """Return the problem that the only objective stands for."""
    return PROBLEMS.get(terms.objective[0]) if len(terms.objective) == 1 else None


def _only_service(policy: Policy) -> Service | None:
    """Return the service, where there is one and nothing else is to be decided."""
    buys = any(resource.at is not None for resource in policy.resources.values())
    if len(policy.services) != 1 or policy.networks or buys:
        return None
    (service,) = policy.services.values()
    hosts = service.hosts or Members()
    plain = not service.requires and not hosts.service and service.most_per_site == 1
    return service if plain else None


def _rules(
    name: Name, rules: Sequence[Rule]
) -> tuple[CountInUnit | None, Coverage | None]:
    """Return how many sites are asked for and who must be reached; nothing if else."""
    binding = [
        rule
        for rule in rules
        if rule.priority is not Priority.MAY and not isinstance(rule, Indicator)
    ]
    counts = [r for r in binding if isinstance(r, CountInUnit) and _is_count(r)]
    reaches = [r for r in binding if isinstance(r, Coverage) and _is_reach(r, name)]
    wanted = {"mclp": (1, 1), "lscp": (0, 1)}.get(name, (1, 0))
    if (len(counts), len(reaches)) != wanted or len(binding) != sum(wanted):
        return None, None
    return next(iter(counts), None), next(iter(reaches), None)


def _is_plain(rule: Rule) -> bool:
    return rule.priority is Priority.MUST and not rule.any_of


def _is_count(rule: CountInUnit) -> bool:
    """Whether it asks for so many sites in the whole area, no more and no fewer."""
    exact = rule.lo == rule.hi and rule.hi is not None and rule.hi > 0
    everywhere = rule.unit is Unit.AREA and rule.scope == Scope() and rule.of is None
    return _is_plain(rule) and exact and everywhere


def _is_reach(rule: Coverage, name: Name) -> bool:
    """Whether it counts who is in reach, or asks for everyone."""
    share = 1.0 if name == "lscp" else None
    return _is_plain(rule) and rule.unit is not Unit.SITE and rule.share == share


def _counts(phase: Phase, holdings: Holdings) -> bool:
    """Whether every holder counts, and serves as many as there are."""
    sites = phase.area.sites.loc[sorted({site_id for site_id, _ in holdings.possible})]
    inside = sites["zone_id"].isin(zones_in_scope(Scope(), phase.area))
    capped = sites["capacity_people"].notna().any()
    return not capped and bool(inside.all()) and not sites["branch"].astype(bool).any()


def _has_room(phase: Phase, holdings: Holdings) -> bool:
    """Whether every budget pays for everything at once."""
    terms = phase.terms
    costs = change_costs(phase.area, holdings).values()
    most = [sum(max(0.0, cost[which]) for cost in costs) for which in (0, 1)]
    return all(
        limit is None or limit >= needed
        for limit, needed in (
            (terms.capital_wan, most[0]),
            (terms.total_capital_wan, most[0]),
            (terms.yearly_wan, most[1]),
        )
    )


def states_of(
    phase: Phase, service: Service, holdings: Holdings
) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]] | None:
    """Return the sites, those that are fixed and those that are forbidden.

    None where these contradict each other: the program then says which rules do.
    """
    area, terms = phase.area, phase.terms
    sites = tuple(sorted(site_id for site_id, _ in holdings.possible))
    locked = frozenset(str(s) for s in area.sites.index[area.sites["locked"] == "in"])
    today = {site_id for site_id, _ in holdings.today}
    if service.id in terms.closing:
        today &= locked
    held, barred = terms.decided.held, terms.decided.barred
    fixed = today | locked | {site_id for site_id, _ in held}
    forbidden = {site_id for site_id, _ in barred} & set(sites)
    odd = any(number not in (None, 1) for number in held.values())
    if odd or fixed & forbidden or not fixed <= set(sites):
        return None
    return sites, frozenset(fixed), frozenset(forbidden)


def _allows(
    p: int, sites: Sequence[str], fixed: frozenset[str], forbidden: frozenset[str]
) -> bool:
    return max(1, len(fixed)) <= p <= len(sites) - len(forbidden)
