"""From what a run asks for to the cells of a register that change."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.cells import LIST_SEPARATORS, parse_numbers
from allocator.register.changes import Change
from allocator.register.edits import Edit, Edits, shown
from allocator.register.reading import Field
from allocator.register.words import (
    PLANNED,
    class_words,
    code_or_name,
    resource_heading,
    status_of,
    status_word,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.load.remarks import Remarks
    from allocator.register.order import Order, Placement, SiteFacts
    from allocator.register.places import System
    from allocator.register.reading import Register

NEW_ACTIONS = ("build", "upgrade")
COUNTY_HEADINGS = (
    "county_id",
    "county",
    "县区",
    "区县",
    "县(市、区)",
    "县(区)",
    "所属县区",
    "所在县区",
    "县区名称",
    "县区代码",
    "region_code",
)


def draw_up(
    order: Order,
    register: Register,
    system: System,
    done: Iterable[Change],
    remarks: Remarks,
) -> Edits:
    """Return the cells that change; nothing where all was written before.

    Parameters
    ----------
    order
        What is asked for.
    register
        The register as it is.
    system
        Of its coordinate columns.
    done
        The log so far: amounts and closures of this run are not written again.
    remarks
        Receives what cannot be written.
    """
    draft = _Draft(order, register, system, remarks)
    draft.done = {(c.run, c.site_id, c.item, c.what) for c in done}
    _check_known(order, register, remarks)
    for site_id in order.site_ids:
        draft.write_site(site_id)
    return Edits(
        tuple(draft.new),
        {s: (order.sites[s].lon, order.sites[s].lat) for s in draft.new},
        tuple(draft.appended),
        tuple(draft.cells),
    )


def _check_known(order: Order, register: Register, remarks: Remarks) -> None:
    """Report sites that the register lacks and that are not built."""
    lost = [
        site_id
        for site_id in order.site_ids
        if site_id not in register.rows
        and not any(p.action == "build" for p in order.at(site_id))
    ]
    if lost:
        remarks.error(
            "site-not-in-register",
            Text(
                "登记表里没有这些机构, 方案也没有新建它们",
                "the register lacks these sites, and the plan does not build them",
            ),
            keys=lost,
            column="site_id",
            remedy=Text(
                "给出方案所用的登记表, 或改正编号",
                "give the register that was planned with, or correct the ids",
            ),
        )


@dataclass
class _Draft:
    """Edits while they are drawn up."""

    order: Order
    register: Register
    system: System
    remarks: Remarks
    new: list[str] = field(default_factory=list)
    appended: list[Field] = field(default_factory=list)
    cells: list[Edit] = field(default_factory=list)
    done: set[tuple[str, str, str, str]] = field(default_factory=set)
    latest: dict[tuple[str, int], str] = field(default_factory=dict)

    def write_site(self, site_id: str) -> None:
        placements = self.order.at(site_id)
        built = any(p.action == "build" for p in placements)
        if site_id not in self.register.rows:
            if not built:
                return
            self._write_row(site_id, self.order.sites[site_id])
        elif built:
            self._write_status(site_id, "existing")
        self._write_services(site_id, placements)
        amounts = self._write_amounts(site_id)
        self._write_plan(site_id, placements, amounts)

    # --- One thing each ---------------------------------------------------------------

    def _write_row(self, site_id: str, facts: SiteFacts) -> None:
        register = self.register
        self.new.append(site_id)
        self._check_name(site_id, facts.name)
        self._put(site_id, register.find("site_id"), site_id, "row")
        self._put(site_id, register.find("name"), facts.name, "row")
        self._write_place(site_id, facts)
        status = register.find("status")
        if status is not None:
            word = status_word(register.texts(status), "existing", status.heading)
            self._put(site_id, status, word, "row")
        zone = register.find("zone_id")
        if zone is not None:
            said = code_or_name(register.texts(zone), facts.zone_id, facts.zone)
            self._put(site_id, zone, said, "row")
        county = register.find(*COUNTY_HEADINGS)
        if county is not None:
            said = code_or_name(register.texts(county), facts.county_id, facts.county)
            self._put(site_id, county, said, "row")
        kind = register.find("class")
        if kind is not None:
            word = class_words(register.texts(kind), facts.facility_class)
            self._put(site_id, kind, word, "row")

    def _check_name(self, site_id: str, name: str) -> None:
        field = self.register.find("name")
        if field is not None and name in self.register.texts(field):
            self.remarks.warning(
                "name-twice",
                Text(
                    "登记表里已有同名机构, 仍按编号新增一行",
                    "the register has this name; a row is added under the new id",
                ),
                keys=[site_id],
                column=field.heading,
                values=[name],
                remedy=Text(
                    "核对是否同一机构用了两个编号",
                    "see whether one institution has two ids",
                ),
            )

    def _write_place(self, site_id: str, facts: SiteFacts) -> None:
        lon, lat = self.register.find("lon"), self.register.find("lat")
        if lon is not None and lat is not None:
            x, y = self.system.place(facts.lon, facts.lat)
            self._put(site_id, lon, x, "row")
            self._put(site_id, lat, y, "row")
        elif not self.register.is_layer:
            # Blank coordinates of all others would make the register unreadable.
            text = f"{facts.lon:.6f},{facts.lat:.6f}"
            self._put(site_id, self._planned("place"), text, "row")
            self.remarks.warning(
                "register-without-place",
                Text(
                    "登记表没有经纬度列, 新机构的位置写在“规划位置”",
                    "no columns of coordinates: new places stand in a column of the "
                    "plan",
                ),
                keys=[site_id],
                values=[text],
                remedy=Text(
                    "在给出位置的表或图层里补上它们",
                    "add them to the table or layer that gives the places",
                ),
            )

    def _write_status(self, site_id: str, status: str, item: str = "") -> None:
        field = self.register.find("status")
        if field is None:
            return
        texts = self.register.texts(field)
        word = status_word(texts, status, field.heading)
        if status_of(self._text(site_id, field)) != status:
            what = "status" if status == "existing" else "close"
            self._put(site_id, field, word, what, item)

    def _write_services(self, site_id: str, placements: tuple[Placement, ...]) -> None:
        new = sorted({p.service for p in placements if p.action in NEW_ACTIONS})
        # A counted service is listed as often as it is held.
        held_then: Counter[str] = Counter()
        for placement in placements:
            if placement.action != "close":
                held_then[placement.service] += placement.count
        closed = sorted({p.service for p in placements if p.action == "close"})
        field = self.register.find("services")
        if field is None and new:
            words = ("现有服务", "services")
            field = self._append(words[not self.register.is_chinese], "services")
        text = self._text(site_id, field) if field is not None else ""
        held = [w.strip() for w in LIST_SEPARATORS.split(text) if w.strip()]
        for service in new:
            lacking = held_then[service] - held.count(service)
            if field is not None and lacking > 0:
                held += [service] * lacking
                self._put(site_id, field, ";".join(held), "service", service)
        for service in closed:
            if (self.order.run, site_id, service, "close") in self.done:
                continue
            names = {service, self.order.services.get(service, service)}
            left = [word for word in held if word not in names]
            if field is not None and left != held:
                self._put(site_id, field, ";".join(left), "close", service)
                held = left
            else:
                self._close_by_class(site_id, service)

    def _close_by_class(self, site_id: str, service: str) -> None:
        """Close what the register does not list: the class of the site holds it."""
        status = self.register.find("status")
        if status is not None and site_id not in self.order.remaining:
            self._write_status(site_id, "candidate", service)
            return
        self.remarks.warning(
            "close-by-class",
            Text(
                "撤销的服务不在现有服务列, 由机构类别认定, 登记表里去不掉",
                "the service closed is not listed but held through the class: it "
                "cannot be taken out of the register",
            ),
            keys=[site_id],
            column="class",
            values=[service],
            remedy=Text(
                "按撤并结果改类别, 或删去这一行",
                "change the class as was decided, or remove the row",
            ),
        )

    def _write_amounts(self, site_id: str) -> list[str]:
        """Add what allocations bring, once; return them in words."""
        said = []
        for amount in self.order.amounts:
            if amount.site_id != site_id or amount.amount == 0:
                continue
            name = amount.resource
            field = self.register.find(name)
            if field is None:
                chinese = self.register.is_chinese
                field = self._append(resource_heading(name, chinese=chinese), name)
            said.append(f"{name}+{amount.amount:g}")
            if (self.order.run, site_id, name, "amount") in self.done:
                continue
            text = self._text(site_id, field)
            numbers, _ = parse_numbers(pd.Series([text], dtype=str))
            before = float(numbers.iloc[0])
            added = round(amount.amount / field.factor, 6)
            value = added if math.isnan(before) else round(before + added, 6)
            self._put(site_id, field, value, "amount", name, added=added)
        return said

    def _write_plan(
        self, site_id: str, placements: tuple[Placement, ...], amounts: list[str]
    ) -> None:
        changed = [p for p in placements if p.action != "keep"]
        if not changed and not amounts:
            return
        words = [self._said(p) for p in changed] + amounts
        self._join(site_id, "services", words)
        self._join(site_id, "year", sorted({p.year for p in changed if p.year}))
        clauses = dict.fromkeys(c for p in changed for c in p.clauses)
        self._join(site_id, "clauses", list(clauses))
        self._join(site_id, "run", [f"run-{self.order.run[:12]}"])

    def _said(self, placement: Placement) -> str:
        name = self.order.services.get(placement.service, placement.service)
        name = name.replace(";", " ")
        if placement.count > 1:
            name += f"×{placement.count}"
        if placement.action != "close":
            return name
        return f"撤销:{name}" if self.register.is_chinese else f"close:{name}"

    def _join(self, site_id: str, which: str, words: list[str]) -> None:
        """Add words to a list in a column of the plan, each once."""
        if not words:
            return
        field = self._planned(which)
        held = [word for word in self._text(site_id, field).split(";") if word]
        joined = ";".join(dict.fromkeys([*held, *words]))
        self._put(site_id, field, joined, "plan")

    # --- Columns and cells ------------------------------------------------------------

    def _planned(self, which: str) -> Field:
        words = PLANNED[which]
        found = self.register.find(words.zh, words.en)
        return found or self._append(
            words.zh if self.register.is_chinese else words.en, f"planned:{which}"
        )

    def _append(self, heading: str, column: str) -> Field:
        for known in self.appended:
            if known.column == column:
                return known
        position = len(self.register.fields) + len(self.appended)
        made = Field(position, heading, column)
        self.appended.append(made)
        return made

    def _text(self, site_id: str, field: Field) -> str:
        """Return a cell as it will be, so far."""
        known = self.latest.get((site_id, field.position))
        return self.register.text(site_id, field) if known is None else known

    def _put(
        self,
        site_id: str,
        field: Field | None,
        value: str | float,
        what: str,
        item: str = "",
        *,
        added: float | None = None,
    ) -> None:
        if field is None or (value == "" and what == "row"):
            return
        before = self._text(site_id, field)
        if before == shown(value):
            return
        change = Change(
            site_id=site_id,
            item=item,
            what=what,
            column=field.heading,
            before=before,
            after=shown(value),
            date=self.order.date_of(site_id),
            run=self.order.run,
        )
        self.cells.append(Edit(site_id, field, value, change, added))
        self.latest[site_id, field.position] = shown(value)
