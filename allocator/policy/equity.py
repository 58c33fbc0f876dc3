"""What fairness is measured by: names, words and settings, as data.

Builder and audit both read these; neither computes anything here.
"""

from __future__ import annotations

from dataclasses import dataclass

from allocator.errors import Text

# Each is minimised but for county_coverage_leximin. The two leximin objectives are one
# stage a county, called <name>_1 (the worst-served county), <name>_2 and so on.
COUNTY_COVERAGE = "county_coverage_leximin"
COUNTY_MINUTES = "county_minutes_leximin"
KOLM_POLLAK = "kolm_pollak"
WORST_TAIL = "worst_tail_minutes"
EQUITY_OBJECTIVES = {
    COUNTY_COVERAGE: Text(
        "县区覆盖率, 从最差县区起逐县最大化",
        "coverage of counties, the worst-served first",
    ),
    COUNTY_MINUTES: Text(
        "县区平均分钟, 从最差县区起逐县最小化",
        "mean minutes of counties, the worst-served first",
    ),
    KOLM_POLLAK: Text(
        "公平等价分钟 (Kolm-Pollak)", "equally-distributed equivalent minutes"
    ),
    WORST_TAIL: Text("最远人群的平均分钟", "mean minutes of the worst-served people"),
}
LEXIMIN = (COUNTY_COVERAGE, COUNTY_MINUTES)

# Most studies of amenities take -1 and vary it from -0.5 to -2.
# Source: Logan et al. 2021, Computers, Environment and Urban Systems 86, 101590.
DEFAULT_AVERSION = -1.0
DEFAULT_TAIL_SHARE = 0.1  # the worst-served tenth: what a P90 leaves out


@dataclass(frozen=True, kw_only=True)
class Equity:
    """How inequality of travel is weighed in one task.

    Parameters
    ----------
    kappa
        Weight of inequality in the Kolm-Pollak measure, 1/minute, < 0: the aversion of
        the brief times the alpha of the reference distribution.
    unserved_minutes
        What people served nowhere are taken to travel, minutes, one way: the travel
        cut-off, and no less than any journey that can be made.
    tail_share
        The share of people who are the worst-served, above 0, at most 1.
    """

    kappa: float = -0.1
    unserved_minutes: float = 60.0
    tail_share: float = DEFAULT_TAIL_SHARE


def leximin_rank(stage: str) -> tuple[str, int] | None:
    """Return (objective, k) of the stage of the k-th worst county; None for others."""
    name, _, number = stage.rpartition("_")
    return (name, int(number)) if name in LEXIMIN and number.isdigit() else None


def equity_words(stage: str) -> Text | None:
    """Return a stage in words; None when it is not one of these."""
    ranked = leximin_rank(stage)
    if ranked is None:
        return EQUITY_OBJECTIVES.get(stage)
    name, k = ranked
    if name == COUNTY_COVERAGE:
        return Text(f"第 {k} 差县区的覆盖率", f"coverage of county {k} from the worst")
    return Text(
        f"第 {k} 差县区的平均分钟", f"mean minutes of county {k} from the worst"
    )
