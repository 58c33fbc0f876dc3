"""The folder of a study of scenarios: tables, plans and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator import export, maps
from allocator.compare import Side, compare, place_of, sites_of
from allocator.errors import Text
from allocator.pipeline.planning import write_outcome
from allocator.progress import SILENT
from allocator.scenarios import (
    NOMINAL,
    PLAN_WORDS,
    REGRET,
    WORST,
    changes_table,
    critical_table,
    scenario_records,
    scenario_table,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.progress import Progress
    from allocator.scenarios import ScenarioReport

MARKER = "scenarios.json"  # what shows a folder to be one of scenarios
_FOLDERS = {NOMINAL.name: "nominal", WORST: "robust", REGRET: "regret"}
_MAPS = {WORST: "changes", REGRET: "changes_regret"}


def write_scenarios(
    report: ScenarioReport,
    target: Path,
    *,
    force: bool,
    progress: Progress = SILENT,
) -> None:
    """Write the folder of a study, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force, marker=MARKER) as folder:
        progress.step(Text("写出情景表", "writing tables"))
        export.write_csv(scenario_table(report), folder / "scenarios.csv")
        export.write_csv(critical_table(report), folder / "critical.csv")
        export.write_csv(changes_table(report), folder / "changes.csv")
        export.write_json(scenario_records(report), folder / MARKER)
        for held in report.plans:
            if held.outcome is None:
                continue
            words = PLAN_WORDS[held.kind]
            progress.step(Text(f"写出{words.zh}", f"writing the {words.en}"))
            write_outcome(held.outcome, folder / _FOLDERS[held.kind], force=False)
        for kind, name in _MAPS.items():
            _draw_changes(report, kind, folder / name)


def _draw_changes(report: ScenarioReport, kind: str, stem: Path) -> None:
    """Draw the sites of a robust plan that differ from the nominal one."""
    nominal, robust = report.held(NOMINAL.name), report.held(kind)
    if nominal is None or robust is None:
        return
    if nominal.outcome is None or robust.outcome is None:
        return
    before, after = (
        Side(
            PLAN_WORDS[held.kind].say(report.language),
            outcome.plan,
            sites_of(outcome.area),
            export.audit_records(outcome.audit, report.language),
            outcome.certificate,
        )
        for held, outcome in ((nominal, nominal.outcome), (robust, robust.outcome))
    )
    place = place_of(
        report.area,
        {
            **{s.id: s.name for s in report.policy.services.values()},
            **{r.id: r.name for r in report.policy.resources.values()},
        },
        language=report.language,
        map_approval=nominal.outcome.map_approval,
    )
    comparison = compare(place, before, after)
    maps.draw_comparison(comparison, stem.with_suffix(".png"))
    maps.write_comparison_html(comparison, stem.with_suffix(".html"))
