"""The brief: the planner's task, from one TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from allocator.errors import Finding, Text, errors_in
from allocator.load.demand_keys import OTHER, check_demand
from allocator.load.remarks import Remarks
from allocator.load.scenario import ScenarioSection, check_scenarios
from allocator.load.travel_section import (
    DEFAULT_MINUTES,
    ServiceTravelSection,
    TravelSection,
    check_ways,
)
from allocator.schema import BilingualError, findings_from, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from allocator.errors import Language

type Objective = Literal[
    "uncovered_people",
    "person_minutes",
    "worst_county_coverage",
    "max_minutes",
    "capital_wan",
    "yearly_wan",
    "sites",
    "scores",
    "amounts_elsewhere",
    "changes",
    "county_coverage_leximin",
    "county_minutes_leximin",
    "kolm_pollak",
    "worst_tail_minutes",
]
type Word = Annotated[str, Field(min_length=1)]
type Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
type Whole = Annotated[int, Field(strict=True)]
type Year = Annotated[int, Field(strict=True, ge=1949, le=2200)]
# No county of China has grown or shrunk faster in any year of a census decade.
type Percent = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-20, le=20)]

# Studies vary the aversion to inequality from -0.5 to -2 (Logan et al. 2021); far
# below, the longest trip alone decides, and its weight leaves the range of a solver.
LEAST_AVERSION = -10.0

# Sections that may stand several times: [[phase]].
_LISTS = ("phase", "score", "tilt", "scenario")
# Joins that are less certain than this are offered and not made.
LEAST_CONFIDENCE = 0.85


class _Section(BaseModel):
    """A section of the brief: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(_Section):
    """``[brief]``: what the plan is called and how it speaks."""

    name: Word
    language: Literal["zh", "en"] = "zh"
    map_approval: Word | None = None
    notes: tuple[Word, ...] = ()
    notes_en: tuple[Word, ...] = ()


class AreaSection(_Section):
    """``[area]``: the files of the planning area, as written in the brief.

    ``locations`` tells where the sites are that the register gives no coordinates for;
    ``join_confidence`` is what a join by name must reach, 0.5 to 1.
    """

    zones: Word
    sites: Word
    counties: Word | None = None
    costs: Word | None = None
    crs: Word | None = None
    # What is above these is refused; see `allocator.load.repairs.Limits`.
    most_overlap_share: Annotated[Number, Field(ge=0, le=1)] = 0.01
    most_repair_share: Annotated[Number, Field(ge=0, le=1)] = 0.05
    most_outside_share: Annotated[Number, Field(ge=0, le=1)] = 0.5
    gap_m2: Annotated[Number, Field(ge=0)] = 10_000.0
    gap_width_m: Annotated[Number, Field(ge=0, le=1000)] = 20.0
    locations: Word | None = None
    aliases: Word | None = None
    join_confidence: Annotated[Number, Field(ge=0.5, le=1)] = LEAST_CONFIDENCE


class CrsSection(_Section):
    """``[crs]``: the coordinate system of single files, whatever they say themselves.

    Names as for ``[area] crs``, which holds for files that state none.
    """

    zones: Word | None = None
    counties: Word | None = None
    sites: Word | None = None
    demand: Word | None = None
    locations: Word | None = None
    roads: Word | None = None
    raster: Word | None = None


def _by_county(percent: object) -> object:
    """Take one figure as that of every county."""
    if isinstance(percent, (int, float)) and not isinstance(percent, bool):
        return {OTHER: float(percent)}
    if not isinstance(percent, dict):
        raise BilingualError(
            "应为每年增长的百分数, 或按县区代码分列",
            "must be per cent a year, or one for each county id",
            Text(
                '如 0.8, 或 { "360102" = 1.2, other = 0.5 }',
                'write 0.8, or { "360102" = 1.2, other = 0.5 }',
            ),
        )
    return percent


class DemandSection(_Section):
    """``[demand]``: where people are taken to be.

    ``scale`` None is the usual way of the source: yes for a raster, no for points.
    ``growth_yearly_percent`` is one figure, or one by county id.
    """

    source: Literal["zones", "points", "grid", "raster"] = "zones"
    file: Word | None = None
    cell_m: Annotated[Number, Field(ge=100, le=10_000)] = 1000.0
    split: Annotated[bool, Field(strict=True)] = True
    scale: Annotated[bool, Field(strict=True)] | None = None
    band: Annotated[Whole, Field(ge=1)] = 1
    units: Literal["people", "per_km2"] = "people"
    nodata: Number | None = None
    growth_yearly_percent: (
        Annotated[dict[Word, Percent], BeforeValidator(_by_county)] | None
    ) = None
    population_year: Year | None = None


