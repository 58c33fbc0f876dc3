"""Beds go first where the brief says: built terms, solved plans, audit, bad input."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from allocator.audit import amounts_elsewhere
from allocator.cli.main import run
from allocator.errors import AllocatorError, AuditError, InputError, Severity
from allocator.pipeline import audit_today, make_plan, read_task
from allocator.policy import Rate, Resource, Service
from allocator.policy.tilt import Tilt
from tests.cli.small_task import write_task
from tests.factories import (
    Case,
    answer,
    candidate,
    cost,
    facility,
    make_area,
    make_case,
    members,
    zone,
)
from tests.factories import (
    make_plan as plan_by_hand,
)

# ---- a tiny task ---------------------------------------------------------------------
#
# 4,000 people and 10 beds; 3 per thousand are asked for, so 2 or more are to be added.
# A hospital (A100), a township centre (C210) and a village clinic (D600) may have up
# to 3 more each; a community centre (B100) may be built and then have them too.

MOST = 3
CLASSES = {"b": "B100", "h": "A100", "t": "C210", "v": "D600"}
PRIMARY = {"B100": 1.0, "C210": 1.0, "D600": 0.4}


def bed_case(*, per_thousand=3.0, weights=PRIMARY, order, prices=(), **terms) -> Case:
    area = make_area(
        zones=[zone("z1", "c1", 3000), zone("z2", "c1", 1000)],
        sites=[
            facility("h", "z1", "A100", beds=8.0),
            facility("t", "z2", "C210", beds=2.0),
            facility("v", "z2", "D600", beds=0.0),
            candidate("b", "z1", "B100", beds=float("nan")),
        ],
        costs=[
            cost("centre", "build", 100.0),
            *(
                cost("", "add", price, resource="beds", site_id=site_id)
                for site_id, price in prices
            ),
        ],
    )
    return make_case(
        area,
        services=[Service(id="centre", name="centre", hosts=members("B100"))],
        resources=[
            Resource(
                id="beds",
                name="beds",
                at=members("A100", "C210", "D600", service=("centre",)),
                most_per_site=float(MOST),
            )
        ],
        rules=[
            Rate(id="R1", quote="beds", resource="beds", per=1000, lo=per_thousand),
            Rate(
                id="R2",
                quote="beds go first to primary care",
                resource="beds",
                of=members("B100", "C210"),
                per=1000,
                not_below_today=True,
            ),
        ],
        objective=order,
        tilts=(Tilt("beds", weights),),
        **terms,
    )


def added(plan) -> dict[str, float]:
    rows = plan.allocations
    return dict(zip(rows["site_id"], rows["amount"], strict=True))


def cheapest_tilt(*, needed, weights, prices, order, budget=float("inf")):
    """Try every amount at every site: the least values in the order asked for."""
    found = []
    for amounts in itertools.product(range(MOST + 1), repeat=len(CLASSES)):
        at = dict(zip(CLASSES, amounts, strict=True))
        capital = sum(prices[s] * n for s, n in at.items()) + 100.0 * (at["b"] > 0)
        if sum(amounts) < needed or capital > budget:
            continue
        values = {
            "amounts_elsewhere": sum(
                (1 - weights.get(CLASSES[s], 0.0)) * n for s, n in at.items()
            ),
            "capital_wan": capital,
        }
        found.append(tuple(values[name] for name in order))
    return min(found)


def test_each_bed_counts_by_how_far_its_site_is_from_favoured():
    case = bed_case(order=("amounts_elsewhere",))
    formulation = case.build()
    (stage,) = formulation.stages
    shown = {v.id: s for (s, _), v in formulation.program.amounts.items()}
    terms = {shown[v.id]: c for v, c in stage.expression.items()}
    assert terms == pytest.approx({"h": 1.0, "v": 0.6})
    assert stage.expression.constant == 0
    assert stage.sign == 1.0


def test_resources_that_are_not_tilted_do_not_count():
    case = bed_case(order=("amounts_elsewhere",))
    case = case.with_terms(tilts=(Tilt("nurses", PRIMARY),))
    (stage,) = case.build().stages
    assert not stage.expression.items()


PRICES = {"b": 10.0, "h": 10.0, "t": 12.0, "v": 11.0}


@pytest.mark.parametrize(
    ("order", "where"),
    [
        # The hospital's beds are cheapest; tilted, the township centre's go first.
        (("capital_wan", "amounts_elsewhere"), {"h": 2.0}),
        (("amounts_elsewhere", "capital_wan"), {"t": 2.0}),
    ],
)
def test_beds_go_where_the_order_says(order, where):
    case = bed_case(order=order, prices=PRICES.items())
    found = answer(case)
    assert added(found.plan) == where
    least = cheapest_tilt(needed=2, weights=PRIMARY, prices=PRICES, order=order)
    assert found.values == pytest.approx(least)


@pytest.mark.parametrize("per_thousand", [2.5, 3.0, 3.25, 4.0, 4.5, 5.5])
@pytest.mark.parametrize("budget", [40.0, 90.0, None])
@pytest.mark.parametrize("order", [("amounts_elsewhere", "capital_wan")])
@pytest.mark.parametrize("weights", [PRIMARY, {"A100": 0.2, "C210": 0.5}])
def test_the_tilt_matches_trying_every_amount(per_thousand, budget, order, weights):
    needed = max(0, round(4 * per_thousand) - 10)
    case = bed_case(
        per_thousand=per_thousand,
        weights=weights,
        order=order,
        prices=PRICES.items(),
        capital_wan=budget,
    )
    try:
        least = cheapest_tilt(
            needed=needed,
            weights=weights,
            prices=PRICES,
            order=order,
            budget=float("inf") if budget is None else budget,
        )
    except ValueError:  # no amounts do
        assert not answer(case).feasible
        return
    found = answer(case)
    assert found.values == pytest.approx(least)
    case.refuse_unless_sound(found.plan, found.stated)
    measured = amounts_elsewhere(case.facts(found.plan), case.terms)
    assert measured == pytest.approx(found.values[0])


def test_no_bed_is_added_for_its_own_sake():
    case = bed_case(
        per_thousand=2.0,
        order=("amounts_elsewhere", "capital_wan"),
        prices=PRICES.items(),
    )
    assert added(answer(case).plan) == {}


def test_a_site_takes_no_more_than_its_limit():
    case = bed_case(
        per_thousand=3.5,
        order=("amounts_elsewhere", "capital_wan"),
        prices=PRICES.items(),
        capital_wan=90.0,  # a centre cannot be built
    )
    assert added(answer(case).plan) == {"t": 3.0, "v": 1.0}


def test_the_audit_refuses_a_value_that_is_not_the_plans():
    case = bed_case(order=("amounts_elsewhere",), prices=PRICES.items())
    plan = plan_by_hand(allocations=[("h", "beds", 1, 10, 0), ("v", "beds", 1, 11, 0)])
    assert amounts_elsewhere(case.facts(plan), case.terms) == pytest.approx(1.6)
    case.refuse_unless_sound(plan, {"amounts_elsewhere": 1.6})
    with pytest.raises(AuditError) as caught:
        case.refuse_unless_sound(plan, {"amounts_elsewhere": 0.6})
    assert [f.code for f in caught.value.findings] == ["plan-value"]


def test_the_clause_stays_not_below_today_with_beds_elsewhere():
    case = bed_case(order=("amounts_elsewhere",), prices=PRICES.items())
    plan = plan_by_hand(allocations=[("h", "beds", 2, 20, 0)])
    verdicts = {row.rule_id: row.verdict.value for row in case.audit(plan)}
    assert verdicts == {"R1": "met", "R2": "met"}


def test_without_a_tilt_there_is_nothing_to_measure():
    case = bed_case(order=("amounts_elsewhere",)).with_terms(tilts=())
    with pytest.raises(InputError) as caught:
        case.build()
    assert [f.code for f in caught.value.findings] == ["objective-empty"]


# ---- from the brief to the run folder ------------------------------------------------

PACK = """
[[resource]]
id = "beds"
name = "实有床位"
unit = "张"
at = { class = ["A100", "C210", "C220"] }
most_per_site = 40

