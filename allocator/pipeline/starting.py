"""A workspace from a planner's own files: what they are, and a brief for them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Severity, Text
from allocator.export import finish_run
from allocator.load import Guess, guess_locations, guess_use
from allocator.progress import SILENT
from allocator.resources import pack_ids, packs_folder
from allocator.schema import read_toml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.progress import Progress

# Beside a shapefile, and of no use without it.
COMPANIONS = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qpj")
BRIEF = "brief.toml"
_MOST_FILES = 200
_MOST_NAMED = 6
_TELLING_NAME = 3  # shorter names of counties stand in many words


@dataclass(frozen=True)
class Workspace:
    """What was seen, and the brief proposed.

    Parameters
    ----------
    folder
        Where everything was copied to.
    used
        The file for each use.
    others
        Files of which the use was not seen, or that another file is better for.
    brief
        The text of the brief.
    """

    folder: Path
    used: dict[str, Guess]
    others: tuple[Guess, ...]
    brief: str


def start_workspace(
    folder: Path, sources: Sequence[Path], *, progress: Progress = SILENT
) -> Workspace:
    """Copy files to a new folder and propose a brief for them.

    Parameters
    ----------
    folder
        Must not exist, or be empty. Written whole or not at all.
    sources
        Files, and folders of files (not of folders in them).
    progress
        Told of each file that is looked at.

    Raises
    ------
    InputError
        When the folder is in use, a source is missing, two have one name, or no file
        is a table of zones or of sites.
    """
    files = _files(folder, sources)
    guesses = []
    for number, path in enumerate(files):
        progress.step(
            Text(
                f"查看 {path.name} ({number + 1}/{len(files)})",
                f"looking at {path.name} ({number + 1}/{len(files)})",
            )
        )
        guesses.append(guess_use(path))
    used = _best(guesses)
    _refuse_without(used, guesses)
    if (places := _places(used, guesses)) is not None:
        used["locations"] = places
    taken = {guess.path for guess in used.values()}
    others = tuple(guess for guess in guesses if guess.path not in taken)
    brief = _brief_text(used, others)
    _write(folder, used, brief)
    return Workspace(folder, used, others, brief)


def _files(folder: Path, sources: Sequence[Path]) -> list[Path]:
    findings = []
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        text = Text(f"{folder} 已存在且不为空", f"{folder} exists and is not empty")
        remedy = Text("换一个文件夹名", "give another folder")
        findings.append(Finding("folder-exists", text, remedy=remedy))
    files: list[Path] = []
    for source in sources:
        if source.is_dir():
            files += sorted(p for p in source.iterdir() if p.is_file())
        elif source.is_file():
            files.append(source)
        else:
            text = Text(f"找不到文件 {source}", f"there is no file {source}")
            findings.append(Finding("file-missing", text))
    files = [
        p
        for p in dict.fromkeys(files)
        if p.suffix.lower() not in COMPANIONS and not p.name.startswith((".", "~$"))
    ]
    names = [p.name for p in files]
    for name in sorted({name for name in names if names.count(name) > 1}):
        text = Text("两个文件同名", "two files of one name")
        remedy = Text("改名后再试", "rename one of them")
        findings.append(Finding("file-twice", text, value=name, remedy=remedy))
    if len(files) > _MOST_FILES:
        text = Text(f"有 {len(files)} 个文件", f"{len(files)} files")
        remedy = Text("只给出要用的文件", "name the files that are meant")
        findings.append(Finding("files-too-many", text, remedy=remedy))
    if findings:
        raise InputError(findings)
    return files


def _best(guesses: Sequence[Guess]) -> dict[str, Guess]:
    """Return the file for each use: the surest, with shapes before without."""
    used: dict[str, Guess] = {}
    for guess in guesses:
        known = used.get(guess.use)
        rank = (guess.score, guess.shapes == "polygons", guess.rows)
        if guess.use and (
            known is None
            or rank > (known.score, known.shapes == "polygons", known.rows)
        ):
            used[guess.use] = guess
    return used


def _places(used: dict[str, Guess], guesses: Sequence[Guess]) -> Guess | None:
    """Return where a register without coordinates may be looked up, if anywhere."""
    sites = used["sites"]
    columns = {column for _, column in sites.mapping}
    if sites.shapes or columns >= {"lon", "lat"}:
        return None
    taken = {guess.path for guess in used.values()}
    free = [guess.path for guess in guesses if guess.path not in taken]
    found = [places for path in free if (places := guess_locations(path))]
    return max(found, key=lambda places: places.rows, default=None)


def _refuse_without(used: dict[str, Guess], guesses: Sequence[Guess]) -> None:
    wanted = {
        "zones": Text("乡镇级单元(人口)表", "a table of zones with their population"),
        "sites": Text("机构与备选点表", "a table of facilities and candidates"),
    }
    missing = [text for use, text in wanted.items() if use not in used]
    if not missing:
        return
    findings = [f for guess in guesses for f in guess.findings]
    findings += [
        Finding(
            "table-not-found",
            Text(f"这些文件中没有{text.zh}", f"none of the files is {text.en}"),
            value=", ".join(guess.path.name for guess in guesses)[:200],
            remedy=Text(
                "检查表头: 列名见 docs/files.md",
                "look at the headings; docs/files.md lists those understood",
            ),
        )
        for text in missing
    ]
    raise InputError(findings)


# --- the brief ------------------------------------------------------------------------


def _brief_text(used: dict[str, Guess], others: Sequence[Guess]) -> str:
    parts = [
        "# 由 allocator init 根据所给文件提出, 每一项都可以改。",
        "# Proposed by allocator init from the files given; change whatever is wrong.",
        "",
        "[brief]",
        f"name = {_quoted(_title(used))}",
        'language = "zh"                      # zh 或 en',
        "",
        "[area]",
    ]
    for use in ("zones", "counties", "sites", "locations", "costs"):
        parts += _area_lines(use, used.get(use))
    parts += [
        '# crs = "EPSG:4490"    # 没有写明坐标系的文件; 也可写 GCJ-02、BD-09',
        "",
        *_demand_lines(used),
        "",
        *_travel_lines(used),
        "",
        "[policy]",
        f"packs = [{', '.join(map(_quoted, _packs(used)))}]"
        "   # allocator packs 列出全部",
        "",
        "[budget]",
        "# capital_wan = 60000                 # 一次性投资上限, 万元; 不写为不限",
    ]
    if others:
        parts += ["", "# 没有用到的文件 (not used):"]
        parts += [f"#   {_commented(guess.path.name)}" for guess in others]
    return "\n".join(parts) + "\n"


def _area_lines(use: str, guess: Guess | None) -> list[str]:
    if guess is None:
        hints = {
            "counties": "# counties = ...       # 没有县区表: 由乡镇单元归并",
            "costs": "# costs = ...          # 没有造价表: 有预算时必须给出",
        }
        return [hints[use]] if use in hints else []
    named = ", ".join(f"{_commented(h)}→{c}" for h, c in guess.mapping[:_MOST_NAMED])
    more = " ..." if len(guess.mapping) > _MOST_NAMED else ""
    doubt = "" if guess.is_sure else "  (请核对: 只有部分列能认出)"
    return [
        f"{use} = {_quoted(guess.path.name)}",
        f"#   {guess.rows} 行; {named}{more}{doubt}",
    ]


def _demand_lines(used: dict[str, Guess]) -> list[str]:
    lines = ["[demand]"]
    if "raster" in used:
        file = _quoted(used["raster"].path.name)
        lines += ['source = "raster"                    # 人口栅格', f"file = {file}"]
    elif "demand" in used:
        file = _quoted(used["demand"].path.name)
        lines += [
            'source = "points"                    # 村(社区)人口点',
            f"file = {file}",
        ]
    elif used["zones"].shapes == "polygons":
        lines += [
            'source = "grid"                      # 单元人口按面积摊到方格',
            "cell_m = 1000",
        ]
    else:
        lines.append('source = "zones"                     # 每个单元一个点')
    return lines


def _travel_lines(used: dict[str, Guess]) -> list[str]:
    lines = ["[travel]"]
    if "travel" in used:
        return [
            *lines,
            'method = "table"',
            f"file = {_quoted(used['travel'].path.name)}",
        ]
    if "roads" in used:
        file = _quoted(used["roads"].path.name)
        return [*lines, 'method = "network"', f"file = {file}", "max_minutes = 60"]
    return [
        *lines,
        'method = "straight_line"             # 直线距离×绕行系数÷时速',
        "speed_kmh = 40",
        "detour = 1.4",
        "max_minutes = 60",
    ]


def _title(used: dict[str, Guess]) -> str:
    return f"{used['zones'].path.parent.name or '本地区'}医疗卫生设施布局"


def _packs(used: dict[str, Guess]) -> list[str]:
    """Return the packs that seem to bind here, and the national one.

    A pack seems to when a file's path names its territory, or when its clauses name
    most counties of the files (zones, where there is no table of counties).
    """
    path = " ".join(str(guess.path.resolve()) for guess in used.values())
    table = used.get("counties", used["zones"])
    units = {name for name in table.names if len(name) >= _TELLING_NAME}
    found = []
    for pack_id in pack_ids():
        file = packs_folder() / f"{pack_id}.toml"
        content, _ = read_toml(file)
        head = (content or {}).get("pack", {})
        territory = str(head.get("territory", "")).rstrip("省市区县")
        if territory in ("", "全国"):
            continue
        text = file.read_text(encoding="utf-8")
        named = sum(name in text for name in units)
        if territory in path or named > len(units) / 2:
            found.append(pack_id)
    return [*found, "national"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else "?" for c in escaped) + '"'


def _commented(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


# --- writing --------------------------------------------------------------------------


def _write(folder: Path, used: dict[str, Guess], brief: str) -> None:
    """Write the folder, whole or not at all."""
    try:
        if folder.exists():
            folder.rmdir()  # it is empty: `_files` looked
        with finish_run(folder, marker=BRIEF) as part:
            for guess in used.values():
                for path in _with_companions(guess.path):
                    shutil.copyfile(path, part / path.name)
            (part / BRIEF).write_text(brief, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        text = Text(f"无法写入: {reason}", f"cannot be written: {reason}")
        raise InputError([Finding("folder-unwritable", text)]) from error


def _with_companions(path: Path) -> list[Path]:
    if path.suffix.lower() != ".shp":
        return [path]
    others = [
        p
        for p in sorted(path.parent.iterdir())
        if p.stem == path.stem and p.suffix.lower() in COMPANIONS
    ]
    return [path, *others]


def doubts(workspace: Workspace) -> list[Finding]:
    """Return what the planner should look at in a proposed brief."""
    findings = []
    for use, guess in workspace.used.items():
        if not guess.is_sure:
            text = Text(
                f"看作 {use}, 但只有部分列能认出", f"taken for {use}, not surely"
            )
            findings.append(
                Finding("use-doubtful", text, Severity.WARNING, guess.path.name)
            )
    for guess in workspace.others:
        findings += guess.findings
        text = Text("看不出用途, 没有采用", "no use was seen for it")
        if guess.use:
            other = workspace.used[guess.use].path.name
            text = Text(
                f"也像 {guess.use}, 已采用 {other}", f"{guess.use} too, {other} is used"
            )
        findings.append(Finding("file-not-used", text, Severity.NOTE, guess.path.name))
    return findings
