"""Packs with mistakes: each is a finding with its code, place and remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allocator.audit import Verdict
from allocator.errors import Severity
from allocator.policy import (
    CountInUnit,
    Scope,
    Service,
    ShareOfClass,
    Unit,
    check_policy,
    read_pack,
    read_policy,
)
from tests.factories import (
    answer,
    facility,
    make_area,
    make_case,
    make_plan,
    members,
    zone,
)

HEAD = '[pack]\nid = "mine"\ntitle = "Mine"\n'
POST = '[[service]]\nid = "post"\nname = "post"\n'
RULE = (
    '[[rule]]\nid = "R1"\nquote = "one each"\nkind = "count_in_unit"\n'
    'service = "post"\nlo = 1\n'
)


@pytest.fixture
def read(tmp_path):
    """Write a pack and read it as the only one of a brief."""

    def write_and_read(text: str, **parameters: float) -> Any:
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        return read_policy(["mine.toml"], parameters, tmp_path)

    return write_and_read


def only(findings: Any) -> Any:
    (finding,) = [f for f in findings if f.severity is Severity.ERROR]
    return finding


def test_sound_pack_is_read_without_a_finding(read):
    policy, findings = read(HEAD + POST + RULE)
    assert findings == []
    (rule,) = policy.rules
    assert (rule.kind, rule.pack, rule.lo, rule.hi) == (
        "count_in_unit",
        "mine",
        1,
        None,
    )


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        (RULE + "servce = 1\n", "pack-key-unknown R1 servce", "service"),
        (
            RULE + "scope = {conty = ['c']}\n",
            "pack-key-unknown R1 scope.conty",
            "county",
        ),
        (RULE + 'priority = "mus"\n', "pack-key-invalid R1 priority", "must"),
        (RULE.replace('"post"', '"pots"'), "service-unknown R1 ", "post"),
        (RULE.replace("_unit", "_units"), "rule-kind-unknown R1 kind", "count_in_unit"),
        (RULE.replace("kind", "#"), "rule-kind-unknown R1 kind", "coverage"),
        ("nmae = 1\n" + RULE, "pack-key-unknown post nmae", "name"),
        ("[[servic]]\nid = 'x'\n", "pack-key-unknown  servic", "service"),
    ],
)
def test_wrong_name_is_answered_with_the_nearest(read, text, place, remedy):
    code, key, column = place.split(" ")
    policy, findings = read(HEAD + POST + text)
    assert policy is None
    finding = next(f for f in findings if f.code == code)
    assert finding.table == "mine.toml"
    assert (finding.keys, finding.column) == ((key,) if key else (), column)
    assert remedy in finding.remedy.zh
    assert remedy in finding.remedy.en


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        (RULE.replace('quote = "one each"\n', ""), "pack-key-missing", "quote"),
        (RULE.replace('"one each"', '""'), "pack-key-invalid", "quote"),
        (RULE + "hi = 0\n", "pack-key-invalid", "lo=1"),
        (RULE.replace("lo = 1", ""), "pack-key-invalid", "lo"),
        (RULE.replace("lo = 1", "lo = 1.5"), "pack-key-invalid", "lo"),
        (RULE.replace("lo = 1", "lo = -1"), "pack-key-invalid", "0"),
        (RULE + 'pack = "other"\n', "pack-key-unknown", "pack"),
    ],
)
def test_count_that_cannot_be_read_is_one_finding(read, rule, code, words):
    _, findings = read(HEAD + POST + rule)
    finding = only(findings)
    assert (finding.code, finding.keys) == (code, ("R1",))
    assert words in finding.say("zh")
    assert words in finding.say("en")


SHARE = (
    '[[rule]]\nid = "R1"\nquote = "q"\nkind = "share_of_class"\nservice = "post"\n'
    'of = {class = ["C210"]}\nshare = 0.9\n'
)
BAND = '[[rule]]\nid = "R1"\nquote = "q"\nkind = "population_band"\nservice = "post"\n'
RATE = (
    '[[rule]]\nid = "R1"\nquote = "q"\nkind = "rate"\nresource = "beds"\n'
    "per = 1000\nlo = 1\n"
)
COVER = '[[rule]]\nid = "R1"\nquote = "q"\nkind = "coverage"\nservice = "post"\n'


@pytest.mark.parametrize(
    "rule",
    [
        SHARE.replace("0.9", "1.1"),
        SHARE.replace("0.9", "0"),
        SHARE.replace("0.9", "nan"),
        SHARE + 'attribute = "telemedicine"\n',
        SHARE.replace('service = "post"\n', ""),
        SHARE.replace('class = ["C210"]', 'service = ["post"], level_from = 2'),
        SHARE.replace('class = ["C210"]', 'service = ["post"], public = true'),
        BAND,
        BAND + "lo = 5\nhi = 4\n",
        BAND + "hi = inf\n",
        RATE + "hi = 0.5\n",
        RATE.replace("lo = 1", ""),
        RATE + 'service = "post"\n',
        RATE + 'denominator = "people"\n',
        RATE.replace("1000", "0"),
        RATE + 'of = {service = ["post"]}\n',
        COVER,
        COVER + "within_minutes = 5\nwithin_km = 2\n",
        COVER + "urban_km = 2\n",
        COVER + "within_km = -1\n",
        COVER + "within_km = 1\nshare = 2\n",
    ],
)
def test_rule_that_makes_no_sense_is_refused_where_it_stands(read, rule):
    policy, findings = read(HEAD + POST + "serves = {}\n" + rule)
    assert policy is None
    finding = only(findings)
    assert finding.code in {"pack-key-invalid", "pack-key-missing"}
    assert (finding.table, finding.keys) == ("mine.toml", ("R1",))
    assert finding.message.zh != finding.message.en


def test_every_mistake_of_a_pack_is_told_at_once(read):
    text = HEAD + POST + RULE + "hi = 0\n" + SHARE.replace("R1", "R2") + "shar = 1\n"
    _, findings = read(text + "[[rule]]\nid = 'R3'\n")
    assert {f.keys for f in findings} >= {("R1",), ("R2",), ("R3",)}


def test_repeated_id_is_refused_within_a_pack_and_across_packs(read, tmp_path):
    _, findings = read(HEAD + POST + RULE + RULE)
    finding = only(findings)
    assert (finding.code, finding.keys) == ("id-repeated", ("R1",))
    for name in ("one", "two"):
        text = HEAD.replace("mine", name) + POST + RULE
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    _, findings = read_policy(["one.toml", "two.toml"], {}, tmp_path)
    finding = only(findings)
    assert (finding.code, finding.table) == ("rule-id-repeated", "two.toml")
    assert "one" in finding.message.zh


@pytest.mark.parametrize(
    ("key", "value"), [("requires", "['%s']"), ("hosts", "{service = ['%s']}")]
)
@pytest.mark.parametrize("chain", ["a", "ab", "abc"])
def test_services_that_lean_on_each_other_in_a_circle_are_refused(
    tmp_path, key, value, chain
):
    """Each service in a file of its own, each leaning on the next."""
    for name, other in zip(chain, chain[1:] + chain[0], strict=True):
        text = HEAD.replace("mine", f"pack-{name}") + POST.replace("post", name)
        text += f"{key} = {value % other}\n"
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    policy, findings = read_policy([f"{name}.toml" for name in chain], {}, tmp_path)
    assert policy is None
    assert [(f.code, f.table, f.keys, f.column) for f in findings] == [
        (f"service-{key}-circle", f"{name}.toml", (name,), key) for name in chain
    ]
    assert " → ".join((*chain, chain[0])) in findings[0].message.zh
    assert all(f.remedy is not None for f in findings)


def test_services_that_lean_on_a_third_are_no_circle(read):
    text = POST
    for name in ("a", "b"):
        text += POST.replace("post", name) + "hosts = {service = ['post']}\n"
    policy, findings = read(HEAD + text)
    assert findings == []
    assert set(policy.services) == {"post", "a", "b"}


@pytest.mark.parametrize("key", ["requires = ['pots']", "hosts = {service = ['pots']}"])
def test_service_that_leans_on_an_unknown_one_is_refused(read, key):
    other = f'[[service]]\nid = "spot"\nname = "spot"\n{key}\n'
    _, findings = read(HEAD + POST + other)
    finding = only(findings)
    assert (finding.code, finding.keys, finding.value) == (
        "service-unknown",
        ("spot",),
        "pots",
    )
    assert "post" in finding.remedy.en or "spot" in finding.remedy.en


def test_band_over_a_service_for_nobody_is_refused(read):
    _, findings = read(HEAD + POST + BAND + "hi = 5\n")
    finding = only(findings)
    assert (finding.code, finding.keys) == ("band-without-people", ("R1",))
    assert "serves" in finding.remedy.zh


def test_resource_that_may_be_placed_says_how_much(read):
    beds = "[[resource]]\nid = 'beds'\nname = 'beds'\nat = {class = ['C210']}\n"
    _, findings = read(HEAD + POST + beds)
    finding = only(findings)
    assert finding.keys == ("beds",)
    assert "most_per_site" in finding.message.en
    policy, findings = read(HEAD + POST + beds + "most_per_site = 5\n")
    assert findings == []
    assert policy.resources["beds"].most_per_site == 5


def test_rule_is_read_with_its_modifiers(read):
    text = RULE + 'unit = "county"\npriority = "strive"\ndue = 2025\n'
    policy, findings = read(HEAD + POST + text + 'scope = {zone_kind = ["镇"]}\n')
    assert findings == []
    (rule,) = policy.rules
    assert (rule.unit, rule.priority, rule.due) == (Unit.COUNTY, "strive", 2025)
    assert rule.scope == Scope(zone_kind=("镇",))


def test_reading_takes_what_it_does_not_state_from_its_rule(read):
    text = BAND + 'lo = 30000\nhi = 100000\nunit = "zone"\npriority = "strive"\n'
    other = "[[rule.any_of]]\nkind = 'count_in_unit'\nlo = 1\n"
    scope = "scope = {people_below = 30000}\n"
    policy, _ = read(HEAD + POST + "serves = {}\n" + text + other + scope)
    (band,) = policy.rules
    (count,) = band.any_of
    assert isinstance(count, CountInUnit)
    assert (count.service, count.unit, count.priority) == ("post", "zone", "strive")
    assert (count.quote, count.scope) == (band.quote, Scope(people_below=30000))


def test_earlier_of_two_declarations_holds_with_a_note(tmp_path):
    for name, title in (("one", "post"), ("two", "other")):
        text = HEAD.replace("mine", name) + POST.replace(
            'name = "post"', f'name = "{title}"'
        )
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    policy, findings = read_policy(["one.toml", "two.toml"], {}, tmp_path)
    assert [(f.code, f.severity) for f in findings] == [
        ("service-declared-twice", Severity.NOTE)
    ]
    assert policy is not None
    assert policy.services["post"].name == "post"


# --- parameters -----------------------------------------------------------------------

RADIUS = "[parameters.radius]\nunit = 'minutes'\n"
WITHIN = COVER + 'within_minutes = "$radius"\nshare = 1\n'


def test_parameter_of_the_brief_replaces_the_default(read):
    default = RADIUS + "default = 15\n"
    policy, _ = read(HEAD + default + POST + WITHIN)
    assert policy.rules[0].within_minutes == 15
    policy, _ = read(HEAD + default + POST + WITHIN, radius=20.5)
    assert policy.rules[0].within_minutes == 20.5


def test_parameter_without_any_value_is_refused_once(read):
    _, findings = read(HEAD + RADIUS + POST + WITHIN)
    finding = only(findings)
    assert (finding.code, finding.column) == ("parameter-missing", "parameters.radius")
    assert "[policy.parameters]" in finding.remedy.zh


def test_parameter_that_is_not_declared_is_refused_with_the_nearest(read):
    wrong = WITHIN.replace("$radius", "$raduis")
    _, findings = read(HEAD + RADIUS + "default = 15\n" + POST + wrong)
    finding = only(findings)
    assert (finding.code, finding.keys) == ("parameter-unknown", ("R1",))
    assert "$radius" in finding.remedy.en


def test_parameter_of_the_brief_that_no_pack_declares_is_refused(read):
    _, findings = read(HEAD + RADIUS + POST + WITHIN, radius=5, raduis=5)
    finding = only(findings)
    assert (finding.code, finding.column) == (
        "parameter-unknown",
        "policy.parameters.raduis",
    )
    assert "radius" in finding.remedy.en


# --- files ----------------------------------------------------------------------------


def test_unknown_pack_is_answered_with_the_nearest_bundled_id(tmp_path):
    _, findings = read_policy(["nanchang-2042"], {}, tmp_path)
    finding = only(findings)
    assert finding.code == "pack-unknown"
    assert "nanchang-2024" in finding.remedy.zh


def test_missing_and_malformed_files_are_findings(tmp_path):
    _, findings = read_pack(tmp_path / "absent.toml")
    assert [f.code for f in findings] == ["file-missing"]
    (tmp_path / "bad.toml").write_text("[pack\n", encoding="utf-8")
    _, findings = read_pack(tmp_path / "bad.toml")
    assert [f.code for f in findings] == ["toml-invalid"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[pack", b"pack = 1"])
def test_what_is_no_pack_is_a_finding(tmp_path, content):
    (tmp_path / "p.toml").write_bytes(content)
    pack, findings = read_pack(tmp_path / "p.toml")
    assert pack is None
    assert any(f.severity is Severity.ERROR for f in findings)


def test_pack_in_gb18030_is_read_and_reported(tmp_path):
    text = (HEAD + POST + RULE).replace("one each", "各设一所")
    (tmp_path / "p.toml").write_bytes(text.encode("gb18030"))
    pack, findings = read_pack(tmp_path / "p.toml")
    assert pack is not None
    assert pack.rules[0].quote == "各设一所"
    assert [f.code for f in findings] == ["file-encoding"]


@pytest.mark.parametrize("text", ["service = 3\n", "[service]\nid = 'x'\n"])
def test_section_that_is_no_list_of_tables_is_a_finding(read, text):
    _, findings = read(text + HEAD if text.startswith("service") else HEAD + text)
    assert [f.column for f in findings if f.code == "pack-key-invalid"] == ["service"]


# --- held against an area -------------------------------------------------------------


@pytest.fixture
def area():
    """Return one county with one central health centre."""
    return make_area(
        zones=[zone("z1", "c1", 100)],
        sites=[facility("a", "z1", "C210", services=["post"])],
    )


def case_with(area, **changes):
    count = CountInUnit(id="R", quote="q", service="post", lo=1, **changes)
    return make_case(area, services=[Service(id="post", name="post")], rules=[count])


def test_county_that_is_not_in_the_table_is_a_warning_and_undecidable(area):
    case = case_with(area, scope=Scope(county=("county c1", "county c2")))
    finding: Any
    (finding,) = check_policy(case.policy, case.area)
    assert (finding.code, finding.severity, finding.value) == (
        "unit-unknown",
        Severity.WARNING,
        "county c2",
    )
    assert "county c1" in finding.remedy.en
    met, unknown = case.audit(answer(case).plan)
    assert (met.verdict, unknown.verdict) == (Verdict.MET, Verdict.UNDECIDABLE)
    assert unknown.unit == "county c2"


def test_class_that_nobody_has_is_an_error_in_a_pack_of_ones_own(area):
    case = case_with(area, of=members("A100", "A210"))
    finding: Any
    (finding,) = check_policy(case.policy, case.area)
    assert (finding.code, finding.severity, finding.keys, finding.value) == (
        "class-absent",
        Severity.ERROR,
        ("R",),
        "A100, A210",
    )
    bundled = replace(case.policy.rules[0], file="nanchang-2024.toml")
    (finding,) = check_policy(replace(case.policy, rules=(bundled,)), case.area)
    assert finding.severity is Severity.WARNING
    one_is_there = case_with(area, of=members("A100", "C210"))
    assert check_policy(one_is_there.policy, area) == []


def shares(area, *steps, packs=("district", "city")):
    """Return the findings of clauses (share, due, counties), one a pack."""
    rules = [
        ShareOfClass(
            id=f"R{n}",
            quote=f"words {n}",
            service="post",
            of=members("C210"),
            share=share,
            due=due,
            scope=Scope(county=counties),
        )
        for n, (share, due, counties) in enumerate(steps)
    ]
    policy = make_case(
        area, services=[Service(id="post", name="post")], rules=rules
    ).policy
    tagged = [
        replace(r, pack=p, file=f"{p}.toml")
        for r, p in zip(policy.rules, packs, strict=True)
    ]
    found = check_policy(replace(policy, rules=tuple(tagged)), area)
    return [finding for finding in found if finding.code == "rules-one-path"]


def test_shares_of_two_texts_that_grow_by_year_are_one_path(area):
    finding: Any
    (finding,) = shares(area, (0.9, 2025, ()), (0.7, 2023, ("c1",)))
    assert finding.severity is Severity.NOTE
    assert finding.keys == ("R1", "R0")
    assert "{2023 = 0.7, 2025 = 0.9}" in finding.message.zh
    assert "“words 1”" in finding.message.zh
    assert "“words 0”" in finding.message.zh


def test_shares_that_fall_or_of_other_places_or_of_one_text_are_no_path(area):
    assert shares(area, (0.7, 2025, ()), (0.9, 2023, ("c1",))) == []
    assert shares(area, (0.9, 2025, ("c1",)), (0.7, 2023, ("c2",))) == []
    alone = shares(area, (0.9, 2025, ()), (0.7, 2023, ()), packs=("city", "city"))
    assert alone == []


def test_service_of_the_register_that_no_pack_declares_is_an_error(area):
    area.sites.at["a", "services"] = ("pots",)
    finding: Any
    (finding,) = check_policy(case_with(area).policy, area)
    assert (finding.code, finding.severity, finding.table, finding.keys) == (
        "service-unknown",
        Severity.ERROR,
        "sites",
        ("a",),
    )
    assert "post" in finding.remedy.zh


def test_share_is_read_as_the_fraction_that_was_meant():
    def share(number):
        rule = ShareOfClass(
            id="R", quote="q", service="x", of=members("C210"), share=number
        )
        return rule.exact_share.as_integer_ratio()

    assert [share(n) for n in (0.9, 0.34, 1.0, 0.3333333333333333)] == [
        (9, 10),
        (17, 50),
        (1, 1),
        (1, 3),
    ]


def test_empty_plan_of_a_rule_out_of_scope_is_undecidable(area):
    case = case_with(area, scope=Scope(urban=True))
    (row,) = case.audit(make_plan([("a", "post", "keep")]))
    assert row.verdict is Verdict.UNDECIDABLE
