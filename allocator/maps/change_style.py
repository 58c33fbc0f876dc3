"""How gained and lost minutes are coloured, and what a map of changes shows.

Gains are blue, losses red (ColorBrewer "RdBu", colorbrewer2.org, Apache-2.0: safe for
colour-blind readers). In grey both ends look alike, so losses are hatched as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.compare import ALL_SERVICES, SAME_MINUTES
from allocator.errors import Text
from allocator.maps.style import MOST_DRAWN, MOST_OWN_POINTS, Symbol, symbols_of
from allocator.policy import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.compare import Comparison
    from allocator.errors import Language

# From the largest gain to the largest loss; without the darkest steps, so that symbols
# stand out.
GAIN_COLOURS = ("#4393c3", "#92c5de", "#d1e5f0")
SAME_COLOUR = "#f7f7f7"
LOSS_COLOURS = ("#fddbc7", "#f4a582", "#d6604d")
CHANGE_COLOURS = (*GAIN_COLOURS, SAME_COLOUR, *LOSS_COLOURS)
NO_COLOUR = "#ffffff"  # nobody can be compared
HATCH_COLOUR = "#7f2a1d"
NEWLY_COLOUR, LEFT_COLOUR = "#0b3d63", "#7f2a1d"
DRAWN_CHANGES = ("moved", "opened", "dropped")
# How a change is drawn, as in a plan's placements: filled, or crossed out.
ACTION_OF = {"opened": "build", "dropped": "close", "moved": "build"}
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)  # minutes, easy to read


def change_breaks(changes: Sequence[float]) -> tuple[float, float]:
    """Return where the second and the third class of a gain or a loss begin, minutes.

    About a third of the zones that change fall into each, rounded to 1, 2 or 5.

    Parameters
    ----------
    changes
        Mean minutes after less before, of each zone; NaN counts as nothing.
    """
    sizes = np.abs(np.asarray(changes, dtype=float))
    sizes = sizes[np.isfinite(sizes) & (sizes > SAME_MINUTES)]
    if not len(sizes):
        return _STEPS[3], _STEPS[4]
    low, high = (_step(float(v)) for v in np.quantile(sizes, [1 / 3, 2 / 3]))
    return _STEPS[low], _STEPS[min(max(high, low + 1), len(_STEPS) - 1)]


def _step(minutes: float) -> int:
    """Return the place of the nearest step by ratio, at most the last but one."""
    ratios = [abs(np.log(minutes / step)) for step in _STEPS[:-1]]
    return int(np.argmin(ratios))


def change_class(change: float, breaks: tuple[float, float]) -> int | None:
    """Return the class of a change: 0 the largest gain, 3 none, 6 the largest loss.

    Parameters
    ----------
    change
        Mean minutes after less before; NaN: None, nobody is compared.
    breaks
        From `change_breaks`.
    """
    if not np.isfinite(change):
        return None
    size = abs(change)
    if size <= SAME_MINUTES:
        return 3
    level = 1 + int(size >= breaks[0]) + int(size >= breaks[1])
    return 3 + level if change > 0 else 3 - level


def class_words(breaks: tuple[float, float]) -> list[str]:
    """Return the legend's words for the seven classes: minutes gained, none, lost."""
    low, high = (f"{value:g}" for value in breaks)
    gains = [f"≥ {high}", f"{low} – {high}", f"< {low}"]
    return [*gains, "0", *reversed(gains)]


def zone_changes(comparison: Comparison, service: str = ALL_SERVICES) -> pd.DataFrame:
    """Return the rows of ``Comparison.zones`` for a service, one for every zone."""
    rows = comparison.zones[comparison.zones["service"] == service]
    return rows.set_index("zone_id").reindex(comparison.place.zones.index)


def change_symbols(comparison: Comparison) -> dict[str, Symbol]:
    """Return the symbol of every service that opened, was dropped or moved."""
    rows = comparison.placements
    changed = set(rows.loc[rows["change"].isin(DRAWN_CHANGES), "service"])
    drawn = drawn_changes(comparison)
    names = comparison.place.services
    order = sorted(changed, key=[*names, *sorted(changed)].index)
    order.sort(key=lambda service: service not in drawn)
    return symbols_of([Service(id=s, name=names.get(s, s)) for s in order])


def drawn_changes(comparison: Comparison) -> tuple[str, ...]:
    """Return the services whose changes a map can hold as points, in their order."""
    rows = comparison.placements
    rows = rows[rows["change"].isin(DRAWN_CHANGES) & rows["lon"].notna()]
    counts = rows["service"].value_counts()
    few = [str(s) for s in counts.index if counts[s] <= MOST_OWN_POINTS]
    return tuple(few[:MOST_DRAWN])


def change_heading(comparison: Comparison) -> str:
    """Return the title of a map or page of changes."""
    name, language = comparison.place.name, comparison.place.language
    return Text(f"{name}: 方案比较", f"{name}: two plans compared").say(language)


def change_subtitle(comparison: Comparison) -> str:
    """Return the comparison in one line."""
    counts = [comparison.count(c) for c in ("opened", "dropped", "moved", "changed")]
    pair = f"{comparison.before.label} → {comparison.after.label}"
    whole = comparison.services.loc[ALL_SERVICES]
    gain, lose = whole["people_gain"], whole["people_lose"]
    capital = next(
        (f for f in comparison.figures if (f.kind, f.name) == ("total", "capital_wan")),
        None,
    )
    difference = capital.difference if capital is not None else None
    money = Text("", "")
    if difference is not None:
        money = Text(
            f" · 投资 {difference:+,.0f} 万元",
            f" · capital {difference:+,.0f} × 10,000 yuan",
        )
    return Text(
        f"{pair} · 新增 {counts[0]} 项 · 取消 {counts[1]} 项 · 移位 {counts[2]} 项 · "
        f"变更 {counts[3]} 项{money.zh} · "
        f"变近 {gain:,.0f} 人次 · 变远 {lose:,.0f} 人次",
        f"{pair} · {counts[0]} opened · {counts[1]} dropped · {counts[2]} moved · "
        f"{counts[3]} changed{money.en} · nearer for {gain:,.0f}, farther for "
        f"{lose:,.0f} trips",
    ).say(comparison.place.language)


def served_words(language: Language) -> tuple[str, str]:
    """Return what the signs for people newly and no longer served mean."""
    newly = Text("有人新获得服务", "people newly served")
    left = Text("有人不再获得服务", "people no longer served")
    return newly.say(language), left.say(language)
