"""Run folders, decisions, templates and registers that others returned, changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.review.runs import small_run
from tests.trust import hostile_books as books
from tests.trust.hostile_cases import INPUT, Case, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

RUNS = "run folders, decisions, registers and templates that came back changed"
_DEEP = "[" * 100_000 + "]" * 100_000
_BROKEN = {
    "nested 100,000 deep": _DEEP,
    "objects 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a list": "[]",
    "a number of 100,000 digits": "9" * 100_000,
    "another kind of everything": '{"inputs": 1, "totals": [], "objectives": {}}',
}


def _commands(run: Path, brief: Path) -> dict[str, list[str]]:
    """Return the commands that read a run folder."""
    shutil.copytree(run, run.with_name("before"))
    return {
        "compare": ["compare", str(run.with_name("before")), str(run)],
        "apply": [
            "apply", str(run), "--register", str(brief.parent / "sites.csv"), "--all",
            "-o", str(run.with_name("out.csv")),
        ],
        "map": ["map", str(run), "--figure", "present"],
        "review": ["review", str(run), "--no-browser"],
    }  # fmt: skip


def _case(name: str, command: str, change: Callable[[Path, Place], None]) -> Case:
    def write(place: Place) -> list[str]:
        run, brief = small_run(place.folder)
        arguments = _commands(run, brief)[command]
        change(run, place)
        return [*arguments, "--json"]

    return Case(RUNS, f"{command}: {name}", write, (INPUT,))


def _views(run: Path, _: Place) -> None:
    path = run / "plan.gpkg"
    with closing(sqlite3.connect(path)) as base:
        names = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("ALTER TABLE zones RENAME TO kept")
        base.execute(
            "CREATE VIEW zones AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
            "SELECT x + 1 FROM c) SELECT kept.* FROM c, kept"
        )
        base.execute(
            "UPDATE gpkg_contents SET table_name = 'zones' WHERE table_name = 'kept'"
        )
        base.commit()


def _deep(run: Path, _: Place) -> None:
    (run / "run.json").write_text(_DEEP, "utf-8")


def cases() -> Iterable[Case]:
    """Yield what may come back."""
    for name, text in _BROKEN.items():

        def change(run: Path, _: Place, text: str = text) -> None:
            (run / "run.json").write_text(text, "utf-8")

        for command in ("compare", "map", "review"):
            yield _case(f"run.json: {name}", command, change)
    yield _case("run.json: nested 100,000 deep", "apply", _deep)
    for command in ("compare", "map"):
        yield _case("zones that are a view without end", command, _views)
    for name, content in {
        "a cell far off": books.xlsx(
            {
                books.SHEET: books.sheet(
                    f"{books.FILLED}<row r='9'><c r='XFD1048576'><v>1</v></c></row>"
                )
            }
        ),
        "a sheet of 1 GB": books.inflating(
            books.SHEET, "<row><c><v>1</v></c></row>", 1000, stated=100
        ),
    }.items():
        yield from _books(name, content)
    far = books.xls((0, 0), (65535, 65535))
    yield _init("a cell far off", "s.xls", far)
    yield _init("a virtual layer", "s.geojson", b"<OGRVRTDataSource/>")
    yield from _templates()


def _books(name: str, content: bytes) -> Iterable[Case]:
    def merge(place: Place) -> list[str]:
        run, _ = small_run(place.folder)
        path = place.folder / "back.xlsx"
        path.write_bytes(content)
        return [
            "decisions", "merge", str(path), str(run / "decisions.csv"),
            "-o", str(place.folder / "merged.csv"), "--run", str(run), "--json",
        ]  # fmt: skip

    def apply(place: Place) -> list[str]:
        run, _ = small_run(place.folder)
        path = place.folder / "register.xlsx"
        path.write_bytes(content)
        return [
            "apply", str(run), "--register", str(path), "--all",
            "-o", str(place.folder / "out.xlsx"), "--json",
        ]  # fmt: skip

    yield Case(RUNS, f"decisions merge: {name}", merge)
    yield Case(RUNS, f"apply: {name}", apply)


def _init(name: str, file: str, content: bytes) -> Case:
    def write(place: Place) -> list[str]:
        (place.folder / file).write_bytes(content)
        return ["init", str(place.folder / "new"), str(place.folder / file), "--json"]

    return Case(RUNS, f"init: {name}", write)


def _templates() -> Iterable[Case]:
    texts = {
        "a logo above the folder": ("style", '[cover]\nlogo = "../../../outside/{}"'),
        "a logo by its whole path": ("style", '[cover]\nlogo = "{outside}/{}"'),
        "a field a gigabyte wide": ("zh", '[aims]\ntitle = "{{name:>999999999}}"'),
        "a field of a field": ("zh", '[aims]\ntitle = "{{name:{{name}}}}"'),
        "an attribute of a field": ("zh", '[aims]\ntitle = "{{name.__class__}}"'),
        "a conversion of a field": ("zh", '[aims]\ntitle = "{{name!r}}"'),
        "lists 10,000 deep": ("style", "x = " + "[" * 10_000 + "]" * 10_000),
    }
    for name, (file, text) in texts.items():

        def write(place: Place, file: str = file, text: str = text) -> list[str]:
            _, brief = small_run(place.folder)
            folder = place.folder / "templates"
            folder.mkdir()
            shown = text.format("secret.png", outside=place.outside)
            (folder / f"{file}.toml").write_text(shown, "utf-8")
            said = f'\n[report]\ntemplates = "{folder.as_posix()}"\n'
            brief.write_text(brief.read_text("utf-8") + said, "utf-8")
            return ["check", str(brief), "--json"]

        yield Case(RUNS, f"templates: {name}", write)
