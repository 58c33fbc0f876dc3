"""Checking TOML against typed models, with findings in the planner's language."""

from __future__ import annotations

import errno
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Severity, Text, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pydantic import ValidationError

MOST_DEPTH = 20  # of tables and lists; packs and briefs need six
MOST_TOML_BYTES = (
    5_000_000  # a brief or pack of more than 5 MB is a mistake or an attack
)


def read_toml(path: Path) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Read a TOML file.

    Returns
    -------
    content, findings
        The content, or None with at least one finding when the file is missing, too
        large, not UTF-8 (GB18030 is tried and reported), or not TOML.
    """
    findings: list[Finding] = []

    def bad(code: str, message: Text, remedy: Text | None = None) -> list[Finding]:
        return [*findings, Finding(code, message, table=path.name, remedy=remedy)]

    try:
        if path.exists() and not path.is_file():
            # A device or a pipe has no end, or never begins.
            raise IsADirectoryError(errno.EISDIR, "no regular file", str(path))
        if path.stat().st_size > MOST_TOML_BYTES:
            return None, bad(
                "toml-too-large",
                Text("文件过大", "the file is too large"),
                Text(
                    f"应小于 {MOST_TOML_BYTES // 1_000_000} MB; 数据写在表格里",
                    f"keep it below {MOST_TOML_BYTES // 1_000_000} MB; data goes into "
                    "tables",
                ),
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        return None, bad(
            "file-missing",
            Text(f"找不到文件 {path}", f"there is no file {path}"),
            Text("检查路径是否写对", "check the path"),
        )
    except OSError as error:
        return None, bad(
            "file-unreadable",
            Text(f"无法读取 {path}", f"{path} cannot be read: {error.strerror}"),
            Text(
                "应为 .toml 文件的路径 (不是文件夹), 且可以读取",
                "give the path of a .toml file (no folder) that may be read",
            ),
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            return None, bad(
                "file-encoding",
                Text("既不是 UTF-8 也不是 GB18030 编码", "neither UTF-8 nor GB18030"),
                Text("另存为 UTF-8", "save it as UTF-8"),
            )
        findings.append(
            Finding(
                "file-encoding",
                Text("按 GB18030 读取", "read as GB18030"),
                Severity.NOTE,
                path.name,
            )
        )
    return _parse(text, path.name, findings)


def _parse(
    text: str, table: str, findings: list[Finding]
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return the content of a TOML text, or None with one finding more."""
    content: dict[str, Any] = {}
    is_deep = _LONG_KEY.search(text) is not None
    if not is_deep:
        try:
            content = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            # Not only TOMLDecodeError: numbers of thousands of digits raise another.
            return None, [*findings, _toml_fault(error, text, table)]
    if not (is_deep or _is_deep(content)):
        return content, findings
    message = Text(
        f"表和列表嵌套超过 {MOST_DEPTH} 层", f"nested more than {MOST_DEPTH} deep"
    )
    remedy = Text("对照示例改写", "write it after the examples")
    return None, [
        *findings,
        Finding("toml-too-deep", message, table=table, remedy=remedy),
    ]


# Keys of a hundred parts: the parser's time grows with the square of their number.
_LONG_KEY = re.compile(
    r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}"
)


def _is_deep(content: object) -> bool:
    """Whether tables and lists lie in one another deeper than `MOST_DEPTH`."""
    level: list[Any] = [content]
    for _ in range(MOST_DEPTH):
        inner = [
            part
            for held in level
            for part in (held.values() if isinstance(held, dict) else held)
            if isinstance(part, dict | list)
        ]
        if not inner:
            return False
        level = inner
    return True


