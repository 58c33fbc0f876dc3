"""``allocator init``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.cli.console import Console, TerminalProgress
from allocator.errors import Text
from allocator.pipeline import doubts, start_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def start(folder: Path, sources: Sequence[Path], console: Console) -> None:
    """Look at files, copy them, and write a brief for them.

    Raises
    ------
    InputError
        When the files cannot be used, or the folder cannot be written.
    """
    workspace = start_workspace(folder, sources, progress=TerminalProgress(console))
    findings = doubts(workspace)
    if console.as_json:
        console.data(
            {
                "exit_code": 0,
                "folder": str(folder),
                "used": {
                    use: {
                        "file": guess.path.name,
                        "rows": guess.rows,
                        "score": round(guess.score, 3),
                        "mapping": dict(guess.mapping),
                    }
                    for use, guess in workspace.used.items()
                },
                "findings": [f.as_dict(console.language) for f in findings],
            }
        )
        return
    console.findings(findings)
    for use, guess in workspace.used.items():
        rows = Text(f"{guess.rows} 行", f"{guess.rows} rows")
        console.result(f"{use}: {guess.path.name} ({rows.say(console.language)})")
        for heading, column in guess.mapping:
            console.result(f"    {heading} → {column}")
    brief = folder / "brief.toml"
    console.result(str(brief))
    console.say(
        Text(
            f"请核对 {brief}, 然后运行: allocator check {brief}",
            f"look at {brief}, then: allocator check {brief}",
        )
    )
