"""Reading policy packs: TOML files of services, resources and rules.

A pack is checked against its schema before anything is computed, and every problem is
a finding that names the file, the rule and the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from allocator.errors import Finding, Text, errors_in, nearest
from allocator.policy.rules import (
    EARLIEST_YEAR,
    KINDS,
    LATEST_YEAR,
    Members,
    Network,
    Priority,
    Resource,
    Rule,
    Scope,
    Service,
)
from allocator.policy.terms import OBJECTIVES
from allocator.resources import pack_ids, packs_folder
from allocator.schema import BilingualError, findings_from, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def _an_objective(name: str) -> str:
    if name not in OBJECTIVES:
        close = nearest(name, OBJECTIVES)
        raise BilingualError(
            "没有这个目标",
            "there is no such objective",
            Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else Text(f"用 {', '.join(OBJECTIVES)}", f"use {', '.join(OBJECTIVES)}"),
        )
    return name


class PackHead(BaseModel):
    """The ``[pack]`` section: which text this is.

    ``objective`` is the order of objectives that the pack stands for; a brief that
    states its own wins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1)]
    document: str = ""
    territory: str = ""
    source: str = ""
    note: str = ""
    objective: tuple[Annotated[str, AfterValidator(_an_objective)], ...] = ()


class Parameter(BaseModel):
    """One number of a pack that a brief may replace.

    Without a default the brief must give it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: float | None = None
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Pack:
    """One policy text: its head, services, resources, rules and networks, in order.

    ``file`` is the name of the file that it was read from.
    """

    head: PackHead
    services: tuple[Service, ...]
    resources: tuple[Resource, ...]
    rules: tuple[Rule, ...]
    networks: tuple[Network, ...] = ()
    file: str = ""


@dataclass(frozen=True)
class Policy:
    """Everything that binds a plan: the packs of a brief, read together.

    Parameters
    ----------
    packs
        In the order of the brief.
    services, resources, networks
        By id, in the order of the packs. The earlier of two declarations holds.
    rules
        All rules, in the order of the packs and of each file.
    files
        The name of the file that declares each service, by id.
    """

    packs: tuple[PackHead, ...]
    services: Mapping[str, Service]
    resources: Mapping[str, Resource]
    rules: tuple[Rule, ...]
    networks: Mapping[str, Network] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def below(self, network: Network) -> tuple[Network, ...]:
        """Return the networks under one, the lowest first.

        Policies that `combine` accepts have no circles: the lowest divides zones.
        """
        chain: list[Network] = []
        while network.above is not None:
            network = self.networks[network.above]
            chain.append(network)
        return tuple(reversed(chain))

    def tier(self, network_id: str) -> int:
        """Return the tier of a network: 1 when it divides zones, else one more."""
        return len(self.below(self.networks[network_id])) + 1

    def at_year(self, year: int | None) -> Policy:
        """Return the policy with the figures that target paths ask for in a year."""
        rules = [rule.at_year(year) for rule in self.rules]
        return replace(self, rules=tuple(rule for rule in rules if rule is not None))

    def before_last(self, year: int) -> Policy:
        """Return the policy as it binds in a phase that is not the last.

        Rules that are due by the year, and those with a target path, bind; the others
        are reported till the last phase. Reach without a share is weighed in all.
        """

        def later(rule: Rule) -> Rule:
            due = rule.due is not None and rule.due <= year
            if due or rule.has_path or getattr(rule, "share", 1.0) is None:
                return rule
            return replace(rule, priority=Priority.MAY)

        early = replace(self, rules=tuple(later(rule) for rule in self.rules))
        return early.at_year(year)

    @property
    def objective(self) -> tuple[str, ...]:
        """The objective order of the first pack that states one; else empty."""
        return next((head.objective for head in self.packs if head.objective), ())


def pack_path(name: str, folder: Path) -> tuple[Path | None, list[Finding]]:
    """Find a pack: a path (relative to ``folder``), or the id of a bundled pack."""
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return folder / name, []
    if name in pack_ids():
        return packs_folder() / f"{name}.toml", []
    close = nearest(name, pack_ids())
    remedy = (
        Text(f"是否应为 {close}?", f"did you mean {close}?")
        if close
        else Text(
            "用 allocator packs 查看可用的政策包,或写出 .toml 文件的路径",
            "see `allocator packs`, or give the path of a .toml file",
        )
    )
    message = Text(f"没有名为 {name} 的政策包", f"there is no pack called {name}")
    return None, [Finding("pack-unknown", message, column="packs", remedy=remedy)]


def read_pack(
    path: Path, parameters: Mapping[str, float] | None = None
) -> tuple[Pack | None, list[Finding]]:
    """Read one pack file.

    Parameters
    ----------
    path
        The TOML file.
    parameters
        Numbers of the brief that replace the pack's defaults; names that the pack
        does not declare are left to the caller.

    Returns
    -------
    pack, findings
        The pack, or None with every problem found in the file.
    """
    content, findings = read_toml(path)
    if content is None:
        return None, findings
    table = path.name
    findings += _unknown_sections(content, table)
    source = _Source(table, content, findings)
    head = _validated(PackHead, content.get("pack", {}), source, "pack")
    _read_parameters(source, parameters or {})
    services: list[Service] = _items(Service, source, "service")
    resources: list[Resource] = _items(Resource, source, "resource")
    networks: list[Network] = _items(Network, source, "network")
    rules = _rules(source)
    for section in (services, resources, networks):
        findings += _repeated([item.id for item in section], table)
    findings += _repeated([rule.id for rule in rules], table)
    if head is None or errors_in(findings):
        return None, findings
    named = tuple(replace(rule, pack=head.id, file=table) for rule in rules)
    return (
        Pack(head, tuple(services), tuple(resources), named, tuple(networks), table),
        findings,
    )


def declared_parameters(path: Path, *, required: bool = False) -> tuple[str, ...]:
    """Return the names of the parameters that a pack declares; empty if unreadable.

    With ``required`` only those without a default.
    """
    content, _ = read_toml(path)
    section = (content or {}).get("parameters", {})
    if not isinstance(section, dict):
        return ()
    return tuple(
        name
        for name, body in section.items()
        if not required or (isinstance(body, dict) and "default" not in body)
    )


_SECTIONS = ("pack", "parameters", "service", "resource", "network", "rule")


def _unknown_sections(content: Mapping[str, Any], table: str) -> list[Finding]:
    findings = []
    for key in content:
        if key not in _SECTIONS:
            close = nearest(key, _SECTIONS)
            findings.append(
                Finding(
                    "pack-key-unknown",
                    Text("不认识的部分", "unknown section"),
                    table=table,
                    column=key,
                    remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                    if close
                    else Text("删去这一部分", "remove this section"),
                )
            )
    return findings


@dataclass
class _Source:
    """One pack file being read: its name, its parameters, and what was found wrong."""

    table: str
    content: Mapping[str, Any]
    findings: list[Finding]
    parameters: dict[str, float] = field(default_factory=dict)

    def refuse(
        self,
        code: str,
        message: Text,
        *,
        where: str = "",
        column: str = "",
        value: str = "",
        remedy: Text | None = None,
    ) -> None:
        """Add an error about this file."""
        keys = (where,) if where else ()
        self.findings.append(
            Finding(
                code,
                message,
                table=self.table,
                keys=keys,
                column=column,
                value=value,
                remedy=remedy,
            )
        )

    def tables(self, section: str) -> list[tuple[str, dict[str, Any]]]:
        """Return (id or position, body) of each table of an array of tables."""
        found = self.content.get(section, [])
        if isinstance(found, list) and all(isinstance(item, dict) for item in found):
            return [
                (str(item.get("id", f"{section} {position}")), item)
                for position, item in enumerate(found, 1)
            ]
        message = Text(f"应写成 [[{section}]]", f"write it as [[{section}]]")
        self.refuse("pack-key-invalid", message, column=section)
        return []


def _read_parameters(source: _Source, given: Mapping[str, float]) -> None:
    """Give every declared parameter its value, the brief's before the default."""
    section = source.content.get("parameters", {})
    if not isinstance(section, dict):
        message = Text("[parameters] 应为表", "[parameters] must be a table")
        source.refuse("pack-key-invalid", message)
        return
    for name, body in section.items():
        whole = body if isinstance(body, dict) else {"default": body}
        parameter = _validated(Parameter, whole, source, f"parameters.{name}")
        if parameter is None:
            continue
        value = given.get(name, parameter.default)
        if value is None:
            source.refuse(
                "parameter-missing",
                Text(f"参数 {name} 没有值", f"parameter {name} has no value"),
                column=f"parameters.{name}",
                remedy=Text(
                    f"在任务书 [policy.parameters] 中写 {name} = ...",
                    f"give {name} = ... in [policy.parameters] of the brief",
                ),
            )
            continue
        is_whole = float(value).is_integer()
        source.parameters[name] = int(value) if is_whole else value


