"""The bundled policy packs say what their texts say."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from allocator.errors import Severity
from allocator.load import read_area, read_brief
from allocator.policy import (
    KINDS,
    Indicator,
    Pack,
    Policy,
    Priority,
    Rate,
    Rule,
    ShareOfClass,
    read_pack,
    read_policy,
)
from allocator.policy.combine import check_policy
from allocator.policy.packs import declared_parameters
from allocator.resources import pack_ids, packs_folder, samples_folder

TEXTBOOK = {
    "p-median": ("person_minutes",),
    "p-center": ("max_minutes",),
    "mclp": ("uncovered_people",),
    "lscp": ("sites",),
}
NUMBERS = {"p": 3.0, "within_minutes": 15.0}
TEXTS = {
    "nanchang-2024": 56,
    "hubei-2023": 28,
    "shaanxi": 42,
    "shanghai": 18,
    "lijiang": 20,
    "jianggan-2019": 19,
    "xinjian-2023": 43,
}
PRIORITIES = {
    "must": Priority.MUST,
    "strive": Priority.STRIVE,
    "may": Priority.MAY,
    "no_figure": Priority.MAY,
    "truncated": Priority.MAY,
}
DEFAULT = "默认值,可修改"


def pack(name: str) -> Pack:
    found, findings = read_pack(packs_folder() / f"{name}.toml", NUMBERS)
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert found is not None
    return found


def inventory() -> dict[str, dict[str, dict[str, str]]]:
    """Return the clauses of every text, by pack and id."""
    path = packs_folder() / "texts" / "clauses.csv"
    found: dict[str, dict[str, dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["pack"], {})[row["id"]] = row
    return found


CLAUSES = inventory()


def rules_with_clauses() -> list[tuple[Rule, dict[str, str]]]:
    """Return every rule of the seven texts beside its clause."""
    return [
        (rule, CLAUSES[name][rule.id]) for name in TEXTS for rule in pack(name).rules
    ]


def rule_of(pack_id: str, rule_id: str) -> Any:
    return next(rule for rule in pack(pack_id).rules if rule.id == rule_id)


def content(pack_id: str) -> dict[str, Any]:
    path = packs_folder() / f"{pack_id}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def text_of(pack_id: str) -> str:
    path = packs_folder() / "texts" / f"{pack_id}.txt"
    return path.read_text(encoding="utf-8")


def year_of(words: str) -> int | None:
    """Return the year that a clause of the inventory is due; None where unknown."""
    if words.startswith("2021/2022"):  # within three years of September 2019
        return 2022
    if year := re.match(r"20\d\d", words):
        return int(year.group())
    plans = {"十四五": 2025, "十五五": 2030}
    return next((plans[plan] for plan in plans if plan in words), None)


@pytest.fixture(scope="module")
def nanchang() -> Pack:
    return pack("nanchang-2024")


def test_the_packs_of_the_contract_are_bundled() -> None:
    assert set(pack_ids()) >= {*TEXTS, "national", *TEXTBOOK}


@pytest.mark.parametrize("name", pack_ids())
def test_every_pack_reads_and_can_be_used_alone(name: str) -> None:
    assert pack(name).head.id == name
    declared = declared_parameters(packs_folder() / f"{name}.toml")
    parameters = {key: value for key, value in NUMBERS.items() if key in declared}
    policy, findings = read_policy([name], parameters, packs_folder())
    assert findings == []
    assert policy is not None


def policy_of(names: list[str]) -> Policy:
    """Read packs together; only the national defaults may give way to a text.

    Where the first text puts more of a resource is the first text's to say.
    """
    policy, findings = read_policy(names, {}, packs_folder())
    assert [f for f in findings if f.severity is not Severity.NOTE] == []
    shared = [f for f in findings if f.code != "resource-declared-twice"]
    assert {f.table for f in shared} <= {"national.toml"}
    assert policy is not None
    return policy


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_can_be_used_with_its_city_and_the_national_standards(name: str) -> None:
    names = list(dict.fromkeys(["nanchang-2024", name, "national"]))
    own = sum(TEXTS[n] for n in names if n in TEXTS)
    assert len(policy_of(names).rules) == own + len(pack("national").rules)


def test_a_district_and_its_city_declare_what_they_share_alike() -> None:
    names = ["nanchang-2024", "xinjian-2023", "national"]
    _, findings = read_policy(names, {}, packs_folder())
    assert {f.table for f in findings} <= {"national.toml"}


def test_all_texts_declare_what_they_share_alike() -> None:
    rules = policy_of([*TEXTS, "national"]).rules
    assert len(rules) == 226 + len(pack("national").rules)


def test_the_inventory_holds_the_seven_texts() -> None:
    assert {name: len(rows) for name, rows in CLAUSES.items()} == TEXTS
    assert sum(TEXTS.values()) == 226


@pytest.mark.parametrize("name", TEXTS)
def test_every_clause_stands_in_the_pack_in_order(name: str) -> None:
    assert [rule.id for rule in pack(name).rules] == sorted(CLAUSES[name])


@pytest.mark.parametrize("name", TEXTS)
def test_every_quotation_is_verbatim(name: str) -> None:
    text = text_of(name)
    for rule in pack(name).rules:
        clause = CLAUSES[name][rule.id]
        assert rule.quote in text, rule.id
        assert rule.quote == clause["phrase_verbatim"], rule.id
        assert rule.clause == clause["clause"], rule.id


@pytest.mark.parametrize("name", TEXTS)
def test_the_head_names_document_and_territory(name: str) -> None:
    head = pack(name).head
    clause = next(iter(CLAUSES[name].values()))
    assert head.document == clause["document"]
    assert head.territory == clause["document_territory"]
    assert f"texts/{name}.txt" in head.source


def test_priorities_are_those_of_the_text() -> None:
    for rule, clause in rules_with_clauses():
        binding = clause["binding"]
        assert rule.priority is PRIORITIES[binding], rule.id
        assert ("文件未给数值" in rule.note) == (binding == "no_figure"), rule.id


def test_years_are_those_of_the_text() -> None:
    for rule, clause in rules_with_clauses():
        words = clause["year_due"]
        assert rule.due == year_of(words), rule.id
        assert ("文件期" in rule.note) == ("文件期" in words), rule.id
        if rule.due is None and "20xx" not in words:
            assert words.partition("(")[0] in rule.note, rule.id


def test_a_masked_year_stays_unknown() -> None:
    masked = [
        (rule, clause)
        for rule, clause in rules_with_clauses()
        if "20xx" in clause["year_due"]
    ]
    assert len(masked) == 9
    for rule, _ in masked:
        assert rule.due is None, rule.id
        assert "掩码" in rule.note, rule.id


def test_every_siting_clause_constrains() -> None:
    for rule, clause in rules_with_clauses():
        if clause["decision_kind"].startswith("siting"):
            assert not isinstance(rule, Indicator), rule.id
            assert rule.priority is not Priority.MAY or rule.note, rule.id


def test_every_clause_on_resources_is_a_rate() -> None:
    for rule, clause in rules_with_clauses():
        if clause["decision_kind"].startswith("resource"):
            checked = rule.pack == "nanchang-2024" and rule.note  # a yes/no column
            assert isinstance(rule, Rate) or checked, rule.id


def test_checklists_are_columns_of_the_register() -> None:
    for rule, clause in rules_with_clauses():
        if clause["decision_kind"] == "checklist":
            column = isinstance(rule, ShareOfClass) and rule.attribute
            assert column or rule.note, rule.id


def test_indicators_of_the_text_are_only_tracked() -> None:
    for rule, clause in rules_with_clauses():
        if clause["decision_kind"] == "indicator":
            assert isinstance(rule, Indicator), rule.id
            assert rule.target, rule.id


@pytest.mark.parametrize("name", TEXTS)
def test_districting_clauses_name_a_network_of_the_pack(name: str) -> None:
    networks = {network["id"]: network for network in content(name).get("network", [])}
    named = set()
    for rule in content(name)["rule"]:
        if CLAUSES[name][rule["id"]]["decision_kind"] != "siting.district":
            continue
        if "network" not in rule:
            assert "不在本程序内决定" in rule["note"], rule["id"]
            continue
        network = networks[rule["network"]]
        named.add(network["id"])
        while "above" in network:  # the lowest tier holds members and scope
            network = networks[network["above"]]
            named.add(network["id"])
        assert rule["share"] == 1.0, rule["id"]
        assert rule["of"] == network["members"], rule["id"]
        assert rule.get("scope", {}) == network.get("scope", {}), rule["id"]
    assert named == set(networks)


def test_every_reading_of_our_own_is_noted() -> None:
    kinds = {
        "R1_count_in_unit": "count_in_unit",
        "R2_share_of_class": "share_of_class",
        "R3_population_band": "population_band",
        "R4_rate": "rate",
        "R5_coverage": "coverage",
        "R6_indicator_only": "indicator",
    }
    for rule, clause in rules_with_clauses():
        if rule.kind != kinds[clause["rule_type"]]:
            assert rule.note, rule.id


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "nanchang-2024"])
def test_a_figure_is_in_the_text_or_is_called_a_default(name: str) -> None:
    text = text_of(name)
    for parameter, body in content(name).get("parameters", {}).items():
        stated = f"{body['default']:g}" in text
        assert stated or DEFAULT in body["note"], parameter


@pytest.mark.parametrize(
    ("name", "county"), [("xinjian-2023", "新建区"), ("jianggan-2019", "江干区")]
)
def test_the_text_of_a_district_binds_that_district_alone(
    name: str, county: str
) -> None:
    for rule in pack(name).rules:
        if not isinstance(rule, Indicator):
            assert rule.scope.county == (county,), rule.id


def test_a_truncated_clause_says_so_and_infers_nothing() -> None:
    rule = rule_of("lijiang", "S2c-20")
    assert text_of("lijiang").rstrip().endswith(rule.quote)
    assert isinstance(rule, Indicator)
    assert "截断" in rule.target
    assert "截断" in rule.note
    assert not re.search(r"\d", rule.target + rule.note)


def test_traditional_characters_are_kept_in_quotations() -> None:
    assert rule_of("shaanxi", "S2a-16").quote == "建設省公共衛生中心"
    assert rule_of("lijiang", "S2c-01").quote == "新建市人民醫院榮華分院"
    assert rule_of("shanghai", "S2b-18").quote == "高水平社區衛生服務中心20家"


def test_ambiguous_clauses_are_read_as_the_notes_say() -> None:
    geriatric = rule_of("xinjian-2023", "S4-26")
    assert geriatric.share == 0.96
    assert "不足25家" in geriatric.note
    houses = rule_of("jianggan-2019", "S3-12")
    circle = rule_of("jianggan-2019", "S3-13")
    assert houses.lo == 100
    assert circle.service == houses.service
    assert (circle.within_minutes, circle.share) == (5, None)
    subcenter = rule_of("xinjian-2023", "S4-33")
    assert subcenter.priority is Priority.MAY
    station = rule_of("xinjian-2023", "S4-34")
    assert (station.share, station.due) == (0.7, 2023)
    physicians = rule_of("xinjian-2023", "S4-06")
    assert (physicians.lo, str(physicians.unit)) == (1, "site")
    assert physicians.denominator == "service:township_health_center"


def test_band_of_the_text_can_be_changed_in_a_brief() -> None:
    changed, _ = read_pack(
        packs_folder() / "nanchang-2024.toml", {"band_min": 20000, "band_max": 80000}
    )
    assert changed is not None
    rule: Any = next(r for r in changed.rules if r.id == "S0-19")
    assert (rule.lo, rule.hi) == (20000, 80000)
    assert rule.any_of[0].scope.people_below == 20000
    assert (rule.any_of[0].lo, rule.any_of[0].hi) == (1, 1)


def test_named_sites_of_the_pack_are_in_the_sample(nanchang: Pack) -> None:
    path = samples_folder() / "nanchang" / "sites.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    for service in nanchang.services:
        assert set(service.hosts.name if service.hosts else ()) <= names, service.id


def test_only_functional_zones_are_unknown_in_the_sample() -> None:
    brief, _ = read_brief(samples_folder() / "nanchang" / "brief.toml")
    assert brief is not None
    area, _ = read_area(brief)
    policy, _ = read_policy(brief.policy.packs, brief.policy.parameters, brief.folder)
    assert area is not None
    assert policy is not None
    findings = check_policy(policy, area)
    assert {f.value for f in findings} == {"高新区", "经开区"}


def test_staff_beds_and_ambulances_are_decided_where_texts_ask_for_them() -> None:
    """Audited only would mean that no plan could close the gap."""
    policy = policy_of(["nanchang-2024", "xinjian-2023", "national"])
    placed = {r.id: r for r in policy.resources.values() if r.at is not None}
    assert {"gps", "beds", "ambulances", "nursery_places", "tcm_physicians"} <= set(
        placed
    )
    assert all(r.most_per_site for r in placed.values())
    at = placed["ambulances"].at
    assert at is not None
    assert at.service == ("emergency_station",)
    priority = {rule.id: rule.priority.value for rule in policy.rules}
    assert (priority["S0-01"], priority["N-8"]) == ("must", "strive")


def test_national_standards_are_labelled_as_defaults() -> None:
    national = pack("national")
    assert "默认值" in national.head.title
    for rule in national.rules:
        assert rule.quote.endswith(("(转述)", "(建议,非政策)")), rule.id
        assert re.match(r"\[[CMP]\] ", rule.source), rule.id
        assert rule.priority is not Priority.MUST, rule.id
        if rule.source.startswith("[M]"):
            assert "可修改的默认值" in rule.source, rule.id
            assert rule.priority is Priority.MAY, rule.id


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_packs_cite_their_source_and_set_their_objective(name: str) -> None:
    model = pack(name)
    assert model.head.objective == TEXTBOOK[name]
    assert re.search(r"19[67]\d", model.head.source)
    assert [service.id for service in model.services] == ["facility"]
    assert all(rule.source for rule in model.rules)


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_packs_ask_for_their_numbers(name: str) -> None:
    _, findings = read_pack(packs_folder() / f"{name}.toml")
    assert {f.code for f in findings} == {"parameter-missing"}


def test_example_of_the_documentation_is_a_pack_that_reads(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "docs" / "packs.md").read_text(encoding="utf-8")
    example = re.findall(r"```toml\n(\[pack\].*?)```", text, re.DOTALL)
    assert len(example) == 1
    path = tmp_path / "example.toml"
    path.write_text(example[0], encoding="utf-8")
    policy, findings = read_policy([str(path)], {}, tmp_path)
    assert findings == []
    assert policy is not None
    assert {rule.kind for rule in policy.rules} == set(KINDS)