[[resource]]
id = "gps"
name = "全科医生"

[[rule]]
id = "R4"
quote = "每千人口床位一点二张"
kind = "rate"
resource = "beds"
per = 1000
lo = 1.2

[[rule]]
id = "R5"
quote = "床位配置优先向乡镇卫生院"
kind = "rate"
resource = "beds"
of = { class = ["B100", "C210", "C220"] }
per = 1000
not_below_today = true
priority = "may"

[[rule]]
id = "R3\""""
TILT = """
[[tilt]]
resource = "beds"
weights = { C210 = 1.0, C220 = 0.5, A100 = 0.2 }
"""


def write(folder: Path, tilt: str = TILT, *, order: str = "", column: str = "beds"):
    """Write the small task with 100 beds, of which 60 are in a hospital.

    120 are asked for. A bed costs 1 at the hospital and 2 elsewhere.
    """
    objective = f"[objective]\norder = [{order}]\n" if order else ""
    brief = write_task(
        folder,
        small=('\n[[rule]]\nid = "R3"', PACK),
        brief=("[budget]", f"{tilt}\n{objective}[budget]"),
        costs=("service,", "service,resource,class,"),
    )
    sites = folder / "sites.csv"
    cells = [column, "20", "10", "10", "", ""]
    lines = sites.read_text("utf-8").splitlines()
    rows = [f"{line},{cell}" for line, cell in zip(lines, cells, strict=True)]
    hospital = "H1,县医院,115.900,28.700,existing,360901001,A100,60"
    sites.write_text("\n".join([*rows, hospital]), "utf-8")
    costs = folder / "costs.csv"
    first, *rest = costs.read_text("utf-8").splitlines()
    body = [line.replace(",", ",,,", 1) for line in rest]
    beds = [",beds,,add,2,0", ",beds,A100,add,1,0"]
    costs.write_text("\n".join([first, *body, *beds]), "utf-8")
    return brief


