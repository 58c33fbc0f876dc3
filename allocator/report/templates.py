"""The words and the looks of the report, from files that a commission can change.

``zh.toml`` and ``en.toml`` hold titles, paragraphs and captions with placeholders in
braces; ``style.toml`` holds fonts, sizes and the logo. A folder of one's own may hold
any of them with only the keys that differ. See ``docs/report.md``.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Text, nearest
from allocator.report.values import PLACEHOLDERS
from allocator.resources import templates_folder
from allocator.schema import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from allocator.errors import Language

STYLE_FILE = "style.toml"
_WORDS = ("zh.toml", "en.toml")
_FORMATTER = string.Formatter()


@dataclass(frozen=True)
class Templates:
    """The templates of one language.

    Parameters
    ----------
    words
        Titles, paragraphs and captions by dotted name: ``aims.title``.
    style
        Fonts, sizes, margins by dotted name: ``body.font``.
    logo
        The picture on the cover; None: there is none.
    """

    words: Mapping[str, str]
    style: Mapping[str, str | float]
    logo: Path | None

    def say(self, name: str, values: Mapping[str, str]) -> str:
        """Return one line, its placeholders filled in; empty where it is not there."""
        return " ".join(self.words.get(name, "").split()).format_map(values)

    def paragraphs(self, name: str, values: Mapping[str, str]) -> list[str]:
        """Return the paragraphs of a text, which blank lines part.

        A paragraph is left out when any of its placeholders has nothing to say.
        """
        found = []
        for part in re.split(r"\n\s*\n", self.words.get(name, "")):
            lines = [line.strip() for line in part.strip().splitlines()]
            text = _joined(lines)
            if text and all(values[name] for name in _fields(text)):
                found.append(text.format_map(values))
        return found

    def number(self, name: str) -> float:
        """Return a size or a length of the style."""
        return float(self.style[name])


def _joined(lines: list[str]) -> str:
    """Join the lines of a paragraph: Chinese without a space, others with one."""
    text = ""
    for line in lines:
        gap = " " if text and text[-1].isascii() and line[:1].isascii() else ""
        text += gap + line
    return text


def _fields(text: str) -> list[str]:
    return [name for _, name, _, _ in _FORMATTER.parse(text) if name is not None]


def read_templates(
    folder: Path | None, language: Language
) -> tuple[Templates, list[Finding]]:
    """Read the bundled templates, and what a folder puts in their place.

    Parameters
    ----------
    folder
        A commission's own templates; None: the bundled ones as they are.
    language
        Of the report.

    Returns
    -------
    templates, findings
        The templates; with an error among the findings they are the bundled ones in
        part and must not be used.
    """
    bundled = templates_folder() / "report"
    names = (f"{language}.toml", STYLE_FILE)
    findings: list[Finding] = []
    merged: dict[str, dict[str, Any]] = {}
    for name in names:
        content, problems = _read(bundled / name, known=None)
        findings += problems
        merged[name] = content
        if folder is not None and (folder / name).exists():
            own, problems = _read(folder / name, known=content)
            findings += problems
            merged[name] = {**content, **own}
    words, style = (merged[name] for name in names)
    logo = str(style.get("cover.logo", ""))
    home = folder if folder is not None and logo else bundled
    return Templates(words, style, home / logo if logo else None), findings


def check_templates(folder: Path | None) -> list[Finding]:
    """Return everything that is wrong with the templates of a folder."""
    if folder is None:
        return []
    if not folder.is_dir():
        return [
            Finding(
                "templates-missing",
                Text("找不到报告模板文件夹", "there is no such folder of templates"),
                table=str(folder),
                column="report.templates",
                remedy=Text("检查路径是否写对", "check the path"),
            )
        ]
    known = {*_WORDS, STYLE_FILE}
    findings = [
        _unknown_file(path, sorted(known))
        for path in sorted(folder.glob("*.toml"))
        if path.name not in known
    ]
    zh, of_zh = read_templates(folder, "zh")
    _, of_en = read_templates(folder, "en")
    findings += of_zh
    findings += [finding for finding in of_en if finding not in of_zh]
    if zh.logo is not None and not zh.logo.resolve().is_relative_to(folder.resolve()):
        findings.append(
            Finding(
                "template-logo-outside",
                Text("封面图标不在模板文件夹里", "the logo lies outside the folder"),
                table=STYLE_FILE,
                column="cover.logo",
                value=zh.logo.name,
                remedy=Text(
                    "把 png 或 jpg 文件放进模板文件夹, 只写文件名",
                    "put a png or jpg file into the folder, and give its name only",
                ),
            )
        )
    elif zh.logo is not None and not zh.logo.is_file():
        findings.append(
            Finding(
                "template-logo-missing",
                Text("找不到封面图标", "there is no such logo"),
                table=STYLE_FILE,
                column="cover.logo",
                value=zh.logo.name,
                remedy=Text(
                    "把 png 或 jpg 文件放进模板文件夹",
                    "put a png or jpg file into the folder of templates",
                ),
            )
        )
    return findings


def _unknown_file(path: Path, known: list[str]) -> Finding:
    close = nearest(path.name, known) or known[0]
    return Finding(
        "template-unknown",
        Text("不是报告模板的文件名", "this is no name of a template"),
        table=path.name,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?"),
    )


def _read(
    path: Path, known: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[Finding]]:
    """Read a file into dotted names; keys that ``known`` lacks are refused."""
    content, findings = read_toml(path)
    if content is None:
        return {}, findings
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    flat = dict(_flat(content, ""))
    for name, value in flat.items():
        kind = None if known is None else type(known.get(name))
        if known is not None and name not in known:
            findings.append(_bad_key(path, name, text, list(known)))
        elif kind is not None and _wrong_kind(value, kind):
            findings.append(_bad_value(path, name, text, value))
        elif isinstance(value, str) and path.name in _WORDS:
            findings += _bad_fields(path, name, text, value)
    return flat, findings


def _flat(content: Mapping[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value


def _wrong_kind(value: object, kind: type) -> bool:
    number = kind in (int, float)
    if number:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        return not (right and float(value) > 0)  # type: ignore[arg-type]
    return not isinstance(value, kind)


def _line(text: str, start: str) -> str:
    """Return where a text first stands in a file, as planners count lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        if start in line:
            return f"第{number}行"
    return ""


