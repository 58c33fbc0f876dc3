"""``allocator verify``: whether a run is what it claims to be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from allocator.errors import Text
from allocator.pipeline.verifying import Check, Verified, verify_run

if TYPE_CHECKING:
    from allocator.cli.console import Console, TerminalProgress


def verify(
    run: Path, brief: Path | None, console: Console, progress: TerminalProgress
) -> None:
    """Print one line for each thing checked, then whether the run holds.

    Raises
    ------
    InputError
        When the folder holds no run that can be read.
    click.exceptions.Exit
        With exit code 3 when inputs changed, 7 when the run is not what it claims.
    """
    found = verify_run(run, brief, places=[Path.cwd()], progress=progress)
    if console.as_json:
        console.data(_data(found, console))
    else:
        console.findings(found.findings)
        for check in found.checks:
            console.result(_line(check).say(console.language))
        console.result(_conclusion(found).say(console.language))
    if found.exit_code:
        raise click.exceptions.Exit(found.exit_code)


def _line(check: Check) -> Text:
    name = check.name
    if not check.done:
        return Text(f"- {name.zh}: 未核对", f"- {name.en}: not checked")
    if check.holds:
        count = f" ({check.count})" if check.count else ""
        return Text(f"✓ {name.zh}{count}: 相符", f"✓ {name.en}{count}: as stated")
    number = len(check.findings)
    return Text(f"✗ {name.zh}: {number} 处不符", f"✗ {name.en}: {number} mismatches")


def _conclusion(found: Verified) -> Text:
    name = found.run.name
    return {
        0: Text(
            f"{name} 与证书相符 (最优性的界以求解时为准)",
            f"{name} is what it claims to be (bounds as proven when it was solved)",
        ),
        3: Text(
            f"{name} 所用的文件已变, 不能重算",
            f"the files that {name} rests on changed: it cannot be computed again",
        ),
        7: Text(f"{name} 与证书不符", f"{name} is not what it claims to be"),
    }[found.exit_code]


def _data(found: Verified, console: Console) -> dict[str, object]:
    return {
        "exit_code": found.exit_code,
        "run": str(found.run),
        "brief": None if found.brief is None else str(found.brief),
        "checks": [
            {
                "name": check.name.say(console.language),
                "count": check.count,
                "checked": check.done,
                "holds": check.holds,
                "findings": [f.as_dict(console.language) for f in check.findings],
            }
            for check in found.checks
        ],
        "conclusion": _conclusion(found).say(console.language),
    }