def test_by_default_the_tilt_is_the_last_objective(tmp_path):
    outcome = make_plan(read_task(write(tmp_path)))
    stated = {s["name"]: s["value"] for s in outcome.certificate["objectives"]}
    assert list(stated)[-2:] == ["capital_wan", "amounts_elsewhere"]
    assert added(outcome.plan) == {"H1": 20.0}  # cheapest comes first
    assert stated["amounts_elsewhere"] == pytest.approx(16.0)


def test_ordered_before_cost_beds_go_to_primary_care(tmp_path):
    order = '"uncovered_people", "amounts_elsewhere", "capital_wan"'
    brief = write(tmp_path / "task", order=order)
    task = read_task(brief)
    before = {r.rule_id: r.verdict.value for r in audit_today(task)}
    assert (before["R4"], before["R5"]) == ("not_met", "met")
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "-q"]) == 0
    certificate = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    values = {s["name"]: s["value"] for s in certificate["objectives"]}
    assert values["amounts_elsewhere"] == 0
    assert certificate["terms"]["tilt"] == [
        {"resource": "beds", "weights": {"A100": 0.2, "C210": 1.0, "C220": 0.5}}
    ]
    outcome = make_plan(task)
    assert set(added(outcome.plan)) <= {"A1", "A2"}
    assert sum(added(outcome.plan).values()) == 20
    after = {r.rule_id: r.verdict.value for r in outcome.audit}
    assert (after["R4"], after["R5"]) == ("met", "met")


def test_over_phases_all_that_is_added_counts(tmp_path):
    phases = "\n[[phase]]\nyear = 2025\n[[phase]]\nyear = 2027\n"
    brief = write(tmp_path, TILT + phases)
    pack = tmp_path / "small.toml"
    path = pack.read_text("utf-8").replace(
        "lo = 1.2", "lo = { 2025 = 1.1, 2027 = 1.2 }"
    )
    pack.write_text(path, "utf-8")
    outcome = make_plan(read_task(brief))
    rows = outcome.plan.allocations
    assert rows.groupby("phase")["amount"].sum().to_dict() == {2025: 10.0, 2027: 10.0}
    stated = {s["name"]: s["value"] for s in outcome.certificate["objectives"]}
    assert stated["amounts_elsewhere"] == pytest.approx(0.8 * 20)


def findings_of(folder: Path, tilt: str, **changes: str):
    """Return what is said of the brief, whether it stops the run or not."""
    try:
        return read_task(write(folder, tilt, **changes)).findings
    except AllocatorError as error:
        return error.findings


@pytest.mark.parametrize(
    ("tilt", "code", "value", "remedy"),
    [
        (TILT.replace("beds", "bedds"), "resource-unknown", "bedds", "beds"),
        (TILT.replace("beds", "gps"), "resource-not-decided", "gps", "most_per_site"),
        (TILT.replace("C210", "C21O"), "class-unknown", "C21O", "C210"),
        (TILT + TILT, "repeated", "beds", "[[tilt]]"),
        (TILT.replace("1.0", "1.5"), "key-invalid", "1.5", ""),
        (TILT.replace("1.0", "-0.1"), "key-invalid", "-0.1", ""),
        (
            '[[tilt]]\nresource = "beds"\nweights = {}',
            "weights-missing",
            "beds",
            "C210",
        ),
        (
            '[[tilt]]\nresource = "beds"\nweights = { C210 = 0.0 }',
            "weights-missing",
            "beds",
            "C210",
        ),
        ('[tilt]\nresource = "beds"', "section-invalid", "", ""),
    ],
)
def test_a_tilt_that_cannot_be_is_an_error_with_its_remedy(
    tmp_path, tilt, code, value, remedy
):
    found = findings_of(tmp_path, tilt)
    (finding,) = [f for f in found if f.severity is Severity.ERROR]
    assert (finding.code, finding.table) == (code, "brief.toml")
    assert value in finding.value
    assert remedy in (finding.remedy.zh if finding.remedy else "")


def test_a_resource_that_the_register_lacks_is_not_decided(tmp_path):
    found = findings_of(tmp_path, TILT, column="other_beds")
    assert [f.code for f in found if f.severity is Severity.ERROR] == [
        "resource-not-decided"
    ]


def test_the_objective_without_a_tilt_is_an_error(tmp_path):
    found = findings_of(tmp_path, "", order='"amounts_elsewhere"')
    assert [f.code for f in found if f.severity is Severity.ERROR] == ["tilt-missing"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("{ C210 = 1.0, G100 = 1.0 }", {("class-absent", "G100")}),
        ("{ B100 = 1.0 }", {("tilt-without-site", "B100")}),
    ],
)
def test_a_tilt_towards_nobody_is_a_warning(tmp_path, weights, expected):
    tilt = f'[[tilt]]\nresource = "beds"\nweights = {weights}'
    found = findings_of(tmp_path, tilt)
    said = {(f.code, f.value) for f in found if f.column == "tilt.weights"}
    assert said == expected
    assert not [f for f in found if f.severity is Severity.ERROR]
