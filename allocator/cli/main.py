"""``allocator``: the commands of the contract, and what each exit code means."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allocator import __version__
from allocator.cli.console import Console, TerminalProgress, stopping_on_interrupt
from allocator.cli.machine import REFUSALS, no_access, no_memory
from allocator.errors import AllocatorError, InputError, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.errors import Language

EXIT_CODES = """\b
Exit codes: 0 ok, 1 bug, 2 usage, 3 input, 4 policy, 5 infeasible, 6 solver, 7 audit.
"""
_BROKEN_PIPE = 141  # as a shell says of a program that SIGPIPE ended


def _language(chosen: str | None) -> Language:
    """Return the language asked for, by option or by ALLOCATOR_LANG; else Chinese."""
    wanted = chosen or os.environ.get("ALLOCATOR_LANG", "zh")
    return "en" if wanted.lower().startswith("en") else "zh"


def _common[F: Callable[..., Any]](command: F) -> F:
    """Add the options that every command has."""
    options = (
        click.option(
            "--json", "as_json", is_flag=True, help="Print JSON for machines."
        ),
        click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="Notes and details too."),
        click.option(
            "--lang",
            type=click.Choice(["zh", "en"]),
            help="Language of messages (default: ALLOCATOR_LANG, else zh).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _console(options: dict[str, Any]) -> Console:
    return Console(
        _language(options["lang"]),
        quiet=options["quiet"],
        verbose=options["verbose"],
        as_json=options["as_json"],
    )


_brief = click.argument("brief", type=click.Path(path_type=Path))


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES
)
@click.version_option(__version__, prog_name="allocator")
def cli() -> None:
    """Plan where health services go, under written policy.

    医疗卫生设施布局: 按政策条款选址、核算、审核.
    """


@cli.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@_common
def sample(name: str, folder: Path, **options: Any) -> None:  # noqa: ANN401
    """Copy a bundled sample area NAME to FOLDER. 复制样例."""
    from allocator.cli import samples  # noqa: PLC0415

    samples.copy_sample(name, folder, _console(options))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@_common
def init(
    folder: Path,
    sources: tuple[Path, ...],
    **options: Any,  # noqa: ANN401
) -> None:
    """Make FOLDER with a brief from your own files SOURCES. 由现有文件建任务书."""
    from allocator.cli import starting  # noqa: PLC0415

    starting.start(folder, sources, _console(options))


@cli.command()
@_brief
@click.option(
    "--fix",
    "target",
    type=click.Path(path_type=Path),
    help="New folder for cleaned copies of all tables, with a list of every change.",
)
@click.option("--force", is_flag=True, help="Replace an existing folder of --fix.")
@_common
def check(
    brief: Path,
    target: Path | None,
    *,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Read everything of BRIEF and list every finding at once. 检查任务书和数据."""
    from allocator.cli import checking  # noqa: PLC0415

    checking.check(brief, _console(options), target=target, force=force)


