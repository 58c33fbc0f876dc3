"""Groups of groups: a tier divides the groups below it; the audit sees splits."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from allocator.audit import Verdict
from allocator.audit.facts import MissingColumnError
from allocator.audit.networks import check_network, group_breaches, has_group
from allocator.policy import Scope, ShareOfClass, read_policy
from allocator.resources import packs_folder
from tests.factories import everywhere, facility, make_area, make_travel, members, zone
from tests.network_oracle import Best, best_division
from tests.network_tasks import Task, cell, grid, mapped, network, touching_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from allocator.audit import Facts
    from allocator.networks import Formed, GroupResult
    from allocator.policy import Network


def top(**given: Any) -> Network:
    """Return the network of city hospitals above that of regional centres."""
    settings: dict[str, Any] = {
        "id": "top",
        "name": "市级",
        "leads": members("A300"),
        "members": members("A100"),
        "above": "net",
        "within_county": False,
    }
    return network(**{**settings, **given})


def with_city_hospitals(task: Task, homes: Iterable[str], **of_top: Any) -> Task:
    """Add city hospitals ``T-<zone>``, ``T-<zone>-2`` ..., and their network."""
    zones = list(task.area.zones.index)
    added: list[dict[str, Any]] = []
    for home in homes:
        others = sum(site["zone_id"] == home for site in added)
        name = f"T-{home}-{others + 1}" if others else f"T-{home}"
        added.append(facility(name, home, "A300"))
    more = make_area(
        zones=[zone(z, task.area.zones.loc[z, "county_id"], 1) for z in zones],
        sites=added,
    )
    sites = pd.concat([task.area.sites, more.sites]).sort_index()
    return replace(task, area=replace(task.area, sites=sites), above=(top(**of_top),))


def tiered(
    rows: int,
    columns: int,
    leads: Iterable[str],
    city: Iterable[str],
    *,
    of_top: Mapping[str, Any] | None = None,
    **given: Any,
) -> Task:
    task = with_city_hospitals(
        grid(rows, columns, leads, **given), city, **of_top or {}
    )
    return replace(task, travel=everywhere(task.area))


def leads_in(result: GroupResult, name: str) -> dict[str, str]:
    """Return the lead of every zone in one network."""
    rows = result.zone_groups
    rows = rows[rows["network"] == name]
    return dict(zip(rows["zone_id"], rows["lead_id"], strict=True))


# ---- every division, tried, in both tiers -------------------------------------------


SIZES = [(3, 3, 4), (2, 5, 4), (3, 3, 5), (2, 5, 5)]  # rows, columns, centres


def expect(formed: Formed, best: Best, balance: float | None) -> None:
    """Hold what was proven of one division against what trying everything finds."""
    if best.minutes is None:
        assert formed.status == "infeasible"
        return
    assert formed.status == "optimal"
    assert formed.value == pytest.approx(best.minutes)
    assert formed.bound == pytest.approx(best.minutes)
    if best.deviation is not None:
        assert formed.balance == "impossible"
        assert formed.deviation == pytest.approx(float(best.deviation))
    else:
        assert formed.balance == ("not asked" if balance is None else "kept")


def drawn(dice: random.Random, seed: int) -> Task:
    """Draw a grid with regional centres, and two or three city hospitals."""
    rows, columns, count = SIZES[seed % len(SIZES)]
    zones = [f"z{y}{x}" for y in range(rows) for x in range(columns)]
    people = {z: dice.choice([50, 100, 200, 400, 1000]) for z in zones}
    counties = {z: "c2" for z in zones if seed % 4 == 1 and int(z[2]) >= columns // 2}
    homes = sorted(dice.sample(zones, k=count))
    city = sorted(dice.sample(zones, k=3 if seed % 5 == 0 else 2))
    if seed % 7 == 0:  # all in one zone: all but one need a group beside theirs
        city = [zones[-1]] * dice.choice([2, 3, 4])
    task = grid(
        rows,
        columns,
        homes,
        people=people,
        counties=counties,
        balance=dice.choice([None, 0.2, 0.5]),
    )
    task = with_city_hospitals(task, city, balance=dice.choice([None, 0.1, 0.3, 0.6]))
    ends = [s for s in task.area.sites.index if s[0] in "AT"]
    minutes = {
        (f"d_{z}", site): float(dice.randint(1, 60))
        for z in zones
        for site in ends
        if dice.random() < 0.9
    }
    return replace(task, travel=make_travel(minutes))


def people_of(task: Task) -> dict[str, int]:
    return {str(z): int(n) for z, n in task.area.zones["population"].items()}


def costs_of(task: Task, leads: Iterable[str]) -> dict[tuple[str, str], float]:
    """Return person-minutes of every zone and lead, twice the longest where unknown."""
    pairs = task.travel.pairs
    known = {
        (i, s): m
        for i, s, m in zip(
            pairs["demand_id"], pairs["site_id"], pairs["minutes"], strict=True
        )
    }
    return {
        (z, lead): people * known.get((f"d_{z}", lead), 2 * max(known.values()))
        for z, people in people_of(task).items()
        for lead in leads
    }


@pytest.mark.parametrize("seed", range(60))
def test_both_tiers_are_the_best_of_every_division(seed, monkeypatch):
    if seed % 3 == 0:  # forbid pieces instead of letting flows reach every group
        monkeypatch.setattr("allocator.networks.program.FLOW_SIZE", 0)
    task = drawn(random.Random(seed), seed)  # noqa: S311
    result = task.form()
    zone_of = {str(s): str(z) for s, z in task.area.sites["zone_id"].items()}
    county = {str(z): str(c) for z, c in task.area.zones["county_id"].items()}
    population = people_of(task)
    regional = {s: z for s, z in zone_of.items() if s.startswith("A-")}
    costs = costs_of(task, regional)
    for formed in result.of("net"):  # within counties; those without a lead are named
        zones = {z for z in population if county[z] == formed.county_id}
        best = best_division(
            {z: population[z] for z in zones},
            costs,
            {s: z for s, z in regional.items() if z in zones},
            touching_cells(zones),
            task.network.balance,
        )
        expect(formed, best, task.network.balance)
    below = leads_in(result, "net")
    city = {s: below[z] for s, z in zone_of.items() if s[0] == "T" and z in below}
    if not city:
        assert result.of("top") == ()
        return
    (formed,) = result.of("top")
    groups = {lead: {z for z in below if below[z] == lead} for lead in below.values()}
    touching = touching_cells(below)
    costs = costs_of(task, city)
    asked = task.above[0].balance
    best = best_division(
        {g: sum(population[z] for z in zones) for g, zones in groups.items()},
        {(g, s): sum(costs[z, s] for z in groups[g]) for g in groups for s in city},
        city,
        {
            g: {below[n] for z in zones for n in touching[z]} - {g}
            for g, zones in groups.items()
        },
        asked,
    )
    expect(formed, best, asked)
    facts = task.facts(result.plan_rows)
    assert group_breaches(facts) == []
    above = leads_in(result, "top")
    if best.minutes is None:
        assert above == {}
        return
    assert set(above) == set(below)
    assert {len({above[z] for z in zones}) for zones in groups.values()} == {1}
    rows = check_network(task.above[0], facts)
    missed = {row.required.en for row in rows if row.verdict is not Verdict.MET}
    uneven = {words for words in missed if words.startswith("市级") and "mean" in words}
    assert bool(uneven) == (best.deviation is not None)
    if set(below) == set(population) and len(city) == sum(s[0] == "T" for s in zone_of):
        assert {words for words in missed if words.startswith("市级")} == uneven


def test_the_draws_hold_every_case():
    seen = set()
    for seed in (0, 1, 2, 3, 4, 5, 7, 14, 21, 28, 35):
        task = drawn(random.Random(seed), seed)  # noqa: S311
        for formed in task.form().of("top"):
            balance = formed.balance if formed.status == "optimal" else ""
            seen.add((formed.status, balance))
    assert seen == {
        ("optimal", "not asked"),
        ("optimal", "kept"),
        ("optimal", "impossible"),
        ("infeasible", ""),
    }


# ---- who belongs where --------------------------------------------------------------


def test_a_member_belongs_where_the_group_belongs_that_it_has_below():
    task = tiered(1, 4, ["z00", "z01", "z03"], ["z00", "z03"])
    result = task.form()
    lead_of = {
        (n, s): lead for n, s, lead in result.groups.itertuples(index=False, name=None)
    }
    assert lead_of["net", "C-z00"] == "A-z00"
    assert lead_of["top", "A-z00"] == "T-z00"
    assert lead_of["top", "A-z03"] == "T-z03"
    assert lead_of["top", "T-z03"] == "T-z03"
    facts = task.facts(result.plan_rows)
    assert has_group(facts, task.above[0], "C-z02")


def test_a_regional_centre_beside_another_follows_its_own_group():
    # Two centres in z01; one leads to the west, the other to the east.
    minutes = {
        (f"d_z0{x}", lead): float(cost)
        for lead, costs in {
            "A-z01": (1, 1, 9, 9),
            "A-z01-2": (9, 9, 1, 1),
            "T-z00": (1, 1, 50, 50),
            "T-z03": (50, 50, 1, 1),
        }.items()
        for x, cost in enumerate(costs)
    }
    task = tiered(1, 4, ["z01", "z01"], ["z00", "z03"])
    task = replace(task, travel=make_travel(minutes))
    result = task.form()
    assert leads_in(result, "net") == {
        "z00": "A-z01",
        "z01": "A-z01",
        "z02": "A-z01-2",
        "z03": "A-z01-2",
    }
    members_of_top = result.groups[result.groups["network"] == "top"]
    lead_of = dict(
        zip(members_of_top["site_id"], members_of_top["lead_id"], strict=True)
    )
    assert lead_of == {
        "A-z01": "T-z00",
        "A-z01-2": "T-z03",
        "T-z00": "T-z00",
        "T-z03": "T-z03",
    }
    facts = task.facts(result.plan_rows)
    assert {row.verdict for row in check_network(task.above[0], facts)} == {Verdict.MET}


def test_three_networks_stand_above_one_another():
    task = tiered(1, 6, ["z00", "z02", "z03", "z05"], ["z00", "z05"])
    crown = top(id="crown", name="省级", leads=members("A400"), above="top")
    sites = task.area.sites.copy()
    sites.loc["P"] = sites.loc["T-z00"]
    sites.loc["P", "class"] = "A400"
    area = replace(task.area, sites=sites.sort_index())
    task = Task(area, everywhere(area), task.network, (crown, *task.above))
    result = task.form()
    assert [formed.network for formed in result.formed] == ["net", "top", "crown"]
    assert set(leads_in(result, "crown").values()) == {"P"}
    facts = task.facts(result.plan_rows)
    assert group_breaches(facts) == []
    rows = check_network(crown, facts)
    assert {row.verdict for row in rows} == {Verdict.MET}
    assert {row.required.zh.partition(":")[0] for row in rows} == {
        "医共体",
        "市级",
        "省级",
    }


def test_a_group_with_an_island_is_one_item_for_the_tier_above():
    # The island x lies nearer to c2's d than to its own county: below it is joined to
    # its county, above its group goes as a whole.
    shapes = {"a": cell(0, 0), "b": cell(1, 0), "d": cell(2, 0), "x": cell(4, 0)}
    of_county = {"a": "c1", "b": "c1", "d": "c2", "x": "c1"}
    area = make_area(
        zones=[zone(z, of_county[z], 100) for z in shapes],
        sites=[
            facility("A-a", "a", "A100"),
            facility("A-d", "d", "A100"),
            facility("T-x", "x", "A300"),
            facility("T-d", "d", "A300"),
        ],
    )
    area = mapped(area, shapes)
    task = Task(area, everywhere(area), network(members=members("A100")), (top(),))
    result = task.form()
    assert leads_in(result, "top") == {"a": "T-x", "b": "T-x", "d": "T-d", "x": "T-x"}
    facts = task.facts(result.plan_rows)
    assert group_breaches(facts) == []
    assert {row.verdict for row in check_network(task.above[0], facts)} == {Verdict.MET}
    assert [f.code for f in result.findings] == ["network-parts-joined"]


def test_groups_that_do_not_touch_are_joined_and_named_by_their_leads():
    shapes = {"a": cell(0, 0), "b": cell(1, 0), "x": cell(4, 0), "y": cell(9, 0)}
    area = make_area(
        zones=[zone(z, f"c-{z}", 100) for z in shapes],
        sites=[
            *(facility(f"A-{z}", z, "A100") for z in shapes),
            facility("T-a", "a", "A300"),
            facility("T-y", "y", "A300"),
        ],
    )
    area = mapped(area, shapes)
    task = Task(area, everywhere(area), network(members=members("A100")), (top(),))
    result = task.form()
    finding = next(f for f in result.findings if f.code == "network-parts-joined")
    assert finding.keys == ("site A-b-site A-x", "site A-x-site A-y")
    assert group_breaches(task.facts(result.plan_rows)) == []


# ---- what is said when it cannot be done --------------------------------------------


def test_without_groups_below_there_are_none_above():
    task = tiered(1, 3, [], ["z00"])
    result = task.form()
    assert result.status("top") == "infeasible"
    assert [f.code for f in result.findings] == [
        "network-no-lead",
        "network-no-group-below",
    ]
    facts = task.facts(result.plan_rows)
    verdicts = [row.verdict for row in check_network(task.above[0], facts)]
    assert verdicts == [Verdict.NOT_MET, Verdict.UNDECIDABLE]


def test_city_hospitals_that_crowd_one_group_are_refused_in_words():
    task = tiered(1, 2, ["z00", "z01"], ["z00", "z00", "z00"])
    result = task.form()
    finding = next(f for f in result.findings if f.code == "network-impossible")
    assert "2 groups cannot be divided among 3 leads" in finding.message.en
    assert finding.remedy is not None
    assert "one group below" in finding.remedy.en


def test_a_missed_balance_above_says_that_the_groups_below_stay():
    people = {"z00": 1000, "z01": 100, "z02": 100}
    task = tiered(
        1, 3, ["z00", "z02"], ["z00", "z02"], people=people, of_top={"balance": 0.1}
    )
    finding = next(f for f in task.form().findings if "balance" in f.code)
    assert finding.code == "network-balance-impossible"
    assert "with the groups below as they are" in finding.message.en
    assert finding.keys[0].startswith("T-")


def test_a_county_without_a_regional_centre_is_in_no_group_above():
    task = tiered(1, 4, ["z00"], ["z00", "z03"], counties={"z02": "c2", "z03": "c2"})
    result = task.form()
    assert leads_in(result, "top") == {"z00": "T-z00", "z01": "T-z00"}
    codes = {f.code: f.keys for f in result.findings}
    assert codes["network-lead-outside"] == ("T-z03",)
    facts = task.facts(result.plan_rows)
    assert group_breaches(facts) == []
    gaps = [
        row.gap.en
        for row in check_network(task.above[0], facts)
        if row.verdict is Verdict.NOT_MET and row.required.zh.startswith("市级")
    ]
    assert gaps == ["2 zones missing"]


# ---- what the audit catches ---------------------------------------------------------

BELOW = {"z00": "A-z00", "z01": "A-z00", "z10": "A-z00", "z11": "A-z00"}
BELOW |= {"z02": "A-z02", "z12": "A-z02", "z03": "A-z03", "z13": "A-z03"}
ABOVE = {z: "T-z00" if lead == "A-z00" else "T-z03" for z, lead in BELOW.items()}


def audited(
    above: Mapping[str, str | None], below: Mapping[str, str | None] | None = None
) -> Facts:
    """Return facts of a good plan of two tiers with some zones changed."""
    task = tiered(2, 4, ["z00", "z02", "z03"], ["z00", "z03"])
    return task.facts_of(
        [(z, s) for z, s in {**BELOW, **(below or {})}.items() if s is not None],
        [(z, s) for z, s in {**ABOVE, **above}.items() if s is not None],
    )


def failures(facts: Facts) -> list[str]:
    found = check_network(facts.policy.networks["top"], facts)
    return [row.gap.en for row in found if row.verdict is not Verdict.MET]


def codes(facts: Facts) -> set[str]:
    return {finding.code for finding in group_breaches(facts)}


def test_the_audit_passes_tiers_that_nest():
    facts = audited({})
    assert failures(facts) == []
    assert group_breaches(facts) == []
    rows = check_network(facts.policy.networks["top"], facts)
    asked = [row.required.en for row in rows]
    assert "市级: 3 groups below, each wholly in one group" in asked
    assert any(words.startswith("医共体: ") for words in asked)


def test_the_audit_catches_a_group_that_is_split_above():
    facts = audited({"z12": "T-z00"})
    assert codes(facts) == {"group-split"}
    assert "1 groups below split or without a group" in failures(facts)
    # Its zones have no group above: neither of the two is theirs.
    assert "2 zones missing" in failures(facts)
    assert not has_group(facts, facts.policy.networks["top"], "C-z02")
    assert has_group(facts, facts.policy.networks["top"], "C-z01")
    assert has_group(facts, facts.policy.networks["net"], "C-z02")


def test_the_audit_catches_a_zone_that_is_left_out_above():
    facts = audited({"z12": None})
    assert codes(facts) == {"group-split"}


def test_a_group_without_one_above_is_a_shortfall_and_no_breach():
    facts = audited({"z02": None, "z12": None})
    assert "1 groups below split or without a group" in failures(facts)
    # A gap between T-z03's home and nothing: the rest is in one piece.
    assert codes(facts) == set()


def test_the_audit_catches_a_zone_that_has_a_group_only_above():
    facts = audited({}, {"z11": None})
    assert codes(facts) == {"group-below"}
    assert not has_group(facts, facts.policy.networks["top"], "C-z11")


def test_the_audit_catches_a_city_hospital_outside_its_group():
    swapped = {z: "T-z03" if s == "T-z00" else "T-z00" for z, s in ABOVE.items()}
    assert "group-home" in codes(audited(swapped))


def test_the_audit_catches_groups_above_that_do_not_hang_together():
    task = tiered(1, 4, ["z00", "z01", "z02", "z03"], ["z00", "z01"])
    below = [(f"z0{x}", f"A-z0{x}") for x in range(4)]
    above = [("z00", "T-z00"), ("z01", "T-z01"), ("z02", "T-z00"), ("z03", "T-z00")]
    facts = task.facts_of(below, above)
    assert codes(facts) == {"group-pieces"}
    assert failures(facts) == ["2 zones cut off from their group"]


def test_the_audit_catches_a_false_city_hospital():
    facts = audited({"z02": "A-z02", "z12": "A-z02"})
    assert codes(facts) == {"group-lead"}


def test_the_audit_measures_the_balance_above_in_people_of_groups_below():
    task = tiered(2, 4, ["z00", "z02", "z03"], ["z00", "z03"], of_top={"balance": 0.1})
    even = task.facts_of(BELOW.items(), ABOVE.items())
    assert failures(even) == []
    uneven = {z: "T-z00" if z in ("z02", "z12") else s for z, s in ABOVE.items()}
    assert failures(task.facts_of(BELOW.items(), uneven.items())) == ["160 people over"]


def test_tiers_of_a_plan_without_groups_are_undecidable():
    task = tiered(1, 2, ["z00"], ["z00"])
    facts = task.facts_of([])
    rows = check_network(task.above[0], facts)
    assert {row.verdict for row in rows} == {Verdict.UNDECIDABLE}
    with pytest.raises(MissingColumnError):
        has_group(facts, task.above[0], "C-z00")


# ---- declarations -------------------------------------------------------------------

DECLARED = """
[[network]]
id = "{id}"
name = "{id}"
leads = {{ class = ["A100"] }}
members = {{ class = ["C220"] }}
{more}
"""


def findings_of(folder: Path, **networks: str) -> list[Any]:
    """Return what is found in a pack with these networks, keys by id."""
    text = '[pack]\nid = "p"\ntitle = "p"\n'
    text += "".join(DECLARED.format(id=i, more=more) for i, more in networks.items())
    text += '[[rule]]\nid = "R"\nquote = "q"\nkind = "indicator"\ntarget = "t"\n'
    (folder / "p.toml").write_text(text, encoding="utf-8")
    _, findings = read_policy(["p.toml"], {}, folder)
    return findings


def test_networks_may_stand_above_one_another_in_any_order(tmp_path):
    assert findings_of(tmp_path, b='above = "a"', a="", c='above = "b"') == []


def test_an_unknown_network_below_is_refused_with_the_nearest_name(tmp_path):
    (finding,) = findings_of(tmp_path, groups="", top='above = "group"')
    assert finding.code == "network-unknown"
    assert (finding.table, finding.keys) == ("p.toml", ("top",))
    assert (finding.column, finding.value) == ("network.above", "group")
    assert "groups" in finding.remedy.en


@pytest.mark.parametrize(
    ("networks", "way"),
    [
        ({"a": 'above = "a"'}, "a → a"),
        ({"a": 'above = "b"', "b": 'above = "a"', "c": 'above = "a"'}, "a → b → a"),
    ],
)
def test_networks_above_themselves_are_refused_once(tmp_path, networks, way):
    (finding,) = findings_of(tmp_path, **networks)
    assert finding.code == "network-circle"
    assert (finding.table, finding.keys) == ("p.toml", ("a",))
    assert way in finding.message.zh
    assert "`above`" in finding.remedy.en


def test_unions_of_groups_that_cross_counties_cannot_stay_in_one(tmp_path):
    (finding,) = findings_of(tmp_path, a="within_county = false", b='above = "a"')
    assert finding.code == "network-across-counties"
    assert finding.keys == ("b",)


def test_a_scope_is_given_by_the_lowest_network_alone(tmp_path):
    with_scope = 'above = "a"\nscope = { county_kind = ["区"] }'
    (finding,) = findings_of(tmp_path, a="", b=with_scope)
    assert "scope" in finding.message.en
    assert finding.table == "p.toml"


def test_the_scope_of_the_lowest_network_holds_for_all_above():
    counties = {"z02": "c2", "z03": "c2"}
    task = tiered(
        1, 4, ["z00", "z02"], ["z00"], counties=counties, scope=Scope(county=("c1",))
    )
    result = task.form()
    assert set(leads_in(result, "top")) == {"z00", "z01"}
    assert failures(task.facts(result.plan_rows)) == []


def test_the_declaration_in_the_docs_can_be_used(tmp_path):
    page = Path(__file__).parents[1] / "docs" / "networks.md"
    section = page.read_text(encoding="utf-8").partition("## Tiers")[2]
    declared = section.partition("```toml\n")[2].partition("```")[0]
    services = re.findall(r'service = \["(\w+)"\]', declared)
    text = '[pack]\nid = "p"\ntitle = "p"\n' + "".join(
        f'[[service]]\nid = "{name}"\nname = "{name}"\n' for name in sorted({*services})
    )
    (tmp_path / "p.toml").write_text(text + declared, encoding="utf-8")
    policy, findings = read_policy(["p.toml"], {}, tmp_path)
    assert findings == []
    assert policy is not None
    assert {n: policy.tier(n) for n in policy.networks} == {
        "medical_alliances": 1,
        "city_alliances": 2,
    }


def test_tiers_of_shanghai_stand_from_community_to_city():
    policy, findings = read_policy(["shanghai"], {}, packs_folder())
    assert findings == []
    assert policy is not None
    (rule,) = [rule for rule in policy.rules if rule.id == "S2b-04"]
    assert isinstance(rule, ShareOfClass)
    network = policy.networks[rule.network or ""]
    assert [n.id for n in policy.below(network)] == ["medical_alliances"]
    assert rule.of == policy.networks["medical_alliances"].members
    assert network.members == policy.networks["medical_alliances"].leads