class PolicySection(_Section):
    """``[policy]``: which packs bind, with which parameters.

    ``packs`` are bundled ids or paths, as written; ``closing`` names the services
    whose holders of today may be given up.
    """

    packs: Annotated[tuple[Word, ...], Field(min_length=1)]
    parameters: dict[str, Number] = {}
    closing: tuple[Word, ...] = ()


class BudgetSection(_Section):
    """``[budget]``: what may be spent, 万元; None is no limit."""

    capital_wan: Number | None = None
    yearly_wan: Number | None = None


class PhaseSection(BudgetSection):
    """``[[phase]]``: one year of the plan and its own budget."""

    year: Annotated[Whole, Field(ge=1949, le=2200)]


class ObjectiveSection(_Section):
    """``[objective]``: what is optimised, in order; None leaves it to the packs.

    ``aversion`` is that of ``kolm_pollak`` to inequality, ``tail_share`` the share of
    people whom ``worst_tail_minutes`` is about; None is the usual value.
    """

    order: tuple[Objective, ...] | None = None
    aversion: Annotated[Number, Field(lt=0, ge=LEAST_AVERSION)] | None = None
    tail_share: Annotated[Number, Field(gt=0, le=1)] | None = None


class ScoreSection(_Section):
    """``[[score]]``: how the sites of a service are scored, to choose among equals."""

    service: Word
    weights: dict[
        Literal["people", "distance", "beds", "level"], Annotated[Number, Field(ge=0)]
    ]
    within_minutes: Annotated[Number, Field(gt=0)] = 30.0
    hospital_class: tuple[Word, ...] = ("A100",)
    hospital_level: Annotated[Whole, Field(ge=1, le=3)] = 2


class ExplainSection(_Section):
    """``[explain]``: what may give way when not every clause can be kept.

    ``give_way`` names rules, ``budget``, ``serves:<service>`` or ``locked``, the most
    willing first.
    """

    give_way: tuple[Word, ...] = ()


class TiltSection(_Section):
    """``[[tilt]]``: the classes of site that a resource is to go to first."""

    resource: Word
    weights: dict[Word, Annotated[Number, Field(ge=0, le=1)]]


class ReportSection(_Section):
    """``[report]``: a folder with templates that replace those of the report."""

    templates: Word | None = None


class SplitSection(_Section):
    """``[split]``: planning counties apart, which share budgets and totals.

    ``borders`` says what is done about journeys over county borders: ``refuse`` the
    task where any counts, ``closed`` lets none count, ``joined`` plans counties that
    are tied by one together.
    """

    by: Literal["county"] = "county"
    borders: Literal["refuse", "closed", "joined"] = "refuse"


class SolverSection(_Section):
    """``[solver]``: how long and how exactly to solve."""

    time_limit_s: Annotated[Number, Field(gt=0)] = 300.0
    gap: Annotated[Number, Field(ge=0)] = 1e-4
    threads: Annotated[Whole, Field(ge=1)] | None = None


class _Document(_Section):
    """The whole TOML file."""

    brief: About
    area: AreaSection
    crs: CrsSection = CrsSection()
    demand: DemandSection = DemandSection()
    travel: TravelSection = TravelSection()
    policy: PolicySection
    budget: BudgetSection = BudgetSection()
    phase: tuple[PhaseSection, ...] = ()
    score: tuple[ScoreSection, ...] = ()
    tilt: tuple[TiltSection, ...] = ()
    scenario: tuple[ScenarioSection, ...] = ()
    objective: ObjectiveSection = ObjectiveSection()
    explain: ExplainSection = ExplainSection()
    report: ReportSection = ReportSection()
    split: SplitSection | None = None
    solver: SolverSection = SolverSection()


