"""What if the numbers are wrong: plans under scenarios, robust plans, critical sites.

Frozen results; nothing is printed, drawn or written here.
"""

from allocator.scenarios.copies import Copies, Weighed
from allocator.scenarios.definitions import (
    NOMINAL,
    Factors,
    Scenario,
    default_scenarios,
)
from allocator.scenarios.evaluate import (
    Evaluation,
    evaluate,
    refuse_broken_promise,
)
from allocator.scenarios.figures import World, placed_under, plan_in_year, under
from allocator.scenarios.outage import (
    Backup,
    Critical,
    backups,
    decided_services,
    rank_outages,
)
from allocator.scenarios.reassign import reassigned
from allocator.scenarios.report import (
    GIVEN,
    PLAN_WORDS,
    STATE_WORDS,
    Held,
    Proof,
    ScenarioReport,
)
from allocator.scenarios.robust import REGRET, WORST, Best, Choice, Search
from allocator.scenarios.tables import (
    changes,
    changes_table,
    critical_table,
    price_of,
    scenario_records,
    scenario_table,
    state_of,
)

__all__ = [
    "GIVEN",
    "NOMINAL",
    "PLAN_WORDS",
    "REGRET",
    "STATE_WORDS",
    "WORST",
    "Backup",
    "Best",
    "Choice",
    "Copies",
    "Critical",
    "Evaluation",
    "Factors",
    "Held",
    "Proof",
    "Scenario",
    "ScenarioReport",
    "Search",
    "Weighed",
    "World",
    "backups",
    "changes",
    "changes_table",
    "critical_table",
    "decided_services",
    "default_scenarios",
    "evaluate",
    "placed_under",
    "plan_in_year",
    "price_of",
    "rank_outages",
    "reassigned",
    "refuse_broken_promise",
    "scenario_records",
    "scenario_table",
    "state_of",
    "under",
]
