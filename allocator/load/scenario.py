"""``[[scenario]]``: what may turn out otherwise than the figures say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.load.remarks import Remarks

ANY = "any"  # each facility in turn
OTHER = "other"  # whatever a table of factors does not name

type _Positive = Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)]
type _Word = Annotated[str, Field(min_length=1)]


def _as_table(value: Any) -> Any:  # noqa: ANN401 (whatever the file says)
    """Take a number for the factor of everything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return {OTHER: value}


def _as_list(value: Any) -> Any:  # noqa: ANN401 (whatever the file says)
    """Take a word for a list of one."""
    return [value] if isinstance(value, str) else value


type _Factors = Annotated[dict[_Word, _Positive], BeforeValidator(_as_table)]
type _Words = Annotated[tuple[_Word, ...], BeforeValidator(_as_list)]


class ScenarioSection(BaseModel):
    """One scenario: factors on people, minutes and costs, and what is out of service.

    ``population`` and ``costs`` are a number, or a table by county, or by service or
    resource, in which ``other`` stands for all that is not named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Word
    population: _Factors = {}
    travel: _Positive = 1.0
    costs: _Factors = {}
    out_of_service: _Words = ()
    service: _Word | None = None
    must_hold: Annotated[bool, Field(strict=True)] = False


def check_scenarios(scenarios: Sequence[ScenarioSection], remarks: Remarks) -> None:
    """Report scenarios that contradict themselves or each other."""
    names = ["nominal", *(scenario.name for scenario in scenarios)]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        remarks.error(
            "repeated",
            Text("两个情景同名", "two scenarios have one name"),
            column="scenario.name",
            values=[name],
            remedy=Text("给它们不同的名称", "name them differently"),
        )
    for scenario in scenarios:
        if scenario.service is not None and not scenario.out_of_service:
            remarks.error(
                "key-missing",
                Text(
                    "service 须与 out_of_service 同写",
                    "service narrows out_of_service, which is not given",
                ),
                column="scenario.service",
                values=[scenario.name],
                remedy=Text(
                    '写 out_of_service = "any" 或机构编号',
                    'give out_of_service = "any", or site ids',
                ),
            )
        if ANY not in scenario.out_of_service:
            continue
        if len(scenario.out_of_service) > 1:
            remarks.error(
                "scenario-any",
                Text("any 不能与机构编号并列", "any cannot stand beside site ids"),
                column="scenario.out_of_service",
                values=[scenario.name],
                remedy=Text("分写成两个情景", "make two scenarios of it"),
            )
        if scenario.must_hold:
            remarks.error(
                "scenario-any",
                Text(
                    "任一处停用只作评估, 不能要求条款全部成立",
                    "any one out of service is evaluated, it cannot be required",
                ),
                column="scenario.must_hold",
                values=[scenario.name],
                remedy=Text("删去 must_hold, 或列出机构", "remove it, or name sites"),
            )
