"""The tables of the screen: placements and clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from allocator.review.entries import new_entry
from allocator.review.rows import (
    CELL_VERDICTS,
    audit_rows,
    key_of,
    placement_rows,
    verdict_words,
)
from allocator.review.words import GRID_WORDS

if TYPE_CHECKING:
    from nicegui.events import GenericEventArguments

    from allocator.review.screen import Screen


class PlacementGrid:
    """All placements: filtered, sorted, decided in the cells for verdict and reason.

    Parameters
    ----------
    screen
        What it shows.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._rows = {row["id"]: row for row in placement_rows(screen.room)}
        self.grid = ui.aggrid(
            {
                **_common(screen),
                "columnDefs": self._columns(),
                "rowData": list(self._rows.values()),
                ":getRowId": "(params) => String(params.data.id)",
                "stopEditingWhenCellsLoseFocus": True,
                "rowSelection": {
                    "mode": "singleRow",
                    "checkboxes": False,
                    "enableClickSelection": True,
                },
            },
            theme="quartz",
            auto_size_columns=False,
        )
        self.grid.on("cellClicked", self._clicked, ["data", "colId"])
        self.grid.on("cellValueChanged", self._edited, _CHANGED)
        screen.when_decided(self.refresh)

    def _columns(self) -> list[dict[str, Any]]:
        say = self._screen.say
        words = verdict_words(say)
        return [
            _text("name", say("name"), 170, pinned="left"),
            _text("service", say("service"), 170),
            _text("county", say("county"), 90),
            _text("zone", say("zone"), 100),
            _text("action", say("action"), 90),
            _text(
                "verdict",
                say("verdict"),
                100,
                editable=True,
                singleClickEdit=True,
                cellEditor="agSelectCellEditor",
                cellEditorParams={"values": list(CELL_VERDICTS)},
                refData=words,
                cellClass="rv-edit",
            ),
            _text("reason", say("reason"), 160, editable=True, cellClass="rv-edit"),
            _text("reviewer", say("reviewer"), 80),
            _number("year", say("year"), 70),
            _number("capital", f"{say('capital')} ({say('wan')})", 110),
            _number("yearly", f"{say('yearly')} ({say('wan')})", 120),
            _number("people", f"{say('served')} ({say('persons')})", 110),
            _number("minutes", f"{say('mean')} ({say('minutes')})", 100),
            _text("clauses", say("clauses"), 160),
        ]

    def _clicked(self, event: GenericEventArguments) -> None:
        if event.args.get("colId") not in ("verdict", "reason"):
            self._screen.choose(str(event.args["data"]["site_id"]))

    async def _edited(self, event: GenericEventArguments) -> None:
        """Take what was entered in a cell as a decision; show again what stands."""
        data, screen = event.args["data"], self._screen
        row_id, verdict = str(data["id"]), str(data["verdict"] or "")
        known = self._rows.get(row_id)
        if known is not None and (known["verdict"] or verdict):
            reason = str(data["reason"] or "")
            year = known["year"]
            if verdict in CELL_VERDICTS:
                await screen.decide(
                    new_entry(
                        screen.who, key_of(row_id), verdict, why=reason, phase=year
                    )
                )
        self.refresh(anyway=row_id)

    def refresh(self, *, anyway: str = "") -> None:
        """Show what changed since, and the row ``anyway`` in any case."""
        rows = {row["id"]: row for row in placement_rows(self._screen.room)}
        changed = [
            row
            for row_id, row in rows.items()
            if row_id in self._rows and (self._rows[row_id] != row or row_id == anyway)
        ]
        new = [row for row_id, row in rows.items() if row_id not in self._rows]
        gone = [row for row_id, row in self._rows.items() if row_id not in rows]
        self._rows = rows
        if changed or new or gone:
            change = {"update": changed, "add": new, "remove": gone}
            self.grid.run_grid_method("applyTransaction", change)


_CHANGED = ["data", "colId", "newValue", "oldValue"]


def audit_grid(screen: Screen) -> ui.aggrid:
    """Return the table of clauses, judged unit by unit."""
    say = screen.say
    return ui.aggrid(
        {
            **_common(screen),
            "columnDefs": [
                _text("verdict", say("judged"), 90),
                _text("rule", say("clause"), 110),
                _text("quote", say("quote"), 280, tooltipField="quote"),
                _text("unit", say("unit"), 110),
                _text("required", say("required"), 140),
                _text("found", say("found"), 160),
                _text("gap", say("gap"), 120),
            ],
            "rowData": audit_rows(screen.room),
            ":getRowId": "(params) => String(params.data.id)",
        },
        theme="quartz",
        auto_size_columns=False,
    )


def _common(screen: Screen) -> dict[str, Any]:
    local = {"localeText": GRID_WORDS} if screen.say.language == "zh" else {}
    column = {"sortable": True, "resizable": True, "suppressHeaderMenuButton": False}
    return {
        "defaultColDef": column,
        "rowHeight": 32,
        "headerHeight": 36,
        "animateRows": False,
        **local,
    }


def _text(field: str, heading: str, width: int, **more: object) -> dict[str, Any]:
    kind = {"filter": "agTextColumnFilter", "floatingFilter": True}
    return {
        "field": field,
        "headerName": heading,
        "width": width,
        "cellDataType": "text",
        **kind,
        **more,
    }


def _number(field: str, heading: str, width: int) -> dict[str, Any]:
    return {
        "field": field,
        "headerName": heading,
        "width": width,
        "filter": "agNumberColumnFilter",
        "type": "rightAligned",
        "cellDataType": "number",
    }