def _place(text: str, start: str) -> tuple[str, ...]:
    line = _line(text, start)
    return (line,) if line else ()


def _bad_key(path: Path, name: str, text: str, known: list[str]) -> Finding:
    close = nearest(name, known)
    return Finding(
        "template-key-unknown",
        Text("模板没有这个键", "the template has no such key"),
        table=path.name,
        keys=_place(text, name.rpartition(".")[2]),
        column=name,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
        if close
        else Text("删去这个键", "remove the key"),
    )


def _bad_value(path: Path, name: str, text: str, value: object) -> Finding:
    return Finding(
        "template-value",
        Text("值的类型不对: 应与自带模板相同, 数字大于 0", "a value of another type"),
        table=path.name,
        keys=_place(text, name.rpartition(".")[2]),
        column=name,
        value=str(value),
        remedy=Text("照自带模板的写法改正", "write it as the bundled template does"),
    )


def _bad_fields(path: Path, name: str, text: str, value: str) -> list[Finding]:
    """Return what is wrong with the placeholders of one text."""
    try:
        fields = _fields(value)
        shaped = [
            field
            for _, field, spec, turned in _FORMATTER.parse(value)
            if field is not None and (spec or turned)
        ]
    except ValueError:
        first = next((c for c in re.findall(r"[^\n]*[{}][^\n]*", value)), "")
        return [
            Finding(
                "template-braces",
                Text("花括号没有配对", "braces do not match"),
                table=path.name,
                keys=_place(text, first.strip()),
                column=name,
                remedy=Text(
                    "占位符写作 {name}; 要印出花括号写 {{ 或 }}",
                    "write {name}; {{ and }} print a brace",
                ),
            )
        ]
    findings = [
        Finding(
            "template-placeholder",
            Text(
                "占位符里只写名称, 不写格式", "a placeholder is a name without a format"
            ),
            table=path.name,
            keys=_place(text, "{" + field),
            column=name,
            value=field,
            remedy=Text(f"写作 {{{field}}}", f"write {{{field}}}"),
        )
        for field in dict.fromkeys(shaped)
    ]
    for field in dict.fromkeys(fields):
        if field in PLACEHOLDERS:
            continue
        close = nearest(field, list(PLACEHOLDERS))
        remedy = (
            Text(f"是否应为 {{{close}}}?", f"did you mean {{{close}}}?")
            if close
            else Text("可用的占位符见 docs/report.md", "docs/report.md lists them")
        )
        findings.append(
            Finding(
                "template-placeholder",
                Text("没有这个占位符", "there is no such placeholder"),
                table=path.name,
                keys=_place(text, "{" + field),
                column=name,
                value=field,
                remedy=remedy,
            )
        )
    return findings
