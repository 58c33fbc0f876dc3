"""Access measures on the screen, as JSON and as csv: today, or today and a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.accessibility import (
    compare_access,
    missing_supply,
    supply_columns,
    title_of,
)
from allocator.cli.console import Console, print_table
from allocator.errors import Finding, InputError, Text
from allocator.export import write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from allocator.accessibility import AccessReport
    from allocator.errors import Language
    from allocator.pipeline import Task

_WIDEST = 24  # terminal columns of one cell; longer text is cut with an ellipsis
_WHOLE_AREA = Text("全域", "whole area")
_ANY_SUPPLY = "any_supply"  # 1 where a holder of the service has some, anywhere
_UNKNOWN = "—"  # not defined, or not in the register: never a zero

# A measure -> its value, of one unit.
type _Row = Mapping[str, float]
_NOTHING: _Row = {}


@dataclass(frozen=True)
class Access:
    """What was measured of a task: today, and with a plan where there is one."""

    task: Task
    before: AccessReport
    after: AccessReport | None

    @property
    def reports(self) -> tuple[AccessReport, ...]:
        """The one or two reports, today first."""
        return (self.before,) if self.after is None else (self.before, self.after)

    def unit_name(self, level: str, unit_id: str, language: Language) -> str:
        """Return the name of the area, a county or a zone."""
        area = self.task.area
        if level == "area":
            return _WHOLE_AREA.say(language)
        frame = area.counties if level == "county" else area.zones
        return str(frame.loc[unit_id, "name"])

    def table(self) -> pd.DataFrame:
        """Return every measure of every unit, in the columns of ``access.csv``.

        Today alone has ``value``; with a plan ``before``, ``after`` and ``change``.
        """
        if self.after is None:
            return self.before.long()
        return compare_access(self.before, self.after)


def write_access(access: Access, path: Path, *, force: bool) -> None:
    """Write every measure to a csv file.

    Raises
    ------
    InputError
        When the file exists and ``force`` is not set, or cannot be written.
    """
    if path.exists() and not force:
        message = Text("文件已存在", "the file exists already")
        remedy = Text("换一个文件名, 或加 --force", "give another name, or --force")
        raise InputError(
            [Finding("file-exists", message, table=str(path), remedy=remedy)]
        )
    try:
        write_csv(access.table(), path)
    except OSError as error:
        message = Text("无法写出文件", "the file cannot be written")
        reason = error.strerror or ""
        raise InputError(
            [Finding("file-unwritable", message, table=str(path), value=reason)]
        ) from error


def access_json(access: Access, language: Language) -> dict[str, Any]:
    """Return every measure of every unit, with names; null is "not defined".

    ``missing`` names the columns of the register that would be counted and are not
    there, or blank throughout.
    """
    table = access.table()
    services = access.task.policy.services
    rows = []
    for row in table.to_dict("records"):
        named = {
            **row,
            "service_name": services[row["service"]].name if row["service"] else "",
            "unit": access.unit_name(row["level"], row["unit_id"], language),
            "title": access.before.titles[row["measure"]].say(language),
        }
        rows.append({key: _plain(value) for key, value in named.items()})
    return {
        "supply": access.before.settings.supply,
        "catchment_minutes": access.before.settings.catchment_minutes,
        "missing": list(missing_supply(access.task.area, access.task.policy)),
        "access": rows,
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


# --- On the screen --------------------------------------------------------------------


def print_access(access: Access, console: Console) -> None:
    """Print time to services, beds in reach and amounts per thousand people.

    By area and county, with ``-v`` by zone too; units where a service is for nobody are
    left out. With a plan each figure reads ``today → plan``.
    """
    levels = ("area", "county", "zone") if console.verbose else ("area", "county")
    when = (
        Text("现状", "today")
        if access.after is None
        else Text("现状 → 方案", "today → plan")
    )
    _title(console, Text("可达性(按人口)", "Access, by people"), when)
    _print(
        console,
        _time_headings(access),
        list(_time_rows(access, levels, console.language)),
    )
    supply = access.before.settings.supply
    if supply is not None:
        limit = f"{access.before.settings.catchment_minutes:g}"
        name = title_of(supply, access.task.policy)
        title = Text(
            f"{limit}分钟内可及{name.zh}(每千人)及其均衡程度",
            f"{name.en} in reach within {limit} min per 1000 people, and how evenly",
        )
        _title(console, title, when)
        headings = _supply_headings(name)
        _print(
            console,
            headings,
            list(_supply_rows(access, levels, supply, console.language)),
        )
    _title(console, Text("每千人资源", "Resources per 1000 people"), when)
    rows = list(_stock_rows(access, levels, console.language))
    if rows:
        _print(console, _STOCK_HEADINGS, rows)
    for line in _missing_lines(access):
        console.result(line.say(console.language))


def _title(console: Console, title: Text, when: Text) -> None:
    console.result()
    console.result(
        Text(f"{title.zh}, {when.zh}", f"{title.en}, {when.en}").say(console.language)
    )


def _print(
    console: Console, headings: Sequence[Text], rows: Sequence[Sequence[str]]
) -> None:
    print_table(console, [h.say(console.language) for h in headings], rows, _WIDEST)


_UNIT = Text("单元", "unit")
_SERVICE = Text("服务", "service")


def _time_headings(access: Access) -> list[Text]:
    return [
        _SERVICE,
        _UNIT,
        Text("机构", "holders"),
        *(
            Text(f"{limit:g}分钟内", f"in {limit:g} min")
            for limit in access.before.settings.minutes
        ),
        Text("平均分钟", "mean min"),
        Text("P90分钟", "P90 min"),
        Text("到不了(人)", "cannot reach"),
    ]


def _time_rows(
    access: Access, levels: Sequence[str], language: Language
) -> Iterator[list[str]]:
    limits = access.before.settings.minutes
    columns: list[tuple[str, Callable[[float], str]]] = [
        ("holders", _whole),
        *((f"within_{limit:g}_minutes_share", _percent) for limit in limits),
        ("minutes_mean", _tenth),
        ("minutes_p90", _tenth),
        ("people_unreachable", _whole),
    ]
    for names, rows in _service_units(access, levels, language):
        yield [*names, *(_cell(rows, name, say) for name, say in columns)]


def _supply_headings(name: Text) -> list[Text]:
    even = (Text("基尼", "Gini"), Text("泰尔", "Theil"))
    return [
        _SERVICE,
        _UNIT,
        name,
        Text("空缺机构", "without"),
        Text("两步移动搜索法", "2SFCA"),
        *even,
        Text("高斯两步移动搜索法", "Gaussian 2SFCA"),
        *even,
    ]


def _supply_rows(
    access: Access, levels: Sequence[str], supply: str, language: Language
) -> Iterator[list[str]]:
    scores = [
        f"{supply}_{method}_per_1000{suffix}"
        for method in ("2sfca", "2sfca_gaussian")
        for suffix in ("", "_gini", "_theil")
    ]
    for names, rows in _service_units(access, levels, language):
        known = [row if row[_ANY_SUPPLY] else _NOTHING for row in rows]
        own = [row if _some_supply(row, supply) else _NOTHING for row in rows]
        yield [
            *names,
            _cell(own, f"{supply}_at_holders", _whole),
            _cell(rows, f"holders_without_{supply}", _whole),
            *(_cell(known, name, _thousandth) for name in scores),
        ]


def _some_supply(row: _Row, supply: str | None) -> bool:
    """Whether any holder has some: the sum of blanks alone would read as zero."""
    without = row.get(f"holders_without_{supply}", 0.0)
    return row["holders"] == 0 or without < row["holders"]


def _service_units(
    access: Access, levels: Sequence[str], language: Language
) -> Iterator[tuple[list[str], list[_Row]]]:
    """Yield names, and a row a report, for units where a service is for someone.

    A service that nobody holds, today or then, is one line.
    """
    policy, supply = access.task.policy, access.before.settings.supply
    for service in dict.fromkeys(access.before.by_area.index.get_level_values(0)):
        wholes = [_rows(r.by_area.loc[service])[""] for r in access.reports]
        held = any(row["holders"] > 0 for row in wholes)
        for level in levels if held else levels[:1]:
            units = [
                _rows(getattr(r, f"by_{level}").loc[service]) for r in access.reports
            ]
            for unit_id, row in units[0].items():
                if row["people"] > 0:
                    unit = access.unit_name(level, unit_id, language)
                    yield (
                        [policy.services[service].name, unit],
                        [
                            {**of[unit_id], _ANY_SUPPLY: _some_supply(whole, supply)}
                            for of, whole in zip(units, wholes, strict=True)
                        ],
                    )


def _rows(frame: pd.DataFrame) -> dict[str, _Row]:
    """Return the rows of a frame by unit, in order."""
    return {
        str(unit_id): {str(name): float(value) for name, value in row.items()}
        for unit_id, row in frame.to_dict("index").items()
    }


_STOCK_HEADINGS = (
    Text("资源", "resource"),
    _UNIT,
    Text("常住人口", "people"),
    Text("数量", "amount"),
    Text("每千人", "per 1000"),
    Text("空白机构", "blank"),
    Text("县区间基尼", "Gini, counties"),
    Text("乡镇间基尼", "Gini, zones"),
)


def _stock_rows(
    access: Access, levels: Sequence[str], language: Language
) -> Iterator[list[str]]:
    policy = access.task.policy
    missing = missing_supply(access.task.area, policy)
    names = [
        name for name in supply_columns(access.task.area, policy) if name not in missing
    ]
    for name in names:
        for level in levels:
            units = [_rows(getattr(r, f"stock_by_{level}")) for r in access.reports]
            for unit_id in units[0]:
                rows = [of[unit_id] for of in units]
                # Cells that are blank make a sum, and its rate, a lower bound.
                bound = "≥" if rows[0][f"{name}_blank_sites"] > 0 else ""
                yield [
                    title_of(name, policy).say(language),
                    access.unit_name(level, unit_id, language),
                    _whole(rows[0]["population"]),
                    _cell(rows, name, _whole, bound),
                    _cell(rows, f"{name}_per_1000", _hundredth, bound),
                    _whole(rows[0][f"{name}_blank_sites"]),
                    _cell(rows, f"{name}_per_1000_gini_counties", _thousandth),
                    _cell(rows, f"{name}_per_1000_gini_zones", _thousandth),
                ]


def _missing_lines(access: Access) -> Iterator[Text]:
    task = access.task
    missing = missing_supply(task.area, task.policy)
    if missing:
        zh = "、".join(f"{title_of(name, task.policy).zh}({name})" for name in missing)
        en = ", ".join(f"{title_of(name, task.policy).en} ({name})" for name in missing)
        yield Text(
            f"机构表没有或全部空白, 无法计算(不作零): {zh}",
            f"not in the register or all blank, so not measured (not zero): {en}",
        )
    if access.before.settings.supply is None:
        yield Text(
            "没有床位数: 可及床位(两步移动搜索法)、基尼系数、泰尔指数无法计算",
            "without beds there are no catchment scores (2SFCA), Gini or Theil",
        )


def _cell(
    rows: Sequence[_Row], measure: str, say: Callable[[float], str], bound: str = ""
) -> str:
    """Return a figure of today, or of today and the plan where the two differ."""
    values = [row.get(measure, math.nan) for row in rows]
    words = [_UNKNOWN if math.isnan(v) else f"{bound}{say(v)}" for v in values]
    return " → ".join(dict.fromkeys(words))


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _tenth(value: float) -> str:
    return f"{value:.1f}"


def _hundredth(value: float) -> str:
    return f"{value:.2f}"


def _thousandth(value: float) -> str:
    return f"{value:.3f}"