def _substituted(
    value: Any,  # noqa: ANN401 (any TOML value)
    parameters: Mapping[str, float],
    unknown: list[str],
) -> Any:  # noqa: ANN401
    """Replace every ``"$name"`` in a TOML value; unknown names are collected."""
    if isinstance(value, str) and value.startswith("$"):
        name = value[1:]
        if name not in parameters:
            unknown.append(name)
            return 1  # a stand-in, so that the rest of the rule is still checked
        return parameters[name]
    if isinstance(value, dict):
        return {k: _substituted(v, parameters, unknown) for k, v in value.items()}
    if isinstance(value, list):
        return [_substituted(v, parameters, unknown) for v in value]
    return value


def _with_parameters(
    body: dict[str, Any], source: _Source, where: str
) -> dict[str, Any] | None:
    """Return the body with figures for ``"$name"``; None where any has no value."""
    unknown: list[str] = []
    result: dict[str, Any] = _substituted(body, source.parameters, unknown)
    declared = source.content.get("parameters", {})
    for name in unknown:
        if name in declared:
            continue  # declared, without a value: reported where it is declared
        close = nearest(name, declared)
        source.refuse(
            "parameter-unknown",
            Text(f"参数 ${name} 未声明", f"parameter ${name} is not declared"),
            where=where,
            remedy=Text(f"是否应为 ${close}?", f"did you mean ${close}?")
            if close
            else Text("在 [parameters] 中声明它", "declare it in [parameters]"),
        )
    return None if unknown else result