@cli.command()
@_brief
@click.option(
    "--plan",
    "run",
    type=click.Path(path_type=Path),
    help="Audit the plan of this run folder instead of today's facilities.",
)
@click.option(
    "--access", "only_access", is_flag=True, help="Only the access measures, no clause."
)
@click.option(
    "-o",
    "--output",
    "table",
    type=click.Path(path_type=Path),
    help="Write the access measures to this csv file, by area, county and zone.",
)
@click.option("--force", is_flag=True, help="Replace an existing csv file.")
@_common
def audit(
    brief: Path,
    run: Path | None,
    table: Path | None,
    *,
    only_access: bool,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Hold today's facilities, or a plan, against every clause. 逐条评估, 不求解.

    After the clauses stand the access measures: people in reach, minutes, beds.
    """
    from allocator.cli import auditing  # noqa: PLC0415

    auditing.audit(
        brief,
        run,
        _console(options),
        only_access=only_access,
        table=table,
        force=force,
    )


@cli.command()
@_brief
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write the run to.",
)
@click.option("--force", is_flag=True, help="Replace an existing run folder.")
@click.option(
    "--best-effort",
    is_flag=True,
    help="Where clauses collide, break them as little as possible.",
)
@click.option(
    "--decisions",
    type=click.Path(path_type=Path),
    help="What a review decided: decisions.csv, or plan.xlsx sent round.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help="The run reviewed: of plans as good, the one with fewest changes from it.",
)
@click.option(
    "--only",
    help="Render only some of: map, report, workbook, figures (with commas).",
)
@click.option(
    "--figures",
    help="Maps of the series for figures/, or all. Default: those of the report.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="With [split]: counties planned at a time. Default: one a processor.",
)
@click.option(
    "--cluster",
    metavar="tcp://HOST:PORT",
    help="With [split]: the Dask scheduler whose workers plan the counties.",
)
@click.option(
    "--no-cache",
    is_flag=True,
    help="With [split]: plan every county anew, and keep nothing of it.",
)
@_common
def plan(
    brief: Path,
    target: Path,
    decisions: Path | None,
    previous: Path | None,
    *,
    force: bool,
    best_effort: bool,
    only: str | None,
    figures: str | None,
    workers: int | None,
    cluster: str | None,
    no_cache: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Find the best plan for BRIEF, audit it and write it. 求解并写出方案.

    Maps, report and workbook speak the brief's language; --lang replaces it.
    """
    from allocator.cli import planning  # noqa: PLC0415
    from allocator.pipeline import Review  # noqa: PLC0415

    console = _console(options)
    shown = planning.chosen(only, figures)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        planning.plan(
            brief,
            target,
            force=force,
            best_effort=best_effort,
            review=Review(decisions, previous),
            shown=shown,
            labour=planning.labour(workers, cluster, cached=not no_cache),
            language=options["lang"],
            console=console,
            progress=progress,
        )


@cli.command("map")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--figure",
    required=True,
    help="present, proposed, coverage_before, coverage_after, emergency, catchments, "
    "phases, networks, changes.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help="For changes: the run compared with (default: the one that RUN followed).",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="PNG to write, a PDF beside it. Default: figures/NAME.png in RUN.",
)
@_common
def draw(
    run: Path,
    figure: str,
    previous: Path | None,
    target: Path | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Draw one map of the series from the run folder RUN. 从方案文件夹绘制专题图."""
    from allocator.cli import drawing  # noqa: PLC0415

    drawing.draw(run, figure, target, _console(options), previous=previous)


_run = click.option(
    "--plan",
    "run",
    type=click.Path(path_type=Path),
    help="Take the plan of this run folder of BRIEF instead of solving first.",
)


@cli.command()
@_brief
@click.option("--site", "site_id", help="Why each service is placed at this site.")
@click.option("--rule", "rule_id", help="What this clause costs and gives.")
@click.option(
    "--sites",
    type=click.Choice(["all"]),
    help="Reasons for every placement and candidate, as a table in -o.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Folder for reasons.csv.",
)
@click.option("--full", is_flag=True, help="Solve on after the first worse objective.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0),
    default=1800.0,
    show_default=True,
    help="Seconds for --sites all, after the base plan.",
)
@_run
@click.option("--force", is_flag=True, help="Replace an existing folder of reasons.")
@_common
def explain(
    brief: Path,
    *,
    site_id: str | None,
    rule_id: str | None,
    sites: str | None,
    target: Path | None,
    run: Path | None,
    time_limit: float,
    full: bool,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Say why: no plan exists, a site is chosen, a clause costs. 解释原因.

    Without options: the colliding clauses of a BRIEF that has no plan, and the least
    relaxations. With --site, --rule or --sites all: what a choice or a clause is worth,
    solved again without it.
    """
    from allocator.cli import explaining, reasoning  # noqa: PLC0415

    asked = [one for one in (site_id, rule_id, sites) if one is not None]
    if len(asked) > 1:
        raise click.UsageError("give one of --site, --rule and --sites")
    if (sites is None) != (target is None):
        raise click.UsageError("--sites all and -o belong together")
    console = _console(options)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        if site_id is not None:
            reasoning.explain_one_site(brief, site_id, run, console, progress)
        elif rule_id is not None:
            reasoning.explain_one_rule(brief, rule_id, run, console, progress)
        elif target is not None:
            reasoning.explain_all_sites(
                brief,
                run,
                target,
                full=full,
                force=force,
                time_limit_s=time_limit,
                console=console,
                progress=progress,
            )
        else:
            explaining.explain(brief, console, progress)


@cli.command()
@_brief
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the tables and the plans.",
)
@click.option(
    "--within",
    type=click.FloatRange(min=0),
    default=0.01,
    show_default=True,
    help="How much worse each objective may be, as a share of its value.",
)
@click.option(
    "--count",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="How many plans to show beside the best.",
)
@click.option(
    "--differ",
    type=click.IntRange(min=3),
    help="In how many decisions they differ (default: 20 % of the new placements).",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0),
    help="Seconds after the base plan (default: the brief's).",
)
@_run
@click.option("--force", is_flag=True, help="Replace an existing folder of these.")
@_common
def alternatives(
    brief: Path,
    target: Path,
    run: Path | None,
    *,
    within: float,
    count: int,
    differ: int | None,
    time_limit: float | None,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Say which decisions all near-best plans share, and show others. 近优方案."""
    from allocator.cli import alternatives as showing  # noqa: PLC0415
    from allocator.pipeline.alternatives import Search  # noqa: PLC0415

    console = _console(options)
    progress = TerminalProgress(console)
    asked = Search(within=within, count=count, differ=differ, time_limit_s=time_limit)
    with stopping_on_interrupt(progress, console):
        showing.alternatives(
            brief,
            target,
            run,
            asked,
            force=force,
            console=console,
            progress=progress,
        )


@cli.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Folder to write tables, workbook and maps to.",
)
@click.option("--force", is_flag=True, help="Replace an existing comparison.")
@click.option(
    "--moved-within",
    "move_km",
    type=click.FloatRange(min=0, max=1000),
    help="Widest distance of a move, km; 0: nothing is read as moved. Default: 5.",
)
@_common
def compare(
    before: Path,
    after: Path,
    target: Path | None,
    *,
    force: bool,
    move_km: float | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Compare the plans of two run folders, BEFORE and AFTER. 比较两个方案."""
    from allocator.cli import comparing  # noqa: PLC0415

    comparing.compare(
        before,
        after,
        target,
        force=force,
        move_km=move_km,
        console=_console(options),
    )


@cli.command()
@_brief
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Folder to write the comparison to.",
)
@click.option("--force", is_flag=True, help="Replace an existing folder.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Most that each plan may take to solve.",
)
@_common
def fairness(
    brief: Path,
    target: Path | None,
    *,
    force: bool,
    seconds: float,
    **options: Any,  # noqa: ANN401
) -> None:
    """Say what fairness costs BRIEF in mean minutes, plan by plan. 公平的代价."""
    from allocator.cli import fairness as comparing  # noqa: PLC0415

    console = _console(options)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        comparing.fairness(
            brief,
            target,
            seconds=seconds,
            force=force,
            console=console,
            progress=progress,
        )


