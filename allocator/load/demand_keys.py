"""The keys of ``[demand]`` that hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.load.brief import DemandSection
    from allocator.load.remarks import Remarks

OTHER = "other"  # the key for counties that are not named
WITH_FILE = ("points", "raster")
# Which sources each key says anything to.
SOURCES_OF = {
    "file": WITH_FILE,
    "scale": WITH_FILE,
    "cell_m": ("grid", "raster"),
    "band": ("raster",),
    "units": ("raster",),
    "nodata": ("raster",),
}


def check_demand(section: DemandSection, remarks: Remarks) -> None:
    """Report keys of ``[demand]`` that are missing, or say nothing to the source."""
    source = section.source
    if source in WITH_FILE and section.file is None:
        need_file("demand.file", f"source = {source}", remarks)
    idle = [
        key
        for key, sources in SOURCES_OF.items()
        if key in section.model_fields_set and source not in sources
    ]
    if idle:
        remarks.warning(
            "key-unused",
            Text(
                f"source = {source} 时不起作用", f"says nothing with source = {source}"
            ),
            column=", ".join(f"demand.{key}" for key in idle),
            remedy=Text("删去, 或改 source", "remove it, or change source"),
        )
    if section.growth_yearly_percent is not None and section.population_year is None:
        remarks.error(
            "key-missing",
            Text(
                "写了 growth_yearly_percent 就要写人口的年份",
                "with growth_yearly_percent, the year of the population is needed",
            ),
            column="demand.population_year",
            remedy=Text(
                "如 population_year = 2020", "write population_year = 2020, say"
            ),
        )


def need_file(column: str, why: str, remarks: Remarks) -> None:
    """Report that a file is needed."""
    remarks.error(
        "key-missing",
        Text(f"{why} 时必须给出文件", f"a file is needed with {why}"),
        column=column,
        remedy=Text(f"写明 {column}", f"state {column}"),
    )
