"""The content of ``run.json``: what was found, and what was proven."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allocator.audit import (
    AuditRow,
    Facts,
    totals,
)
from allocator.load import (
    Brief,
    inputs,
)
from allocator.policy import Coverage, pack_path
from allocator.policy.equity import EQUITY_OBJECTIVES
from allocator.provenance import versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from allocator.networks import GroupResult
    from allocator.pipeline.deciding import Reviewed
    from allocator.pipeline.task import Task
    from allocator.policy import Policy
    from allocator.policy.terms import Phase, Terms
    from allocator.solve import Solution


def certificate(
    task: Task,
    size: Mapping[str, int | str],
    solution: Solution,
    *,
    audited: Sequence[tuple[Facts, tuple[AuditRow, ...]]],
    gaps: Sequence[AuditRow],
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Return the content of ``run.json``; ``size`` is that of the program."""
    facts, rows = audited[-1]
    verdicts = [str(row.verdict) for row in rows]
    brief, terms = task.brief, task.terms
    return {
        "name": brief.name,
        "status": solution.status,
        **({"best_effort": True, "gaps": _gap_records(gaps)} if gaps else {}),
        "objectives": stage_records(solution),
        "totals": totals(facts),
        "audit": {
            verdict: verdicts.count(verdict)
            for verdict in ("met", "not_met", "undecidable", "tracked")
        },
        "terms": {
            "capital_wan": terms.capital_wan,
            "yearly_wan": terms.yearly_wan,
            "total_capital_wan": terms.total_capital_wan,
            "year": terms.year,
            "split": terms.split,
            "closing": sorted(terms.closing),
            "objective": list(terms.objective),
            **_tilts(terms),
            **_equity(terms),
            "time_limit_s": brief.solver.time_limit_s,
            "gap": brief.solver.gap,
        },
        "demand": _settings(brief.demand),
        "travel": {
            **_settings(brief.travel),
            "note": {"zh": task.travel.note.zh, "en": task.travel.note.en},
        },
        "phases": [
            _phase_figures(phase, facts, rows)
            for phase, (facts, rows) in zip(task.phases, audited, strict=True)
            if len(task.phases) > 1
        ],
        **_shown(task),
        "model": {
            **size,
            "demand_points": len(task.area.demand),
            "sites": len(task.area.sites),
            "pairs": len(task.travel.pairs),
        },
        **_travel(task),
        **_review(task.reviewed),
        "solver": solution.solver,
        "versions": versions(),
        "brief": brief.path.name,
        "inputs": list(task.inputs),
        "seconds": round(sum(seconds.values()), 3),
        "times": {
            **{name: round(value, 3) for name, value in seconds.items()},
            "objectives": {s.name: round(s.seconds, 3) for s in solution.stages},
            **_kept(task),
        },
    }


def _travel(task: Task) -> dict[str, Any]:
    """Return how each service is reached, in both languages."""
    ways = {"": task.travel, **task.travel.services}
    return {
        "travel": {
            name or "default": {
                "method": one.method,
                "zh": one.note.zh,
                "en": one.note.en,
                "pairs": len(one.pairs),
            }
            for name, one in ways.items()
        }
    }


def _kept(task: Task) -> dict[str, Any]:
    """Return of which files the journeys were kept from an earlier run."""
    files = sorted({f.table for f in task.findings if f.code == "cache-used"})
    return {"travel_kept": files} if files else {}


def _review(reviewed: Reviewed) -> dict[str, Any]:
    """Return which run was reviewed, and what was decided; nothing without a review."""
    found: dict[str, Any] = {}
    previous = reviewed.previous
    if previous is not None:
        found["parent"] = {
            "folder": previous.folder,
            "run_sha256": previous.run_sha256,
        }
    if reviewed.file is not None:
        verdicts = [str(decision.verdict) for decision in reviewed.decisions]
        found["decisions"] = {v: verdicts.count(v) for v in dict.fromkeys(verdicts)}
    return found


def _settings(section: BaseModel) -> dict[str, Any]:
    """Return what a section of the brief says, with its defaults."""
    return {
        name: value
        for name, value in section.model_dump().items()
        if isinstance(value, str | bool | int | float)
    }