# What `tomllib` says, by how its message begins, and what to do about it.
_TOML_FAULTS = {
    "Invalid value": (
        Text("等号后面不是有效的值", "no valid value after the equals sign"),
        Text(
            '文字加双引号 "...", 列表用 [...], 数字和 true/false 不加引号',
            'put text in "...", lists in [...], numbers and true/false in no quotes',
        ),
    ),
    "Cannot overwrite a value": (
        Text("同一个键写了两次", "a key is given twice"),
        Text("只保留一处", "keep one of them"),
    ),
    "Duplicate": (
        Text("同一个键写了两次", "a key is given twice"),
        Text("只保留一处", "keep one of them"),
    ),
    "Cannot mutate": (
        Text("同一个键写了两次", "a key is given twice"),
        Text("只保留一处", "keep one of them"),
    ),
    "Cannot declare": (
        Text("同一个部分写了两次", "a section is declared twice"),
        Text(
            "合并为一处; 可有多个的写 [[...]]",
            "put them together; write [[...]] for one of several",
        ),
    ),
    "Expected ']": (
        Text("方括号没有配对", "square brackets do not match"),
        Text("写成 [pack] 或 [[rule]]", "write [pack] or [[rule]]"),
    ),
    "Expected '='": (
        Text("键后面缺等号", "no equals sign after a key"),
        Text("写成 键 = 值", "write key = value"),
    ),
    "Expected newline": (
        Text("值后面有多余的内容", "something follows a value"),
        Text("一行只写一个键", "write one key a line"),
    ),
    "Unclosed array": (
        Text("列表 [ 没有结束", "a list [ is not closed"),
        Text("补上 ]", "add the ]"),
    ),
    "Unclosed inline table": (
        Text("表 { 没有结束", "a table { is not closed"),
        Text("补上 }, 写在同一行", "add the }, on the same line"),
    ),
    "Unterminated string": (
        Text("文字没有结束的引号", "text without its closing quote"),
        Text("补上引号", "add the quote"),
    ),
    "Illegal character": (
        Text(
            "文字没有结束的引号, 或有不可见字符", "no closing quote, or a hidden sign"
        ),
        Text("补上引号, 或重新输入这一行", "add the quote, or type the line again"),
    ),
    "Unescaped": (
        Text("文字中的反斜杠要写两个", "a backslash in text is written twice"),
        Text("用 / 或 \\\\", "use / or \\\\"),
    ),
}
_AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


def _toml_fault(error: Exception, text: str, table: str) -> Finding:
    """Say where a file stops being TOML, and why, in the planner's words.

    The words of `tomllib` are never shown: they are English, and about its grammar.
    """
    said = str(error)
    lines = text.splitlines()
    place = _AT_LINE.search(said)
    line = int(place.group(1)) if place else max(1, len(lines))
    what, remedy = next(
        (words for start, words in _TOML_FAULTS.items() if said.startswith(start)),
        (
            Text("这里的写法不是 TOML", "this is not TOML"),
            Text("对照示例改正这一行", "correct the line after the examples"),
        ),
    )
    return Finding(
        "toml-invalid",
        Text(f"第 {line} 行: {what.zh}", f"line {line}: {what.en}"),
        table=table,
        value=lines[line - 1].strip()[:80] if line <= len(lines) else "",
        remedy=remedy,
    )


# Pydantic error types that planners meet: what is wrong, and how to write it. Others
# fall back on words of our own in Chinese and pydantic's in English.
_TEXT = Text('加引号, 如 "C210"', 'put it in quotes: "C210"')
_COUNT = Text("写成整数, 如 3 (不加引号)", "write a whole number: 3, without quotes")
_NUMBER = Text("写成数字, 如 0.9 (不加引号)", "write a number: 0.9, without quotes")
_LIST = Text('写成 ["C210", "C220"]', 'write ["C210", "C220"]')
_TABLE = Text('写成 { class = ["C210"] }', 'write { class = ["C210"] }')
_WORDS = {
    "missing": (Text("缺少必填项", "a required key is missing"), None),
    "string_type": (Text("应为文字", "must be text"), _TEXT),
    "int_type": (Text("应为整数", "must be a whole number"), _COUNT),
    "int_parsing": (Text("应为整数", "must be a whole number"), _COUNT),
    "int_from_float": (Text("应为整数", "must be a whole number"), _COUNT),
    "float_type": (Text("应为数字", "must be a number"), _NUMBER),
    "float_parsing": (Text("应为数字", "must be a number"), _NUMBER),
    "finite_number": (Text("应为有限的数", "must be a finite number"), _NUMBER),
    "bool_type": (Text("应为 true 或 false", "must be true or false"), None),
    "bool_parsing": (Text("应为 true 或 false", "must be true or false"), None),
    "list_type": (Text("应为列表 [...]", "must be a list [...]"), _LIST),
    "tuple_type": (Text("应为列表 [...]", "must be a list [...]"), _LIST),
    "dict_type": (Text("应为表 {...}", "must be a table {...}"), _TABLE),
    "dataclass_type": (Text("应为表 {...}", "must be a table {...}"), _TABLE),
    "model_type": (Text("应为表 {...}", "must be a table {...}"), _TABLE),
    "string_too_short": (
        Text("不能为空", "must not be empty"),
        Text("写上内容, 或删去这个键", "fill it in, or remove the key"),
    ),
    "too_short": (
        Text("至少要有一项", "must not be empty"),
        Text("写上内容, 或删去这个键", "fill it in, or remove the key"),
    ),
}
_LIMITS = {
    "greater_than": ("gt", "应大于", "must be greater than"),
    "greater_than_equal": ("ge", "应不小于", "must be at least"),
    "less_than": ("lt", "应小于", "must be less than"),
    "less_than_equal": ("le", "应不大于", "must be at most"),
}


