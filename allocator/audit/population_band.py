"""Check of `allocator.policy.PopulationBand`: add up who is assigned where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.finding import Found, judged, whole
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts, UnitFacts
    from allocator.policy import PopulationBand

PEOPLE_TOLERANCE = 0.5  # half a person: shares of a demand point add up in floats


def check(rule: PopulationBand, facts: Facts) -> list[Found]:
    """Return one found per unit: the band of its holders, and its people served."""
    addressed = facts.addressed(rule.service)
    return [_check_unit(rule, facts, unit, addressed) for unit in facts.units(rule)]


def _check_unit(
    rule: PopulationBand, facts: Facts, unit: UnitFacts, addressed: set[str]
) -> Found:
    holders = facts.countable(rule.service, unit.zones)
    served = [facts.served.get((site_id, rule.service), 0.0) for site_id in holders]
    below = [rule.lo - people for people in served if people < rule.lo]
    above = [people - rule.hi for people in served if people > rule.hi]
    unserved = sum(
        people - facts.received.get((demand_id, rule.service), 0.0)
        for demand_id, people, _ in facts.demand_rows(unit.zones & addressed)
    )
    faults = {
        "below": max(below, default=0.0),
        "above": max(above, default=0.0),
        "unserved": unserved,
    }
    faults = {k: v for k, v in faults.items() if v > PEOPLE_TOLERANCE}
    shown = f"{whole(min(served))}–{whole(max(served))}" if served else "0"
    return judged(
        unit.id,
        unit.name,
        Text(
            f"每所服务 {whole(rule.lo)}–{whole(rule.hi)} 人",
            f"{whole(rule.lo)}–{whole(rule.hi)} people each",
        ),
        Text(
            f"{len(served)} 所, 每所 {shown} 人", f"{len(served)}, {shown} people each"
        ),
        missing=max(faults.values(), default=0.0),
        gap=_gap(faults),
    )


def _gap(faults: dict[str, float]) -> Text:
    words = {
        "below": ("不足下限 {} 人", "{} people below the band"),
        "above": ("超过上限 {} 人", "{} people above the band"),
        "unserved": ("{} 人未被服务", "{} people not served"),
    }
    zh = [words[k][0].format(whole(v)) for k, v in faults.items()]
    en = [words[k][1].format(whole(v)) for k, v in faults.items()]
    return Text("; ".join(zh), "; ".join(en))
