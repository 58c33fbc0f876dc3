"""The run in order: what the command line and notebooks call.

task = read_task(Path("brief.toml"))
outcome = make_plan(task)
write_outcome(outcome, Path("run"), force=False)
"""

from allocator.pipeline.alternatives import (
    NearBest,
    find_alternatives,
    write_alternatives,
)
from allocator.pipeline.applying import Writing, apply_run
from allocator.pipeline.clauses import ClauseReason, explain_rule
from allocator.pipeline.cleaning import refuse_cleaned, write_cleaned
from allocator.pipeline.comparing import compare_runs, write_comparison
from allocator.pipeline.deciding import Review
from allocator.pipeline.drawing import draw_run, unknown_figure
from allocator.pipeline.explaining import explain_task
from allocator.pipeline.fairness import price_of_fairness, write_fairness
from allocator.pipeline.frontiers import (
    FrontierRequest,
    find_frontier,
    write_frontier,
)
from allocator.pipeline.history import read_history
from allocator.pipeline.merging import merge_reviews, write_merged
from allocator.pipeline.planning import PARTS, Shown, make_plan, write_outcome
from allocator.pipeline.pricing import price_decisions
from allocator.pipeline.reasons import (
    Reason,
    Reasons,
    explain_site,
    explain_sites,
    reasons_table,
    write_reasons,
)
from allocator.pipeline.runs import (
    access_run,
    access_today,
    audit_run,
    audit_today,
    read_run,
)
from allocator.pipeline.scenario_folder import write_scenarios
from allocator.pipeline.scenarios import study_scenarios
from allocator.pipeline.splitting import Labour, plan_in_parts
from allocator.pipeline.starting import Workspace, doubts, start_workspace
from allocator.pipeline.task import Task, check_task, read_task
from allocator.pipeline.verifying import verify_run

__all__ = [
    "PARTS",
    "ClauseReason",
    "FrontierRequest",
    "Labour",
    "NearBest",
    "Reason",
    "Reasons",
    "Review",
    "Shown",
    "Task",
    "Workspace",
    "Writing",
    "access_run",
    "access_today",
    "apply_run",
    "audit_run",
    "audit_today",
    "check_task",
    "compare_runs",
    "doubts",
    "draw_run",
    "explain_rule",
    "explain_site",
    "explain_sites",
    "explain_task",
    "find_alternatives",
    "find_frontier",
    "make_plan",
    "merge_reviews",
    "plan_in_parts",
    "price_decisions",
    "price_of_fairness",
    "read_history",
    "read_run",
    "read_task",
    "reasons_table",
    "refuse_cleaned",
    "start_workspace",
    "study_scenarios",
    "unknown_figure",
    "verify_run",
    "write_alternatives",
    "write_cleaned",
    "write_comparison",
    "write_fairness",
    "write_frontier",
    "write_merged",
    "write_outcome",
    "write_reasons",
    "write_scenarios",
]