def _field_names(kind: type[Any]) -> tuple[str, ...]:
    if issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    hidden = _SET_BY_READER
    names = {"facility_class": "class"}
    return tuple(
        names.get(f.name, f.name) for f in fields(kind) if f.name not in hidden
    )


def _validated(
    kind: type[Any], body: Mapping[str, Any], source: _Source, where: str
) -> Any:  # noqa: ANN401 (a ``kind``)
    """Return ``body`` as a ``kind``, or None with findings added."""
    known: dict[tuple[str, ...], Iterable[str]] = {(): _field_names(kind)}
    for name in ("scope", "serves"):
        known[(name,)] = _field_names(Scope)
    for name in ("of", "hosts", "held_by", "at", "leads", "members"):
        known[(name,)] = _field_names(Members)
    try:
        return TypeAdapter(kind).validate_python(body)
    except ValidationError as error:
        source.findings += findings_from(
            error, table=source.table, known=known, where=where, code="pack-key"
        )
        return None


def _items(kind: type[Any], source: _Source, section: str) -> list[Any]:
    items = []
    for where, raw in source.tables(section):
        body = _with_parameters(raw, source, where)
        if body is None:
            continue
        item = _validated(kind, body, source, where)
        if item is not None:
            items.append(item)
    return items


def _rules(source: _Source) -> list[Rule]:
    rules = []
    for where, raw in source.tables("rule"):
        body = _with_parameters(raw, source, where)
        rule = None if body is None else _rule(body, source, where)
        if rule is not None:
            rules.append(rule)
    return rules


# What an alternative takes from its rule when it does not state it.
_INHERITED = ("id", "clause", "quote", "priority", "due", "unit", "scope", "source")


def _rule(body: dict[str, Any], source: _Source, where: str) -> Rule | None:
    kind = _rule_kind(body, source, where)
    others = body.get("any_of", [])
    if not isinstance(others, list) or not all(isinstance(o, dict) for o in others):
        message = Text("any_of 应为表的列表", "any_of must be a list of tables")
        source.refuse("pack-key-invalid", message, where=where)
        return None
    alternatives: list[Rule] = []
    for other in others:
        inherited = {key: body[key] for key in _INHERITED if key in body}
        if "service" in body and other.get("kind") != "indicator":
            inherited["service"] = body["service"]
        _refuse_own_terms(body, other, source, f"{where} any_of")
        alternative = _rule({**inherited, **other}, source, f"{where} any_of")
        if alternative is not None:
            alternatives.append(alternative)
    if kind is None:
        return None
    own = {key: value for key, value in body.items() if key not in ("kind", "any_of")}
    for key in _SET_BY_READER & set(own):
        own[f"{key} "] = own.pop(key)  # an unknown key when a pack writes it
    path = _take_path(own, source, where)
    if path is None:
        return None
    rule: Rule | None = _validated(kind, own, source, where)
    if rule is None:
        return None
    rule = replace(rule, any_of=tuple(alternatives), path=path)
    _check_every_year(rule, source, where)
    return rule