@dataclass(frozen=True)
class Brief:
    """The planner's task: which files, which packs, which budget, which objective.

    Parameters
    ----------
    path
        The brief's own file.
    name
        Name of the plan.
    language
        Language of reports, maps and messages.
    map_approval
        The 审图号 of the maps, or None: maps then say 示意图.
    notes
        Assumptions to be shown wherever results are shown.
    area, crs, demand, travel, policy, objective, explain, report, solver
        The sections, with their defaults filled in.
    split
        How the task is planned in parts; None: as one.
    budget
        What all phases together may cost, 万元; None is no limit.
    phases
        In the order of years, with the budget of each; empty where the brief names
        none.
    scores
        How sites are scored, by service.
    tilts
        Where resources are to go first.
    scenarios
        What may turn out otherwise than the figures say; empty where the brief names
        nothing.
    """

    path: Path
    name: str
    language: Language
    map_approval: str | None
    notes: tuple[Text, ...]
    area: AreaSection
    crs: CrsSection
    demand: DemandSection
    travel: TravelSection
    policy: PolicySection
    budget: BudgetSection
    phases: tuple[PhaseSection, ...]
    scores: tuple[ScoreSection, ...]
    tilts: tuple[TiltSection, ...]
    scenarios: tuple[ScenarioSection, ...]
    objective: ObjectiveSection
    explain: ExplainSection
    report: ReportSection
    solver: SolverSection
    split: SplitSection | None = None

    @property
    def folder(self) -> Path:
        """The folder that holds the brief; its paths are relative to it."""
        return self.path.parent

    @property
    def templates(self) -> Path | None:
        """The folder of the brief's own report templates, or None."""
        text = self.report.templates
        return None if text is None else self.resolve(text)

    def resolve(self, text: str) -> Path:
        """Return the file that a path in the brief means.

        Briefs written on Windows may hold backslashes; they are taken as slashes.
        """
        return self.folder / text.replace("\\", "/")


def read_brief(path: Path) -> tuple[Brief | None, list[Finding]]:
    """Read a brief and check everything that can be checked without its files.

    Parameters
    ----------
    path
        The TOML file.

    Returns
    -------
    brief, findings
        The brief, or None when any finding is an error; all findings at once.
    """
    content, findings = read_toml(path)
    remarks = Remarks(path.name, findings)
    if content is None:
        return None, findings
    _check_shape(content, remarks)
    if remarks.failed():
        return None, findings
    for section in ("brief", "area", "policy"):
        # An absent section is then reported by the keys that it lacks.
        content.setdefault(section, {})
    own = content.get("travel", {}).get("services", {})
    own = own if isinstance(own, dict) else {}
    _check_paths(content, own, remarks)
    try:
        document = _Document.model_validate(content)
    except ValidationError as error:
        findings += findings_from(error, table=path.name, known=_known_keys(own))
        return None, findings
    _check_document(document, remarks)
    if errors_in(findings):
        return None, findings
    return _build(path, document), findings


def _known_keys(services: Iterable[str] = ()) -> dict[tuple[str, ...], Iterable[str]]:
    """Return the keys of the file and of each of its sections."""
    known: dict[tuple[str, ...], Iterable[str]] = {(): list(_Document.model_fields)}
    for name, field in _Document.model_fields.items():
        models = [field.annotation, *get_args(field.annotation)]
        for model in models:
            if isinstance(model, type) and issubclass(model, BaseModel):
                known[name,] = list(model.model_fields)
    for service in services:
        known["travel", "services", service] = list(ServiceTravelSection.model_fields)
    return known


def _check_shape(content: dict[str, Any], remarks: Remarks) -> None:
    """Report sections that are written as a value."""
    for name in _Document.model_fields:
        if name not in content:
            continue
        section = content[name]
        if name in _LISTS:
            good = isinstance(section, list) and all(
                isinstance(p, dict) for p in section
            )
        else:
            good = isinstance(section, dict)
        if not good:
            heading = f"[[{name}]]" if name in _LISTS else f"[{name}]"
            remarks.error(
                "section-invalid",
                Text(f"应写成 {heading} 一节", f"must be a section {heading}"),
                column=name,
            )


