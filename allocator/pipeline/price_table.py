"""The prices of decisions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.pipeline.pricing import service_names, site_name

if TYPE_CHECKING:
    from allocator.pipeline.price_search import Price
    from allocator.pipeline.pricing import Prices

PRICE_COLUMNS = (
    "site_id",
    "name",
    "service",
    "service_name",
    "verdict",
    "reviewer",
    "result",
    "people_in_reach_more",
    "capital_wan_more",
    "yearly_wan_more",
    "person_minutes_more",
    "objective",
    "worse_by",
    "at_least",
    "at_most",
    "substitutes",
    "substitute_km",
    "people_then",
    "drop_out",
    "come_in",
    "seconds",
)


def price_table(found: Prices) -> pd.DataFrame:
    """Return one row a decision; the last, without a site, is of all together.

    Services of one site that move together are one row, ``;`` between them.

    ``..._more`` are totals of the plan found less those of the plan reviewed.
    ``objective`` is the first that is worse, ``worse_by`` what was found, ``at_least``
    and ``at_most`` what was proved of the best possible.
    """
    rows = [_row(found, price) for price in found.prices]
    return pd.DataFrame(rows, columns=list(PRICE_COLUMNS))


def _row(found: Prices, price: Price) -> dict[str, object]:
    task = found.planned.task
    row: dict[str, object] = {
        "site_id": "",
        "service": "",
        "verdict": "all",
        "result": price.result,
        "seconds": round(price.seconds, 3),
    }
    if not price.all_together:
        first, names = price.decisions[0], service_names(task, price.decisions)
        row |= {
            "site_id": first.site_id,
            "name": site_name(task, first),
            "service": ";".join(d.service for d in price.decisions),
            "service_name": ";".join(names),
            "verdict": str(first.verdict),
            "reviewer": first.reviewer,
        }
    if price.more is not None:
        row["people_in_reach_more"] = round(price.more["covered_people"], 4)
        for name in ("capital_wan", "yearly_wan", "person_minutes"):
            row[f"{name}_more"] = round(price.more[name], 4)
    if price.found is not None:
        worst = price.found.first
        if worst is not None:
            row |= {
                "objective": worst.name,
                "worse_by": worst.change,
                "at_least": worst.at_least,
                "at_most": worst.at_most,
            }
        row["drop_out"] = ";".join(f"{s}:{k}" for s, k in price.found.lost)
        row["come_in"] = ";".join(f"{s}:{k}" for s, k in price.found.gained)
    if price.reason is not None:
        row |= {
            "substitutes": ";".join(s for s, _ in price.reason.substitutes),
            "substitute_km": ";".join(
                f"{km:.1f}" for _, km in price.reason.substitutes
            ),
            "people_then": ";".join(
                f"{s or '-'}:{n:.0f}" for s, n in price.reason.then
            ),
        }
    return row
