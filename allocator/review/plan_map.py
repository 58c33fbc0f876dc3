"""The map element: what the browser draws, and what it reports back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.elements.leaflet import leaflet

if TYPE_CHECKING:
    from collections.abc import Callable

    from nicegui.events import GenericEventArguments

_DIST = Path(leaflet.__file__).parent / "dist"  # NiceGUI's Leaflet and its style


class PlanMap(ui.element, component="plan_map.js"):
    """A map of one run.

    Parameters
    ----------
    source
        Address of its drawing, see `allocator.review.view.View`.
    words
        What is said in tooltips.
    group
        Maps of one group show the same part of the area; empty: none.
    readonly
        Whether sites cannot be dragged.
    """

    def __init__(
        self,
        source: str,
        words: dict[str, Any],
        *,
        group: str = "",
        readonly: bool = False,
    ) -> None:
        super().__init__()
        self.add_resource(_DIST)
        self._props["source"] = source
        self._props["words"] = words
        self._props["group"] = group
        self._props["readonly"] = readonly
        self._props["shading"] = "people"
        self._props["service"] = ""
        self._props["dots"] = "none"
        self._props["marks"] = []
        self._props["chosen"] = ""
        self._props["adding"] = False

    def look(self, **properties: object) -> None:
        """Change what is shown: ``source``, ``shading``, ``service``, ``dots`` ..."""
        changed = {k: v for k, v in properties.items() if self._props.get(k) != v}
        for name, value in changed.items():
            self._props[name] = value
        if changed:
            self.update()

    def show_marks(self, marks: dict[str, dict[str, Any]], *, first: bool) -> None:
        """Show what is decided, by site; only what changed since is sent.

        Parameters
        ----------
        marks
            From `allocator.review.rows.map_marks`.
        first
            Whether the map is not in a browser yet: it then begins with all of them.
        """
        before = {mark["id"]: mark for mark in self._props["marks"]}
        # A property that is changed without an update is sent with the next one.
        self._props["marks"] = list(marks.values())
        changed = [mark for key, mark in marks.items() if before.get(key) != mark]
        gone = [key for key in before if key not in marks]
        if not first and (changed or gone):
            self.run_method("change", changed, gone)

    def on_choose(self, handler: Callable[[str], None]) -> None:
        """Call with the id of a site that was clicked."""
        self.on("choose", lambda event: handler(str(event.args["id"])))

    def on_drag(self, handler: Callable[[str, float, float], None]) -> None:
        """Call with the id of a site that was dragged, and longitude and latitude."""

        def dragged(event: GenericEventArguments) -> None:
            handler(str(event.args["id"]), *_place(event))

        self.on("drag", dragged)

    def on_place(self, handler: Callable[[float, float], None]) -> None:
        """Call with longitude and latitude of a click while a site is being added."""
        self.on("place", lambda event: handler(*_place(event)))


def _place(event: GenericEventArguments) -> tuple[float, float]:
    return float(event.args["lon"]), float(event.args["lat"])