@cli.command()
@_brief
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write the frontier to.",
)
@click.option(
    "--budgets",
    help="Limits in 万元: 60000,80000 or 60000:120000:10000. Without: the whole range.",
)
@click.option(
    "--objectives",
    default="capital_wan,uncovered_people",
    show_default=True,
    help="The two objectives that are weighed.",
)
@click.option(
    "--points",
    default=9,
    show_default=True,
    help="Points to look for without --budgets; 0: every efficient plan.",
)
@click.option("--nested", is_flag=True, help="Each plan keeps the one for less money.")
@click.option(
    "--plans/--no-plans", default=True, help="Write the run folder of each point."
)
@click.option("--force", is_flag=True, help="Replace an existing frontier.")
@_common
def frontier(
    brief: Path,
    target: Path,
    *,
    budgets: str | None,
    objectives: str,
    points: int,
    nested: bool,
    plans: bool,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Weigh budget against coverage for BRIEF, every point a plan. 预算与覆盖的取舍."""
    from allocator.cli import frontiers  # noqa: PLC0415

    console = _console(options)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        frontiers.frontier(
            brief,
            target,
            objectives=objectives,
            budgets=budgets,
            points=points,
            nested=nested,
            plans=plans,
            force=force,
            console=console,
            progress=progress,
        )


@cli.command()
@_brief
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write tables, maps and plans to.",
)
@click.option(
    "--plan",
    "run",
    type=click.Path(path_type=Path),
    help="Hold the plan of this run folder against the scenarios too.",
)
@click.option(
    "--robust/--no-robust", default=True, help="Whether to look for robust plans."
)
@click.option("--force", is_flag=True, help="Replace an existing study.")
@_common
def scenarios(
    brief: Path,
    target: Path,
    *,
    run: Path | None,
    robust: bool,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Hold plans for BRIEF against scenarios; choose robust ones. 情景与稳健方案."""
    from allocator.cli import scenarios as command  # noqa: PLC0415

    console = _console(options)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        command.scenarios(
            brief,
            target,
            run=run,
            robust=robust,
            force=force,
            console=console,
            progress=progress,
        )


@cli.group()
def decisions() -> None:
    """Merge reviews that were sent round, and price decisions. 合并意见, 计算代价."""


@decisions.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="The merged table to write, a csv file.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="The run reviewed, for names and for what nobody reviewed.",
)
@click.option("--force", is_flag=True, help="Replace an existing merged table.")
@click.option(
    "--keep-going", is_flag=True, help="End with exit code 0 where people differ."
)
@_common
def merge(
    files: tuple[Path, ...],
    target: Path,
    run: Path | None,
    *,
    force: bool,
    keep_going: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Put the reviews FILES together: workbooks and tables. 合并几个人的意见.

    What people agree on is written; where they differ, the row is left without a
    verdict and the opinions are listed beside it, with exit code 3.
    """
    from allocator.cli import deciding  # noqa: PLC0415

    deciding.merge(
        files,
        target,
        run,
        _console(options),
        force=force,
        keep_going=keep_going,
    )


@decisions.command()
@_brief
@click.option(
    "--decisions",
    "form",
    required=True,
    type=click.Path(path_type=Path),
    help="What is to be priced: decisions.csv, or plan.xlsx sent round.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help="The run reviewed (default: that in which the decisions lie).",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Also write the prices to this csv file.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds for each decision.",
)
@click.option("--force", is_flag=True, help="Replace an existing csv file.")
@_common
def price(
    brief: Path,
    form: Path,
    previous: Path | None,
    target: Path | None,
    *,
    time_limit: float,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Say what each decision costs in people and money. 逐条计算意见的代价.

    Each is solved by itself against the plan reviewed, then all together. Ctrl-C
    keeps what is priced.
    """
    from allocator.cli import pricing  # noqa: PLC0415
    from allocator.pipeline import Review  # noqa: PLC0415

    console = _console(options)
    progress = TerminalProgress(console)
    with stopping_on_interrupt(progress, console):
        pricing.price(
            brief,
            Review(form, previous),
            target,
            console,
            progress,
            each_s=time_limit,
            force=force,
        )


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--brief",
    type=click.Path(path_type=Path),
    help="The brief of RUN; without: looked for near by, known by its SHA-256.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    help="Where to listen on 127.0.0.1 (default: a free one).",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@_common
def review(
    run: Path,
    *,
    brief: Path | None,
    port: int | None,
    no_browser: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Review RUN on a map in the browser: decide, solve again. 在地图上审核方案."""
    from allocator.cli import reviewing  # noqa: PLC0415

    chosen = options["lang"] or os.environ.get("ALLOCATOR_LANG")
    reviewing.review(
        run,
        brief,
        _console(options),
        language=_language(chosen) if chosen else None,
        port=port,
        browser=not no_browser,
    )


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Write it to this file as markdown instead of printing it.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@_common
def history(
    folder: Path,
    target: Path | None,
    *,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Tell how the plans in FOLDER came about, round by round. 方案沿革.

    FOLDER holds run folders, or is one: then the chain that leads to it.
    """
    from allocator.cli import histories  # noqa: PLC0415

    histories.history(folder, target, _console(options), force=force)


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--brief",
    type=click.Path(path_type=Path),
    help="The brief of RUN; without: looked for around it.",
)
@_common
def verify(run: Path, *, brief: Path | None, **options: Any) -> None:  # noqa: ANN401
    """Check that RUN is what it claims to be, without solving. 核验方案.

    Inputs, files, audit, totals and objectives are computed again and compared. Exit
    code 3: inputs changed; 7: the run is not what its certificate says.
    """
    from allocator.cli import verifying  # noqa: PLC0415

    console = _console(options)
    verifying.verify(run, brief, console, TerminalProgress(console))


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--register",
    required=True,
    type=click.Path(path_type=Path),
    help="The register of facilities: xlsx, csv or gpkg. It is never changed.",
)
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="The changed copy, in the same format.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Write placements without a verdict too; never rejected or deferred ones.",
)
@click.option(
    "--decisions",
    type=click.Path(path_type=Path),
    help="The decisions, where they are not in decisions.csv of RUN.",
)
@click.option(
    "--crs",
    help="System of the register's coordinates: EPSG:4527, GCJ-02 ... (default: told).",
)
@click.option(
    "--strict", is_flag=True, help="Refuse a workbook of which anything would be lost."
)
@click.option("--force", is_flag=True, help="Replace an existing copy.")
@_common
def apply(
    run: Path,
    register: Path,
    target: Path,
    decisions: Path | None,
    crs: str | None,
    *,
    everything: bool,
    strict: bool,
    force: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Write the accepted placements of RUN into a facility register. 写入机构登记表."""
    from allocator.cli import applying  # noqa: PLC0415
    from allocator.pipeline import Writing  # noqa: PLC0415

    writing = Writing(
        register,
        target,
        everything=everything,
        decisions=decisions,
        crs=crs,
        strict=strict,
        force=force,
    )
    applying.apply(run, writing, _console(options))


@cli.command()
@click.argument("pack", required=False)
@_common
def packs(pack: str | None, **options: Any) -> None:  # noqa: ANN401
    """List the policy packs, or print one clause by clause. 政策包."""
    from allocator.cli import packing  # noqa: PLC0415

    packing.packs(pack, _console(options))


def main() -> None:
    """Run the command line; end with the exit code of the contract."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; nothing planned for is a traceback."""
    language = _language(_option(arguments, "--lang"))
    console = Console(
        language,
        quiet="-q" in arguments or "--quiet" in arguments,
        verbose="-v" in arguments or "--verbose" in arguments,
        as_json="--json" in arguments,
    )
    try:
        return _outcome(arguments, console)
    except AllocatorError as error:
        return _refused(error, console)
    except BrokenPipeError:
        # Whoever read the output, as `head` does, wants no more of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except MemoryError:
        return _refused(InputError([no_memory()]), console)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        return _refused(InputError([no_access(error)]), console)


def _outcome(arguments: list[str], console: Console) -> int:
    """Run one command and return its exit code, however click ends it."""
    try:
        code = cli.main(args=arguments, prog_name="allocator", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        console.say(
            Text("已中断, 没有写出任何文件", "interrupted: nothing was written")
        )
        return 130
    # A command that ends early with a code has it returned here.
    return code if isinstance(code, int) else 0


def _refused(error: AllocatorError, console: Console) -> int:
    """Say what stands in the way, and return the exit code."""
    console.findings(error.findings)
    if console.as_json:
        console.data(
            {
                "exit_code": error.exit_code,
                "error": type(error).__name__,
                "findings": [f.as_dict(console.language) for f in error.findings],
            }
        )
    return error.exit_code


def _option(arguments: list[str], name: str) -> str | None:
    for position, argument in enumerate(arguments):
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
        if argument == name and position + 1 < len(arguments):
            return arguments[position + 1]
    return None
