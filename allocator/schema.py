"""Checking TOML against typed models, with findings in the planner's language."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Severity, Text, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic import ValidationError

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
        if path.stat().st_size > MOST_TOML_BYTES:
            return None, bad(
                "toml-too-large", Text("文件过大", "the file is too large")
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
    try:
        return tomllib.loads(text), findings
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, bad(
            "toml-invalid",
            Text(f"不是有效的 TOML: {error}", f"not valid TOML: {error}"),
            Text("按提示的行列修改", "correct it at the line given"),
        )


# Pydantic error types that planners meet, in words; others fall back on pydantic's own.
_WORDS = {
    "missing": Text("缺少必填项", "a required key is missing"),
    "string_type": Text("应为文字", "must be text"),
    "int_type": Text("应为整数", "must be a whole number"),
    "int_parsing": Text("应为整数", "must be a whole number"),
    "int_from_float": Text("应为整数", "must be a whole number"),
    "float_type": Text("应为数字", "must be a number"),
    "float_parsing": Text("应为数字", "must be a number"),
    "bool_type": Text("应为 true 或 false", "must be true or false"),
    "list_type": Text("应为列表 [...]", "must be a list [...]"),
    "tuple_type": Text("应为列表 [...]", "must be a list [...]"),
    "dict_type": Text("应为表 {...}", "must be a table {...}"),
    "string_too_short": Text("不能为空", "must not be empty"),
    "too_short": Text("至少要有一项", "must not be empty"),
    "finite_number": Text("应为有限的数", "must be a finite number"),
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
            message = Text(f"{zh} {bound}", f"{en} {bound}")
        elif kind in ("literal_error", "enum"):
            expected = problem["ctx"]["expected"].replace(" or ", ", ")
            message = Text(f"应为 {expected} 之一", f"must be one of {expected}")
            close = nearest(str(value), expected.replace("'", "").split(", "))
            remedy = (
                Text(f"是否应为 {close}?", f"did you mean {close}?") if close else None
            )
        elif kind == "value_error" and isinstance(
            problem["ctx"]["error"], BilingualError
        ):
            message = problem["ctx"]["error"].text
        else:
            words = _WORDS.get(kind)
            message = words or Text(problem["msg"], problem["msg"])
            suffix = "missing" if kind == "missing" else suffix
        shown = "" if kind == "missing" or isinstance(value, dict) else str(value)
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


class BilingualError(ValueError):
    """A value that a validator refuses, with the reason in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)
