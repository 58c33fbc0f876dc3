"""``allocator history``: how a plan came about, round by round."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.compare.changes import CHANGED, DROPPED, MOVED, OPENED
from allocator.compare.words import CHANGE_WORDS
from allocator.errors import Finding, InputError, Text
from allocator.export import plain_json
from allocator.outcome import TOTAL_NAMES
from allocator.pipeline.history import History, Step, read_history
from allocator.policy.terms import objective_words
from allocator.workbook import VERDICT_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.cli.console import Console

_KINDS = (MOVED, OPENED, DROPPED, CHANGED)
_TOTALS = ("capital_wan", "yearly_wan", "covered_people", "new_placements")
_MOST_CHANGES = 30  # named of one step; --json has all


def history(
    folder: Path, target: Path | None, console: Console, *, force: bool
) -> None:
    """Print the chains of runs in a folder, or write them as markdown.

    Raises
    ------
    InputError
        When there is no run, or the file cannot be written.
    """
    if target is not None and target.exists() and not force:
        text = Text("文件已存在, 不会覆盖", "the file exists and is not overwritten")
        raise InputError([Finding("file-exists", text, table=str(target))])
    found = read_history(folder, [Path.cwd()])
    lines = _page(folder, found, console)
    if target is not None:
        try:
            target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            text = Text("无法写出文件", "the file cannot be written")
            problem = Finding("file-unwritable", text, table=str(target))
            raise InputError([problem]) from error
    if console.as_json:
        console.data(_data(found, console))
        return
    console.findings(found.findings)
    for line in [str(target)] if target is not None else lines:
        console.result(line)


def _page(folder: Path, found: History, console: Console) -> list[str]:
    title = Text("方案沿革", "How the plan came about")
    lines = [f"# {title.say(console.language)}: {_safe(folder.resolve().name)}", ""]
    headings = (
        Text("方案", "run"),
        Text("评审的方案", "run reviewed"),
        Text("新意见", "new decisions"),
        Text("移位/新增/取消/变更", "moved/opened/dropped/changed"),
        Text("投资(万元)", "capital, 万元"),
        Text("覆盖人口", "people in reach"),
        Text("可重现", "reproducible"),
    )
    rows = [[text.say(console.language) for text in headings]]
    rows += [
        [text.say(console.language) for text in _row(step)] for step in found.steps
    ]
    lines += _table(rows)
    for step in found.steps:
        lines += ["", f"## {_safe(step.folder.name)}", ""]
        lines += [f"- {line.say(console.language)}" for line in _about(step, found)]
        if step.changes is not None:
            lines += _changes(step, console)
        lines += ["", *_figures(step, console)]
    return lines


def _row(step: Step) -> list[Text]:
    counts = _counts(step)
    totals = step.certificate["totals"]
    said = sum(sum(own.values()) for own in step.said.values())
    return [
        _same(_safe(step.folder.name)),
        _reviewed(step),
        _same(str(said)),
        _same("/".join(str(counts[kind]) for kind in _KINDS) if counts else "-"),
        _same(_number(totals.get("capital_wan"))),
        _same(_number(totals.get("covered_people"))),
        _YES if step.reproducible else _NO,
    ]


_YES, _NO = Text("是", "yes"), Text("否", "no")


def _same(text: str) -> Text:
    return Text(text, text)


def _number(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else "-"


def _reviewed(step: Step) -> Text:
    if step.parent is not None:
        return _same(_safe(step.parent.folder.name))
    if step.lost_parent:
        name = _safe(step.parent_name)
        return Text(f"{name} (缺)", f"{name} (missing)")
    return Text("首稿", "first proposal")


def _about(step: Step, found: History) -> list[Text]:
    status = {
        "optimal": Text("已证明最优", "proven optimal"),
        "feasible": Text("可行, 未证明最优", "feasible, not proven optimal"),
    }
    proof = status.get(str(step.certificate.get("status")), _same("-"))
    if step.certificate.get("best_effort"):
        number = len(step.certificate.get("gaps", ()))
        proof = Text(
            f"最大努力方案, {number} 处必须条款未满足",
            f"by best effort, {number} binding clauses are not kept",
        )
    reviewed = _reviewed(step)
    lines = [
        Text(f"结果: {proof.zh}", f"result: {proof.en}"),
        Text(f"评审的方案: {reviewed.zh}", f"run reviewed: {reviewed.en}"),
    ]
    for person, verdicts in step.said.items():
        lines.append(_person(person, verdicts))
    if step.obeyed:
        lines.append(
            Text(
                f"共执行 {step.obeyed} 条意见", f"obeys {step.obeyed} decisions in all"
            )
        )
    following = [one.folder.name for one in found.children(step)]
    if len(following) > 1:
        names = ", ".join(map(_safe, following))
        lines.append(Text(f"由此分出: {names}", f"branches into: {names}"))
    lines.append(_reproducible(step))
    return lines


def _person(person: str, verdicts: Mapping[str, int]) -> Text:
    name = _safe(person)
    zh = ", ".join(f"{VERDICT_WORDS[v].zh} {n}" for v, n in verdicts.items())
    en = ", ".join(f"{v} {n}" for v, n in verdicts.items())
    return Text(
        f"新意见, {name or '未署名'}: {zh}", f"new, {name or 'no name given'}: {en}"
    )


def _reproducible(step: Step) -> Text:
    if step.reproducible:
        return Text("可重现: 是", "reproducible: yes")
    words = {"changed": Text("已改", "changed"), "missing": Text("缺", "missing")}
    odd = [one for one in step.inputs if one.state != "same"]
    zh = [f"{_safe(one.file)} {words[one.state].zh}" for one in odd]
    en = [f"{_safe(one.file)} {words[one.state].en}" for one in odd]
    if step.lost_parent:
        name = _safe(step.parent_name)
        zh.append(f"所评审的方案 {name} 缺")
        en.append(f"the run reviewed, {name}, missing")
    return Text(f"可重现: 否 ({', '.join(zh)})", f"reproducible: no ({', '.join(en)})")


def _counts(step: Step) -> dict[str, int]:
    if step.changes is None:
        return {}
    kinds = step.changes["change"]
    return {kind: int((kinds == kind).sum()) for kind in _KINDS}


def _changes(step: Step, console: Console) -> list[str]:
    """Return one line for each placement that changed."""
    if step.changes is None or step.changes.empty:
        return [
            f"- {Text('设置没有变动', 'no placement changed').say(console.language)}"
        ]
    services = step.certificate.get("services", {})
    lines = []
    for row in step.changes.head(_MOST_CHANGES).to_dict("records"):
        word = CHANGE_WORDS[row["change"]].say(console.language)
        place = f"{row['site_id']} {row['name']}"
        if row["to_site_id"]:
            place += f" → {row['to_site_id']} {row['to_name']} ({row['km']:.1f} km)"
        service = services.get(row["service"], row["service"])
        lines.append(f"- {word}: {_safe(place)}, {_safe(str(service))}")
    more = len(step.changes) - len(lines)
    if more > 0:
        lines.append(f"- {Text(f'另 {more} 项', f'{more} more').say(console.language)}")
    return lines


def _figures(step: Step, console: Console) -> list[str]:
    """Return objectives and totals, beside those of the run reviewed."""
    before = {} if step.parent is None else _values(step.parent)
    rows = [
        [
            text.say(console.language)
            for text in (
                Text("指标", "figure"),
                Text("所评审的方案", "run reviewed"),
                Text("本方案", "this run"),
            )
        ]
    ]
    for name, (words, value) in _values(step).items():
        old = before.get(name)
        rows.append(
            [
                words.say(console.language),
                "-" if old is None else _figure(old[1]),
                _figure(value),
            ]
        )
    return _table(rows)


def _values(step: Step) -> dict[str, tuple[Text, float | None]]:
    found: dict[str, tuple[Text, float | None]] = {}
    for one in step.certificate["objectives"]:
        found[one["name"]] = _words(one["name"]), one["value"]
    totals = step.certificate["totals"]
    for name in _TOTALS:
        if name in totals and name not in found:
            words = TOTAL_NAMES.get(name) or _words(name)
            found[name] = words, totals[name]
    return found


def _words(name: str) -> Text:
    try:
        return objective_words(name)
    except KeyError:  # of another version of the program
        return _same(_safe(name))


def _figure(value: object) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.6g}"  # noqa: PLR2004


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]


def _safe(text: str) -> str:
    """Return a text that breaks no line and no table of a page."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    for mark in "\\|<>[]`*_#":
        kept = kept.replace(mark, f"\\{mark}" if mark != "_" else mark)
    return " ".join(kept.split())


def _data(found: History, console: Console) -> Any:  # noqa: ANN401 (any JSON value)
    return plain_json(
        {
            "exit_code": 0,
            "steps": [_step_data(step, found) for step in found.steps],
            "findings": [f.as_dict(console.language) for f in found.findings],
        }
    )


def _step_data(step: Step, found: History) -> dict[str, Any]:
    changes = step.changes
    columns = ["change", "site_id", "name", "service", "to_site_id", "to_name", "km"]
    return {
        "folder": str(step.folder),
        "sha256": step.sha256,
        "parent": None if step.parent is None else str(step.parent.folder),
        "parent_stated": step.parent_name or None,
        "round": step.rounds,
        "next": [str(one.folder) for one in found.children(step)],
        "status": step.certificate.get("status"),
        "decisions": {"new": step.said, "obeyed": step.obeyed},
        "changes": None if changes is None else changes[columns].to_dict("records"),
        "objectives": {o["name"]: o["value"] for o in step.certificate["objectives"]},
        "totals": step.certificate["totals"],
        "reproducible": step.reproducible,
        "brief": None if step.brief is None else str(step.brief),
        "inputs": [
            {"file": one.file, "state": one.state, "path": str(one.path or "")}
            for one in step.inputs
        ],
    }
