"""The sheets 编组 and 机构归属: whose group each zone and each institution is in.

Where networks stand above one another, each row names the leads above as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.outcome import site_chains, zone_chains
from allocator.tables import FACILITY_CLASSES
from allocator.workbook.access import write_sheet
from allocator.workbook.cells import Book, Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allocator.outcome import Chain, Outcome

_NETWORK = Text("网络", "Network")
_TIER = Text("层级", "Tier")
_LEAD = Text("牵头机构", "Lead")
_ABOVE = Text("上级牵头机构", "Leads above")
_COUNTY = Text("县区", "County")
_ZONE = Text("乡镇(街道)", "Zone")
_LEAD_ID = Text("牵头机构编号", "Lead id")


def write_groups(book: Book) -> None:
    """Write which zone belongs to which lead; no sheet where there are no groups."""
    outcome = book.outcome
    rows = outcome.plan.groups
    if rows.empty:
        return
    zones = outcome.area.zones.loc[rows["zone_id"]]
    counties = outcome.area.counties.loc[zones["county_id"], "name"]
    columns = [
        *_of_groups(outcome, rows["network"], rows["lead_id"]),
        *_above(outcome, rows["network"], rows["zone_id"], zone_chains(outcome)),
        Column(_COUNTY, counties.tolist()),
        Column(_ZONE, zones["name"].tolist()),
        Column(
            Text("常住人口(人)", "Population"), zones["population"].tolist(), "whole"
        ),
        Column(_LEAD_ID, rows["lead_id"].tolist(), "id"),
    ]
    write_sheet(book, "groups", columns, frozen_columns=2)


def write_members(book: Book) -> None:
    """Write which institution belongs to which lead; no sheet where none does."""
    outcome, rows = book.outcome, book.outcome.members
    if rows is None or rows.empty:
        return
    area = outcome.area
    sites = area.sites.loc[rows["site_id"]]
    known = {code: book.say(words) for code, words in FACILITY_CLASSES.items()}
    columns = [
        Column(Text("机构名称", "Facility"), sites["name"].tolist()),
        Column(Text("类别", "Class"), [known.get(c, c) for c in sites["class"]]),
        *_of_groups(outcome, rows["network"], rows["lead_id"]),
        *_above(outcome, rows["network"], rows["site_id"], site_chains(outcome)),
        Column(_COUNTY, area.counties.loc[sites["county_id"], "name"].tolist()),
        Column(_ZONE, area.zones.loc[sites["zone_id"], "name"].tolist()),
        Column(Text("机构编号", "Site id"), rows["site_id"].tolist(), "id"),
        Column(_LEAD_ID, rows["lead_id"].tolist(), "id"),
    ]
    write_sheet(book, "members", columns, frozen_columns=1)


def _of_groups(
    outcome: Outcome, networks: Iterable[str], leads: Iterable[str]
) -> list[Column]:
    """Return the columns that say which group a row is about."""
    policy, names = outcome.policy, outcome.area.sites["name"]
    shown = list(networks)
    columns = [Column(_NETWORK, [policy.networks[n].name for n in shown])]
    if _is_tiered(outcome):
        columns.append(Column(_TIER, [policy.tier(n) for n in shown], "whole"))
    return [*columns, Column(_LEAD, [names[lead] for lead in leads])]


def _above(
    outcome: Outcome,
    networks: Iterable[str],
    ids: Iterable[str],
    chains: Mapping[str, Sequence[Chain]],
) -> list[Column]:
    """Return the column of the leads above, lowest first; none without tiers."""
    if not _is_tiered(outcome):
        return []
    names = outcome.area.sites["name"]
    cells = []
    for network, key in zip(networks, ids, strict=True):
        found: list[str] = []
        for chain in chains.get(str(key), ()):
            if network in chain.networks:
                start = chain.networks.index(network) + 1
                found.append(" → ".join(names[lead] for lead in chain.leads[start:]))
        cells.append("; ".join(dict.fromkeys(words for words in found if words)))
    return [Column(_ABOVE, cells)]


def _is_tiered(outcome: Outcome) -> bool:
    return any(n.above is not None for n in outcome.policy.networks.values())