def _tilts(terms: Terms) -> dict[str, Any]:
    """Return where resources were to go first, where the brief says so."""
    if not terms.tilts:
        return {}
    return {
        "tilt": [
            {"resource": tilt.resource, "weights": dict(sorted(tilt.weights.items()))}
            for tilt in terms.tilts
        ]
    }


def _gap_records(gaps: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """Return what a plan by best effort does not keep."""
    return [
        {
            "rule_id": row.rule_id,
            "unit_id": row.unit_id,
            "unit": row.unit,
            "quote": row.quote,
            "required": row.required.zh,
            "gap": row.gap.zh,
            "missing": row.missing,
        }
        for row in gaps
    ]


def _shown(task: Task) -> dict[str, Any]:
    """Return what must stand wherever the run is shown again, from its folder."""
    return {
        "language": task.brief.language,
        "crs": task.brief.crs.sites or task.brief.area.crs or "",
        "map_approval": task.brief.map_approval or "",
        "notes": [{"zh": note.zh, "en": note.en} for note in task.area.notes],
        "services": {s.id: s.name for s in task.policy.services.values()},
        "drawn": drawn_policy(task.policy),
    }


_REACH_KEYS = (
    "id",
    "clause",
    "quote",
    "service",
    "share",
    "within_minutes",
    "within_km",
    "urban_minutes",
    "rural_minutes",
    "urban_km",
    "rural_km",
)


def drawn_policy(policy: Policy) -> dict[str, Any]:
    """Return what maps need of a policy when a run folder is read back."""
    return {
        "serving": [s.id for s in policy.services.values() if s.serves is not None],
        "coverage": [
            {
                key: value
                for key in _REACH_KEYS
                if (value := getattr(rule, key)) is not None
            }
            for rule in policy.rules
            if isinstance(rule, Coverage)
        ],
        "networks": [
            {"id": network.id, "name": network.name, "above": network.above}
            for network in policy.networks.values()
        ],
    }


def stage_records(solution: Solution) -> list[dict[str, Any]]:
    """Return what was found and proved for every objective, in order."""
    return [
        {
            "name": stage.name,
            "value": stage.value,
            "bound": stage.bound,
            "gap": stage.gap,
            "status": stage.status,
            "stopped_by": stage.stopped_by,
        }
        for stage in solution.stages
    ]


def _equity(terms: Terms) -> dict[str, Any]:
    """Return how inequality was weighed, where any objective weighs it."""
    if not set(terms.objective) & set(EQUITY_OBJECTIVES):
        return {}
    return {"equity": asdict(terms.equity)}


def _phase_figures(
    phase: Phase, facts: Facts, rows: tuple[AuditRow, ...]
) -> dict[str, Any]:
    """Return what a phase costs by itself, and what is reached once it is done."""
    placements = facts.plan.placements
    own = placements[placements["phase"] == phase.terms.year]
    amounts = facts.plan.allocations
    bought = amounts[amounts["phase"] == phase.terms.year]
    new = own["action"].isin(["build", "upgrade"])
    verdicts = [str(row.verdict) for row in rows]
    return {
        "year": phase.terms.year,
        "budget_wan": phase.terms.capital_wan,
        "capital_wan": float(own["capital_wan"].sum() + bought["capital_wan"].sum()),
        "new_placements": int(new.sum()),
        "totals": totals(facts),
        "not_met": verdicts.count("not_met"),
    }


def input_files(brief: Brief) -> list[Path]:
    """Return the brief and every file that it names."""
    files = [brief.path, *inputs(brief)]
    for name in brief.policy.packs:
        path, _ = pack_path(name, brief.folder)
        if path is not None:
            files.append(path)
    return files


def group_figures(formed: GroupResult | None) -> dict[str, Any]:
    """Return what was proven of the groups, for the certificate."""
    if formed is None:
        return {}
    return {
        "networks": [
            {
                "network": one.network,
                "county_id": one.county_id,
                "status": one.status,
                "groups": one.groups,
                "person_minutes": one.value,
                "bound": one.bound,
                "gap": one.gap,
                "balance": one.balance,
                "balance_asked": one.asked,
                "balance_found": one.deviation,
            }
            for one in formed.formed
        ]
    }