# What is the same for all readings of a rule, with what a rule that is silent means.
_COMMON = {"priority": "must", "due": None, "unit": "area"}


def _refuse_own_terms(
    body: Mapping[str, Any], other: Mapping[str, Any], source: _Source, where: str
) -> None:
    """Refuse a reading that has readings, or holds elsewhere than its rule."""
    for key, default in _COMMON.items():
        if key in other and other[key] != body.get(key, default):
            source.refuse(
                "reading-differs",
                Text("与条款本身不一致", "not the same as the rule's own"),
                where=where,
                column=key,
                value=str(other[key]),
                remedy=Text(
                    "各读法同用条款的 priority、due、unit, 从读法中删去",
                    "readings share the rule's priority, due and unit: remove it",
                ),
            )
    if "any_of" in other or "site" in (body.get("unit"), other.get("unit")):
        source.refuse(
            "reading-nested",
            Text(
                '读法下不能再写 any_of, unit = "site" 的条款不能有读法',
                'a reading has no readings, and unit = "site" has none',
            ),
            where=where,
            remedy=Text("全部写在条款的 any_of 下", "put all under the rule's any_of"),
        )


def _check_every_year(rule: Rule, source: _Source, where: str) -> None:
    """Refuse a target path with a figure that could not stand in the rule itself."""
    for year in sorted({step[1] for step in rule.path}):
        try:
            replace(rule, any_of=()).at_year(year)
        except ValidationError as error:
            source.findings += findings_from(
                error,
                table=source.table,
                known={},
                where=f"{where} {year}",
                code="pack-key",
            )


_SET_BY_READER = {"pack", "path", "file"}
_FIGURES = ("share", "lo", "hi")


def _take_path(
    own: dict[str, Any], source: _Source, where: str
) -> tuple[tuple[str, int, float], ...] | None:
    """Replace figures by year with the last one, and return all of them in order.

    None when what is written is no path.
    """
    steps: list[tuple[str, int, float]] = []
    for key in _FIGURES:
        figures = own.get(key)
        if not isinstance(figures, dict):
            continue
        years = sorted(year for year in figures if _is_year(year))
        numbers = [figures[year] for year in years]
        if len(years) != len(figures) or not all(
            isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers
        ):
            message = Text(
                "目标路径应写成 {2023 = 0.7, 2025 = 0.9}",
                "write a target path as {2023 = 0.7, 2025 = 0.9}",
            )
            source.refuse(
                "pack-key-invalid",
                message,
                where=where,
                column=key,
                remedy=Text(
                    "键是年份, 值是数字", "each key a year, each value a number"
                ),
            )
            return None
        if years:
            own[key] = numbers[-1]
            steps += [(key, int(y), n) for y, n in zip(years, numbers, strict=True)]
    return tuple(sorted(steps, key=lambda step: step[1]))


def _is_year(text: str) -> bool:
    return text.isdigit() and EARLIEST_YEAR <= int(text) <= LATEST_YEAR


def _rule_kind(
    body: Mapping[str, Any], source: _Source, where: str
) -> type[Rule] | None:
    name = body.get("kind")
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    close = nearest(str(name), KINDS)
    source.refuse(
        "rule-kind-unknown",
        Text("规则类型不存在或缺失", "the kind of rule is unknown or missing"),
        where=where,
        column="kind",
        value="" if name is None else str(name),
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
        if close
        else Text(f"用 {', '.join(KINDS)} 之一", f"use one of {', '.join(KINDS)}"),
    )
    return None


def _repeated(ids: Sequence[str], table: str) -> list[Finding]:
    """Find ids that are given to several rules, services or resources of a file."""
    twice = tuple(name for name in dict.fromkeys(ids) if ids.count(name) > 1)
    if not twice:
        return []
    return [
        Finding(
            "id-repeated",
            Text("编号重复", "an id is given twice"),
            table=table,
            keys=twice,
            column="id",
            remedy=Text("各用各的编号", "give each an id of its own"),
        )
    ]
