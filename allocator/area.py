"""A planning area: who lives where, which sites there are, what things cost.

Frozen data without files and without a solver. Frames are indexed by id and sorted, so
that two runs on the same input build the same program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from allocator.errors import Text

GEOGRAPHIC_CRS = "EPSG:4490"  # CGCS2000 geographic, degrees: what the program keeps


@dataclass(frozen=True)
class PlanningArea:
    """The place that is planned for.

    Parameters
    ----------
    name
        Name of the plan, from the brief.
    zones
        Index ``zone_id`` (text, sorted). Columns ``name``, ``county_id``, ``kind``
        (one of ``tables.ZONE_KINDS``), ``population`` (int, people), ``urban`` (bool),
        ``lon``, ``lat`` (degrees; a point inside the zone) and ``geometry`` (polygon
        in `GEOGRAPHIC_CRS`, or None where only a centre is known). Further columns of
        the planner's table are carried along under their own names.
    counties
        Index ``county_id`` (text, sorted). Columns ``name``, ``kind`` and
        ``geometry`` (polygon in `GEOGRAPHIC_CRS`, or None). Every ``county_id`` of
        the zones is present.
    sites
        Index ``site_id`` (text, sorted). Columns ``name``, ``lon``, ``lat``,
        ``status`` (``existing`` or ``candidate``), ``zone_id``, ``county_id``,
        ``class`` (text, empty where unknown), ``services`` (tuple of service ids held
        today), ``branch`` (bool), ``locked`` (``in``, ``out`` or empty),
        ``capacity_people`` (float, NaN where unlimited); then, only where the
        planner's table has them, ``level``, ``public``, resources such as ``beds``,
        and attribute columns. A column that the planner did not give is absent: a
        rule that needs it is undecidable.
    demand
        Index ``demand_id`` (text, sorted). Columns ``zone_id``, ``county_id``,
        ``people`` (int), ``urban`` (bool), ``lon``, ``lat``.
    costs
        Columns ``service``, ``resource``, ``action``, ``class``, ``site_id`` (empty
        text where the row is general), ``capital_wan``, ``yearly_wan`` (万元),
        ``source``, ``year``. None where the brief names no cost table.
    notes
        Assumptions about the data that must be shown wherever results are shown.
    repairs
        What was seen in the shapes of zones and counties, and changed there:
        ``code``, ``zone_id``, ``name``, ``other_id``, ``what``, ``m2``, ``people``
        (an estimate by area), ``changed`` (bool). None where nobody looked.
    people_by_zone
        Index ``zone_id``: ``stated`` (people of the zone table), ``source`` (people of
        a raster or of villages, before scaling), ``factor``, ``people`` (at the demand
        points). None where the area was not read from files.
    joins
        What was joined to the sites by code, by name or by zone, in the order of the
        register: columns ``site_id``, ``name``, ``joined`` (``place`` or ``zone``),
        ``value``, ``matched_to``, ``matched_name``, ``by``, ``confidence`` (0 to 1),
        ``location_basis``, ``open`` (``ambiguous``, ``shared``, ``refused`` or empty),
        ``candidates``. None where nothing was.
    """

    name: str
    zones: gpd.GeoDataFrame
    counties: gpd.GeoDataFrame
    sites: pd.DataFrame
    demand: pd.DataFrame
    costs: pd.DataFrame | None
    notes: tuple[Text, ...] = ()
    repairs: pd.DataFrame | None = None
    people_by_zone: pd.DataFrame | None = None
    joins: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Hold the invariants that every layer above relies on.

        Raises
        ------
        ValueError
            When an index is unsorted or repeated, or a reference leads nowhere: a bug
            in a reader, since readers report such input as findings.
        """
        for name in ("zones", "counties", "sites", "demand"):
            index = getattr(self, name).index
            if not (index.is_unique and index.is_monotonic_increasing):
                message = f"{name} must be indexed by sorted unique ids"
                raise ValueError(message)
        references = (
            ("zones", self.zones["county_id"], self.counties.index),
            ("sites", self.sites["zone_id"], self.zones.index),
            ("demand", self.demand["zone_id"], self.zones.index),
        )
        for name, column, target in references:
            if not column.isin(target).all():
                message = f"{name} refer to units that are not in the area"
                raise ValueError(message)

    @property
    def people(self) -> int:
        """People at all demand points."""
        return int(self.demand["people"].sum())