def findings_from(
    error: ValidationError,
    *,
    table: str,
    known: dict[tuple[str, ...], Iterable[str]],
    where: str = "",
    code: str = "key",
) -> list[Finding]:
    """Return one finding for every problem that pydantic found.

    Parameters
    ----------
    error
        What pydantic raised.
    table
        The file that was checked.
    known
        The known keys of each section, by the section's path without list positions;
        the nearest one is offered for an unknown key.
    where
        The row concerned, a rule id say; empty for a whole file.
    code
        Prefix of the codes: ``<code>-unknown``, ``<code>-missing``, ``<code>-invalid``.
    """
    findings = []
    for problem in error.errors(include_url=False):
        path = tuple(str(part) for part in problem["loc"] if not isinstance(part, int))
        kind = problem["type"]
        column = ".".join(path)
        value = problem["input"]
        remedy = None
        suffix = "invalid"
        if kind in ("extra_forbidden", "unexpected_keyword_argument"):
            suffix = "unknown"
            message = Text("不认识的键", "unknown key")
            close = nearest(path[-1], known.get(path[:-1], ()))
            if close:
                remedy = Text(f"是否应为 {close}?", f"did you mean {close}?")
            else:
                remedy = Text("删去这个键", "remove this key")
            value = path[-1]
        elif kind in _LIMITS:
            limit, zh, en = _LIMITS[kind]
            bound = problem["ctx"][limit]
            message = Text(f"{zh} {bound:g}", f"{en} {bound:g}")
            remedy = _in_bounds(
                path[-1] if path else "", f"{zh} {bound:g}", f"{en} {bound:g}"
            )
        elif kind in ("literal_error", "enum"):
            expected = problem["ctx"]["expected"].replace(" or ", ", ")
            message = Text(f"应为 {expected} 之一", f"must be one of {expected}")
            close = nearest(str(value), expected.replace("'", "").split(", "))
            remedy = (
                Text(f"是否应为 {close}?", f"did you mean {close}?")
                if close
                else Text("选其中之一", "choose one of them")
            )
        elif kind == "value_error" and isinstance(
            problem["ctx"]["error"], BilingualError
        ):
            message = problem["ctx"]["error"].text
            remedy = problem["ctx"]["error"].remedy
        else:
            other = (Text("不能识别的写法", problem["msg"]), None)
            message, remedy = _WORDS.get(kind, other)
            if kind == "missing":
                suffix = "missing"
                remedy = Text(f"补上 {path[-1]} = ...", f"add {path[-1]} = ...")
        plain = isinstance(value, (str, int, float, list, tuple))
        shown = str(value) if plain and kind != "missing" else ""
        findings.append(
            Finding(
                f"{code}-{suffix}",
                message,
                table=table,
                keys=(where,) if where else (),
                column=column,
                value=shown[:80],
                remedy=remedy,
            )
        )
    return findings


def _in_bounds(key: str, zh: str, en: str) -> Text:
    """Say what to write for a number that is out of bounds."""
    if key == "share" or key.endswith("_share"):
        return Text("百分比写成小数, 如 90% 写 0.9", "write 90 % as 0.9")
    return Text(f"改成{zh.removeprefix('应')}的数", f"give a number that {en}")


class BilingualError(ValueError):
    """A value that a validator refuses: why, and what to do, in both languages."""

    def __init__(self, zh: str, en: str, remedy: Text | None = None) -> None:
        self.text = Text(zh, en)
        self.remedy = remedy
        super().__init__(en)


def write_toml(content: Mapping[str, Any]) -> str:
    """Return TOML that reads as ``content``: sections, then lists of sections.

    Comments are not kept, since reading does not keep them.
    """
    lines = [
        f"{_toml_key(key)} = {_toml_value(value)}"
        for key, value in content.items()
        if not (isinstance(value, dict) or _is_sections(value))
    ]
    for key, value in content.items():
        if isinstance(value, dict):
            lines += ["", f"[{_toml_key(key)}]", *_toml_body(value)]
        elif _is_sections(value):
            for section in value:
                lines += ["", f"[[{_toml_key(key)}]]", *_toml_body(section)]
    return "\n".join(lines).lstrip() + "\n"


def _toml_body(section: Mapping[str, Any]) -> list[str]:
    return [f"{_toml_key(k)} = {_toml_value(v)}" for k, v in section.items()]


def _is_sections(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, dict) for part in value)
    )


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON escapes what TOML does, but for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, dict):
        inner = ", ".join(
            f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()
        )
        return "{ " + inner + " }" if inner else "{}"
    return str(value)
