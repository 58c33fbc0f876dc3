"""Check of groups (医共体, 医疗集团): who belongs where, in one piece, balanced.

Found from `Plan.groups` and the map alone; see ``docs/networks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from allocator.audit.facts import MissingColumnError
from allocator.audit.finding import NOTHING, Found, judged, whole
from allocator.audit.grouping import NOT_FORMED, Grouping, NotFormedError
from allocator.audit.verdict import Verdict
from allocator.errors import Finding, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.audit.facts import Facts
    from allocator.policy import Network


def check_network(network: Network, facts: Facts) -> list[Found]:
    """Return what is so of a network's groups, question by question and unit by unit.

    A unit is a county where groups stay within one, else the whole area. Asked are:
    has every zone one group, has every member, does every lead lead one from its own
    zone, is every group in one piece, does it stay in its county, and are the groups
    balanced; and, where the network stands above another, is every group below wholly
    in one group. The same is then asked of every network below, the lowest first.
    """
    tiers = Grouping(network, facts).tiers
    if len(tiers) == 1:
        return _check_tier(tiers[0])
    return [_named(found, tier) for tier in tiers for found in _check_tier(tier)]


def _named(found: Found, grouping: Grouping) -> Found:
    """Return what was found with the name of the network before what is required."""
    name, words = grouping.network.name, found.required
    if words.zh.startswith(name):
        return found
    return replace(found, required=Text(f"{name}: {words.zh}", f"{name}: {words.en}"))


def _check_tier(grouping: Grouping) -> list[Found]:
    network, facts = grouping.network, grouping.facts
    try:
        leads = grouping.leads
        members = grouping.matching(network.members)
    except MissingColumnError as missing:
        words = missing.text(facts.policy)
        return [_whole_area(network, facts, words, Verdict.UNDECIDABLE)]
    if not leads:
        text = Text("没有牵头机构", "no institution leads")
        return [_whole_area(network, facts, text, Verdict.NOT_MET)]
    if not grouping.formed:
        return [_whole_area(network, facts, NOT_FORMED, Verdict.UNDECIDABLE)]
    result = []
    for unit_id, name, zones in grouping.units():
        unit = _Unit(grouping, unit_id, name, zones)
        result += [unit.zones_grouped(), unit.members_grouped(members), unit.led()]
        result += [*unit.nested(), unit.in_one_piece()]
        result += [*unit.in_county(), *unit.balanced()]
    return result


def has_group(facts: Facts, network: Network, site_id: str) -> bool:
    """Return whether a site belongs to exactly one group of a network.

    Raises
    ------
    MissingColumnError
        When the plan has no groups, or the register does not decide who leads.
    """
    grouping = Grouping(network, facts)
    _refuse_unless_formed(grouping)
    return grouping.has_group(site_id)


def sites_with_group(facts: Facts, network: Network) -> frozenset[str]:
    """Return all sites that belong to exactly one group of a network.

    Raises
    ------
    MissingColumnError
        When there are leads and the plan has no groups; or the register does not
        decide who leads.
    """
    grouping = Grouping(network, facts)
    _refuse_unless_formed(grouping)
    return frozenset(s for s in facts.sites if grouping.has_group(s))


def _refuse_unless_formed(grouping: Grouping) -> None:
    """Raise `NotFormedError` when there are leads, here or below, and no groups."""
    for tier in grouping.tiers:
        if not tier.leads_of and tier.leads:
            raise NotFormedError(tier.network)


def _whole_area(network: Network, facts: Facts, found: Text, verdict: Verdict) -> Found:
    required = Text(f"{network.name}编组", f"groups of {network.name}")
    gap = found if verdict is Verdict.NOT_MET else NOTHING
    missing = 1.0 if verdict is Verdict.NOT_MET else 0.0
    return Found("", facts.area.name, required, found, verdict, gap, missing)


@dataclass(frozen=True)
class _Unit:
    """One unit of a grouping, question by question."""

    grouping: Grouping
    id: str
    name: str
    zones: set[str]

    def _judged(self, required: Text, found: Text, lacking: float, gap: Text) -> Found:
        return judged(self.id, self.name, required, found, missing=lacking, gap=gap)

    @property
    def leads(self) -> list[str]:
        """Those who are to lead here: not where there is no group below to lead."""
        grouping = self.grouping
        here = (s for s in grouping.leads if grouping.zone_of(s) in self.zones)
        return sorted(s for s in here if grouping.home(s))

    @property
    def divided(self) -> set[str]:
        """The zones here that are divided: above a network, those in a group of it."""
        return set(self.grouping.blocks(self.zones))

    def zones_grouped(self) -> Found:
        grouped = sum(self.grouping.lead_of(zone) is not None for zone in self.zones)
        lacking = len(self.zones) - grouped
        return self._judged(
            Text(
                f"{len(self.zones)} 个单元各归且只归一组",
                f"{len(self.zones)} zones, each in exactly one group",
            ),
            Text(f"{grouped} 个单元", f"{grouped} zones"),
            lacking,
            Text(f"缺 {lacking} 个单元", f"{lacking} zones missing"),
        )

    def members_grouped(self, members: list[str]) -> Found:
        here = [s for s in members if self.grouping.zone_of(s) in self.zones]
        grouped = sum(self.grouping.has_group(site_id) for site_id in here)
        lacking = len(here) - grouped
        return self._judged(
            Text(
                f"{len(here)} 所成员机构各归且只归一组",
                f"{len(here)} members, each in exactly one group",
            ),
            Text(f"{grouped} 所", f"{grouped} members"),
            lacking,
            Text(f"缺 {lacking} 所", f"{lacking} members missing"),
        )

    def led(self) -> Found:
        leads = self.leads
        if not leads:
            text = Text("没有牵头机构", "no institution leads")
            required = Text("有牵头机构", "a lead")
            return self._judged(required, text, 1.0, text)
        leading = sum(self.grouping.is_at_home(lead) for lead in leads)
        lacking = len(leads) - leading
        return self._judged(
            Text(
                f"{len(leads)} 家牵头机构各在所在地牵头一组",
                f"{len(leads)} leads, each of a group around it",
            ),
            Text(f"{leading} 家", f"{leading} leads"),
            lacking,
            Text(f"缺 {lacking} 组", f"{lacking} groups missing"),
        )

    def nested(self) -> Iterator[Found]:
        if self.grouping.below is None:
            return
        below = self.grouping.leads_below(self.zones)
        lacking = sum(self.grouping.lead_over(lead) is None for lead in below)
        yield self._judged(
            Text(
                f"{len(below)} 个下级组各整体归一组",
                f"{len(below)} groups below, each wholly in one group",
            ),
            Text(
                f"{len(below) - lacking} 个下级组",
                f"{len(below) - lacking} groups below",
            ),
            lacking,
            Text(
                f"{lacking} 个下级组被拆开或没有归属",
                f"{lacking} groups below split or without a group",
            ),
        )

    def in_one_piece(self) -> Found:
        leads = self._all_leads()
        cut = {lead: self.grouping.cut_off(lead, self.zones) for lead in leads}
        apart = sum(len(zones) for zones in cut.values())
        whole_ones = sum(not zones for zones in cut.values())
        return self._judged(
            Text(f"{len(leads)} 组各自连片", f"{len(leads)} groups, each in one piece"),
            Text(f"{whole_ones} 组连片", f"{whole_ones} in one piece"),
            apart,
            Text(
                f"{apart} 个单元与本组不相接", f"{apart} zones cut off from their group"
            ),
        )

    def _all_leads(self) -> list[str]:
        """Return everyone who is said to lead a zone here."""
        stated = (self.grouping.leads_of.get(zone, []) for zone in self.zones)
        return sorted({lead for leads in stated for lead in leads})

    def in_county(self) -> Iterator[Found]:
        if not self.grouping.network.within_county:
            return
        astray = sum(
            any(
                self.grouping.county_of(self.grouping.zone_of(lead)) != self.id
                for lead in self.grouping.leads_of.get(zone, [])
            )
            for zone in self.zones
        )
        yield self._judged(
            Text("各组不出县区", "groups stay in their county"),
            Text(f"{astray} 个单元归外县区", f"{astray} zones led from elsewhere"),
            astray,
            Text(f"多 {astray} 个单元", f"{astray} zones too many"),
        )

    def balanced(self) -> Iterator[Found]:
        """Compare each group's people with the mean, in whole people."""
        balance = self.grouping.network.balance
        leads = self.leads
        if balance is None or not leads:
            return
        sizes = [
            sum(
                int(self.grouping.facts.zones[zone]["population"])
                for zone in self.grouping.group(lead, self.zones)
            )
            for lead in leads
        ]
        everyone = sum(
            int(self.grouping.facts.zones[zone]["population"]) for zone in self.divided
        )
        mean = Fraction(everyone, len(leads))
        widest = max(abs(size - mean) for size in sizes)
        over = max(Fraction(0), widest - mean * Fraction(str(balance)))
        found = float(widest / mean) if mean else 0.0
        yield self._judged(
            Text(
                f"各组人口与均值 {whole(float(mean))} 人相差不超过 {balance:.0%}",
                f"groups within {balance:.0%} of the mean of "
                f"{whole(float(mean))} people",
            ),
            Text(
                f"{whole(min(sizes))} 至 {whole(max(sizes))} 人, 最大相差 {found:.1%}",
                f"{whole(min(sizes))} to {whole(max(sizes))} people, up to "
                f"{found:.1%} apart",
            ),
            float(over),
            Text(f"超出 {whole(float(over))} 人", f"{whole(float(over))} people over"),
        )


