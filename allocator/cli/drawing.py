"""``allocator map``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Text
from allocator.pipeline import draw_run

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console


def draw(
    run: Path,
    figure: str,
    target: Path | None,
    console: Console,
    *,
    previous: Path | None = None,
) -> None:
    """Draw one map of a run folder; then say where it is.

    Raises
    ------
    InputError
        When the map cannot be drawn or written.
    """
    path = target or run / "figures" / f"{figure}.png"
    if path.suffix.lower() != ".png":
        raise InputError(
            [
                Finding(
                    "figure-not-png",
                    Text("文件名应以 .png 结尾", "the file must end with .png"),
                    table=str(path),
                    remedy=Text(
                        "同名的 .pdf 会一并写出", "a .pdf is written beside it"
                    ),
                )
            ]
        )
    if target is None and run.is_dir():
        path.parent.mkdir(exist_ok=True)
    draw_run(run, figure, path, previous=previous)
    written = [str(path), str(path.with_suffix(".pdf"))]
    if console.as_json:
        console.data({"exit_code": 0, "figure": figure, "files": written})
        return
    for name in written:
        console.result(name)