def _check_paths(
    content: dict[str, Any], ways: dict[str, Any], remarks: Remarks
) -> None:
    """Refuse what GDAL would take for a network address or a virtual file."""
    files = ("zones", "counties", "sites", "costs", "locations", "aliases")
    keys = [("area", key) for key in files]
    keys += [("demand", "file"), ("travel", "file"), ("report", "templates")]
    written = [(f"{s}.{k}", content.get(s, {}).get(k)) for s, k in keys]
    written += [
        (f"travel.services.{service}.file", way.get("file"))
        for service, way in ways.items()
        if isinstance(way, dict)
    ]
    packs = content["policy"].get("packs")
    written += (
        [("policy.packs", pack) for pack in packs] if isinstance(packs, list) else []
    )
    for column, text in written:
        if not isinstance(text, str):
            continue
        lower = text.strip().lower().replace("\\", "/")
        # Tests for "://" so that every scheme is caught, file:// and s3:// too.
        # Two slashes begin the name of another machine.
        virtual = lower.startswith(("/vsi", "//")) or lower.endswith(".vrt")
        virtual = virtual or "://" in lower
        if virtual or "\0" in text:
            remarks.error(
                "path-refused",
                Text(
                    "不接受网络地址或 GDAL 虚拟路径",
                    "network addresses and GDAL virtual paths are refused",
                ),
                column=column,
                values=[text],
                remedy=Text(
                    "把文件下载到本机后写其路径", "give a file on this machine"
                ),
            )


def _check_document(document: _Document, remarks: Remarks) -> None:
    """Report what is well-formed but cannot be planned with."""
    for score in document.score:
        if not sum(score.weights.values()) > 0:
            remarks.error(
                "weights-missing",
                Text("权重之和应大于 0", "the weights must not all be 0"),
                column="score.weights",
                values=[score.service],
                remedy=Text(
                    "如 weights = { people = 0.5, distance = 0.3, beds = 0.2 }",
                    "weights = { people = 0.5, distance = 0.3, beds = 0.2 }, say",
                ),
            )
    check_scenarios(document.scenario, remarks)
    check_demand(document.demand, remarks)
    check_ways(document.travel, remarks)
    _check_budgets(document, remarks)
    _check_order(document.objective.order, remarks)
    _check_repeats("policy.packs", document.policy.packs, remarks)
    _check_repeats("explain.give_way", document.explain.give_way, remarks)


def _check_budgets(document: _Document, remarks: Remarks) -> None:
    years = [phase.year for phase in document.phase]
    if years != sorted(set(years)):
        remarks.error(
            "phases-out-of-order",
            Text(
                "[[phase]] 的年份应依次递增", "the years of [[phase]] must go upwards"
            ),
            column="phase.year",
            values=[", ".join(map(str, years))],
            remedy=Text("按年份先后排列, 每年一个", "one [[phase]] a year, in order"),
        )
    sections = [("budget", document.budget), *(("phase", p) for p in document.phase)]
    for name, section in sections:
        for key in ("capital_wan", "yearly_wan"):
            amount = getattr(section, key)
            if amount is not None and amount <= 0:
                remarks.error(
                    "budget-not-positive",
                    Text("预算应大于 0", "a budget must be greater than 0"),
                    column=f"{name}.{key}",
                    values=[f"{amount:g}"],
                    remedy=Text(
                        "改为正数(万元); 没有限额时删去这个键",
                        "give a positive number of 万元; no key means no limit",
                    ),
                )


def _check_order(order: tuple[str, ...] | None, remarks: Remarks) -> None:
    if order is None:
        return
    if not order:
        remarks.error(
            "objective-empty",
            Text("目标顺序为空", "the order of objectives is empty"),
            column="objective.order",
            remedy=Text(
                "至少写一个目标, 或删去 order", "name one objective or remove the key"
            ),
        )
    _check_repeats("objective.order", order, remarks)


def _check_repeats(column: str, words: tuple[str, ...], remarks: Remarks) -> None:
    repeated = [word for word in dict.fromkeys(words) if words.count(word) > 1]
    if repeated:
        remarks.error(
            "repeated",
            Text("同一项写了两次", "named twice"),
            column=column,
            values=repeated,
            remedy=Text("只保留一次", "keep one of them"),
        )


def _build(path: Path, document: _Document) -> Brief:
    about, travel, budget = document.brief, document.travel, document.budget
    if travel.max_minutes is None and travel.method != "table":
        travel = travel.model_copy(update={"max_minutes": DEFAULT_MINUTES})
    english = dict(enumerate(about.notes_en))
    return Brief(
        path=path,
        name=about.name,
        language=about.language,
        map_approval=about.map_approval,
        notes=tuple(Text(zh, english.get(i, zh)) for i, zh in enumerate(about.notes)),
        area=document.area,
        crs=document.crs,
        demand=document.demand,
        travel=travel,
        policy=document.policy,
        budget=budget,
        phases=document.phase,
        scores=document.score,
        tilts=document.tilt,
        scenarios=document.scenario,
        objective=document.objective,
        explain=document.explain,
        report=document.report,
        solver=document.solver,
        split=document.split,
    )