def group_breaches(facts: Facts) -> list[Finding]:
    """Return what no program that forms groups would write: faults, not shortfalls.

    A zone without a group and groups out of balance are shortfalls: `check_network`
    reports them.
    """
    networks = facts.policy.networks
    rows = facts.plan.groups
    findings = [
        _breach("unknown", Text("未知的编组", "a network unknown to the policy"), name)
        for name in sorted(set(rows["network"]) - set(networks))
    ]
    for network in networks.values():
        grouping = Grouping(network, facts)
        if not grouping.leads_of:
            continue
        try:
            findings += [*_faults_of_zones(grouping), *_faults_of_groups(grouping)]
        except MissingColumnError as missing:
            words = missing.text(facts.policy)
            findings.append(_breach("undecidable", words, network.id))
    return findings


def _breach(code: str, message: Text, *keys: str) -> Finding:
    return Finding(f"group-{code}", message, table="groups", keys=keys)


def _faults_of_zones(grouping: Grouping) -> Iterator[Finding]:
    name = grouping.network.id
    for zone, leads in sorted(grouping.leads_of.items()):
        if grouping.below is not None and not grouping.below.leads_of.get(zone):
            text = Text("下级网络中没有归属的单元", "a zone without a group below")
            yield _breach("below", text, name, zone)
        if zone not in grouping.scope:
            text = Text("不在编组范围内的单元", "a zone outside the scope")
            yield _breach("scope", text, name, zone)
        if len(leads) > 1:
            text = Text("一个单元归了几组", "a zone in several groups")
            yield _breach("twice", text, name, zone, *leads)
        for lead in leads:
            if lead not in grouping.leads:
                text = Text("不是牵头机构", "it leads no group")
                yield _breach("lead", text, name, zone, lead)


def _faults_of_groups(grouping: Grouping) -> Iterator[Finding]:
    name = grouping.network.id
    for lead_below in grouping.leads_below(grouping.scope):
        if len(grouping.stated_over(lead_below)) > 1:
            text = Text("下级组被拆开", "a group below is split between groups")
            yield _breach("split", text, name, lead_below)
    for unit_id, unit_name, zones in grouping.units():
        unit = _Unit(grouping, unit_id, unit_name, zones)
        for lead in unit.leads:
            if not grouping.is_at_home(lead) and grouping.group(lead, zones):
                text = Text("牵头机构不在本组", "a lead stands outside its group")
                yield _breach("home", text, name, lead)
            cut = sorted(grouping.cut_off(lead, zones))
            if cut:
                text = Text("各组不连片", "a group in several pieces")
                yield _breach("pieces", text, name, lead, *cut)
        for found in unit.in_county():
            if found.verdict is Verdict.NOT_MET:
                text = Text("编组出了县区", "a group outside its county")
                yield _breach("county", text, name, unit_name)
