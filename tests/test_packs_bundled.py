"""The bundled policy packs say what their texts say."""

from __future__ import annotations

import csv
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from allocator.errors import Severity
from allocator.load import read_area, read_brief
from allocator.policy import (
    KINDS,
    Indicator,
    Members,
    Pack,
    Priority,
    Resource,
    Scope,
    Service,
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
PRIORITIES = {
    "must": Priority.MUST,
    "strive": Priority.STRIVE,
    "no_figure": Priority.MAY,
}


def pack(name: str) -> Pack:
    found, findings = read_pack(packs_folder() / f"{name}.toml", NUMBERS)
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def nanchang() -> Pack:
    return pack("nanchang-2024")


@pytest.fixture(scope="module")
def clauses() -> dict[str, dict[str, str]]:
    path = packs_folder() / "texts" / "clauses.csv"
    with path.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["pack"] == "nanchang-2024"]
    return {row["id"]: row for row in found}


def test_the_packs_of_the_contract_are_bundled() -> None:
    assert set(pack_ids()) >= {"nanchang-2024", "national", *TEXTBOOK}


@pytest.mark.parametrize("name", pack_ids())
def test_every_pack_reads_and_can_be_used_alone(name: str) -> None:
    assert pack(name).head.id == name
    declared = declared_parameters(packs_folder() / f"{name}.toml")
    parameters = {key: value for key, value in NUMBERS.items() if key in declared}
    policy, findings = read_policy([name], parameters, packs_folder())
    assert findings == []
    assert policy is not None


def test_city_and_national_packs_can_be_used_together() -> None:
    policy, findings = read_policy(["nanchang-2024", "national"], {}, packs_folder())
    # Nanchang names the counties of its sub-centres; the national default does not.
    assert [(f.code, f.keys) for f in findings] == [
        ("service-declared-twice", ("county_subcenter",))
    ]
    assert policy is not None
    assert len(policy.rules) == 56 + len(pack("national").rules)


def test_every_clause_stands_in_the_pack_in_order(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    assert [rule.id for rule in nanchang.rules] == sorted(clauses)
    assert len(clauses) == 56


def test_every_quotation_is_verbatim(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    text = (packs_folder() / "texts" / "nanchang-2024.txt").read_text(encoding="utf-8")
    for rule in nanchang.rules:
        assert rule.quote in text, rule.id
        assert rule.quote == clauses[rule.id]["phrase_verbatim"], rule.id
        assert rule.clause == clauses[rule.id]["clause"], rule.id


def test_priorities_are_those_of_the_text(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    for rule in nanchang.rules:
        binding = clauses[rule.id]["binding"]
        assert rule.priority is PRIORITIES[binding], rule.id
        assert ("文件未给数值" in rule.note) == (binding == "no_figure"), rule.id


def test_years_are_those_of_the_text(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    for rule in nanchang.rules:
        year = clauses[rule.id]["year_due"]
        assert rule.due == (2025 if year.startswith("2025") else None), rule.id
        assert ("文件期" in rule.note) == ("文件期" in year), rule.id
        if rule.due is None:
            assert year in rule.note, rule.id


def test_every_siting_clause_constrains(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    for rule in nanchang.rules:
        if clauses[rule.id]["decision_kind"].startswith("siting"):
            assert not isinstance(rule, Indicator), rule.id


def test_every_reading_of_our_own_is_noted(
    nanchang: Pack, clauses: dict[str, dict[str, str]]
) -> None:
    kinds = {
        "R1_count_in_unit": "count_in_unit",
        "R2_share_of_class": "share_of_class",
        "R3_population_band": "population_band",
        "R4_rate": "rate",
        "R5_coverage": "coverage",
        "R6_indicator_only": "indicator",
    }
    for rule in nanchang.rules:
        if rule.kind != kinds[clauses[rule.id]["rule_type"]]:
            assert rule.note, rule.id


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


def test_every_key_of_a_pack_is_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "packs.md").read_text(encoding="utf-8")
    kinds: tuple[type[Any], ...] = (Scope, Members, Service, Resource, *KINDS.values())
    for kind in kinds:
        for field in fields(kind):
            key = {"facility_class": "class"}.get(field.name, field.name)
            if key != "pack":
                assert f"`{key}`" in text, (kind.__name__, key)
