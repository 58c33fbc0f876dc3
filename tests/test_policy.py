"""Packs that cannot be used are refused with file, rule and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.errors import Finding, Severity
from allocator.policy import (
    CountInUnit,
    PopulationBand,
    Priority,
    Unit,
    combine,
    read_pack,
    read_policy,
)

HEAD = """
[pack]
id = "p"
title = "办法"

[[service]]
id = "station"
name = "急救站"
serves = {}
"""


def write(folder: Path, text: str, name: str = "p.toml", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + text, "utf-8")
    return path


def rule(**keys: str) -> str:
    """Return a rule as TOML; a key given as an empty string is left out."""
    body = {
        "id": '"R1"',
        "quote": '"各设一所"',
        "kind": '"count_in_unit"',
        "service": '"station"',
        "lo": "1",
    } | keys
    lines = [f"{key} = {value}" for key, value in body.items() if value]
    return "\n[[rule]]\n" + "\n".join(lines) + "\n"


def errors_of(path: Path, **parameters: float) -> list[Finding]:
    policy, findings = read_policy([str(path)], parameters, path.parent)
    errors = [f for f in findings if f.severity is Severity.ERROR]
    assert (policy is None) == bool(errors)
    return errors


def test_a_rule_is_read_with_its_modifiers(tmp_path):
    text = rule(
        unit='"county"', priority='"strive"', due="2025", scope='{ zone_kind = ["镇"] }'
    )
    pack, findings = read_pack(write(tmp_path, text))
    assert findings == []
    assert pack is not None
    (read,) = pack.rules
    assert isinstance(read, CountInUnit)
    assert (read.unit, read.priority, read.due) == (Unit.COUNTY, Priority.STRIVE, 2025)
    assert read.scope.zone_kind == ("镇",)
    assert read.pack == "p"


def test_a_reading_takes_what_it_does_not_state_from_its_rule(tmp_path):
    text = rule(
        kind='"population_band"',
        lo="30000",
        hi="100000",
        unit='"zone"',
        any_of='[{ kind = "count_in_unit", lo = 1, scope = { people_below = 30000 } }]',
    )
    pack, _ = read_pack(write(tmp_path, text))
    assert pack is not None
    (band,) = pack.rules
    assert isinstance(band, PopulationBand)
    (other,) = band.any_of
    assert isinstance(other, CountInUnit)
    assert (other.service, other.unit, other.quote) == (
        "station",
        Unit.ZONE,
        band.quote,
    )
    assert other.scope.people_below == 30000


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (rule(quote=""), "pack-key-missing", ("R1", "quote")),
        (rule(quote='""'), "pack-key-invalid", ("R1", "quote")),
        (rule(servce='"station"'), "pack-key-unknown", ("servce", "service")),
        (rule(lo="3", hi="1"), "pack-key-invalid", ("lo=3", "R1")),
        (rule(lo=""), "pack-key-invalid", ("lo", "R1")),
        (rule(lo="-1"), "pack-key-invalid", ("lo", "R1")),
        (rule(kind='"count_in_units"'), "rule-kind-unknown", ("count_in_unit",)),
        (rule(kind=""), "rule-kind-unknown", ("kind", "R1")),
        (rule(service='"staton"'), "service-unknown", ("staton", "station", "R1")),
        (rule(unit='"country"'), "pack-key-invalid", ("country", "county")),
        (rule(priority='"should"'), "pack-key-invalid", ("should",)),
        (rule(lo='"$number"'), "parameter-unknown", ("number", "R1")),
        (rule() + rule(), "rule-id-repeated", ("R1",)),
        (rule(scope='{ zone_kinds = ["镇"] }'), "pack-key-unknown", ("zone_kind",)),
        (
            rule(
                kind='"share_of_class"', lo="", share="1.5", of='{ class = ["C210"] }'
            ),
            "pack-key-invalid",
            ("share", "R1"),
        ),
        (
            rule(kind='"coverage"', lo="", within_km="5", within_minutes="15"),
            "pack-key-invalid",
            ("R1",),
        ),
        (
            rule(kind='"coverage"', lo="", urban_km="5"),
            "pack-key-invalid",
            ("R1",),
        ),
        ("\n[rules]\n", "pack-key-unknown", ("rules", "rule")),
        (
            '\n[[service]]\nid = "a"\nname = "a"\nrequires = ["b"]\n'
            '\n[[service]]\nid = "b"\nname = "b"\nrequires = ["a"]\n',
            "service-requires-circle",
            ("requires",),
        ),
        (
            '\n[[service]]\nid = "a"\nname = "a"\nhosts = { service = ["statio"] }\n',
            "service-unknown",
            ("statio", "station"),
        ),
    ],
)
def test_a_faulty_pack_is_refused_with_place_and_remedy(tmp_path, text, code, words):
    errors = errors_of(write(tmp_path, text))
    assert code in {f.code for f in errors}
    for language in ("zh", "en"):
        said = "\n".join(f.say(language) for f in errors)
        for word in words:
            assert word in said
    assert all(f.table == "p.toml" for f in errors if f.code != "service-unknown")


def test_a_band_needs_people(tmp_path):
    head = HEAD.replace("serves = {}", "")
    text = rule(kind='"population_band"', hi="100000")
    (error,) = errors_of(write(tmp_path, text, head=head))
    assert error.code == "band-without-people"


def test_parameters_have_defaults_and_are_replaced_by_the_brief(tmp_path):
    text = "\n[parameters.number]\ndefault = 2\n" + rule(lo='"$number"')
    path = write(tmp_path, text)
    for given, expected in (({}, 2), ({"number": 5.0}, 5)):
        pack, _ = read_pack(path, given)
        assert pack is not None
        (read,) = pack.rules
        assert isinstance(read, CountInUnit)
        assert read.lo == expected


def test_a_parameter_without_default_must_be_given(tmp_path):
    path = write(
        tmp_path, '\n[parameters.number]\nunit = "所"\n' + rule(lo='"$number"')
    )
    (error,) = errors_of(path)
    assert error.code == "parameter-missing"
    assert errors_of(path, number=1) == []


def test_a_parameter_that_no_pack_declares_is_refused(tmp_path):
    path = write(
        tmp_path, "\n[parameters.number]\ndefault = 2\n" + rule(lo='"$number"')
    )
    (error,) = errors_of(path, nmber=3)
    assert error.code == "parameter-unknown"
    assert "number" in error.say("zh")


def test_the_earlier_of_two_declarations_holds(tmp_path):
    one, _ = read_pack(write(tmp_path, rule()))
    head = HEAD.replace('id = "p"', 'id = "q"').replace("急救站", "急救点")
    two, _ = read_pack(write(tmp_path, rule(id='"R2"'), "q.toml", head))
    assert one is not None
    assert two is not None
    policy, findings = combine([one, two])
    assert [f.code for f in findings] == ["service-declared-twice"]
    assert findings[0].severity is Severity.NOTE
    assert policy.services["station"].name == "急救站"


def test_two_packs_may_not_share_a_rule_id(tmp_path):
    one, _ = read_pack(write(tmp_path, rule()))
    assert one is not None
    _, findings = combine([one, one])
    assert {f.code for f in findings} == {"rule-id-repeated"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[pack", b"pack = 1"])
def test_what_is_no_pack_is_a_finding(tmp_path, content):
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    assert errors_of(path)


def test_a_pack_in_gb18030_is_read_and_reported(tmp_path):
    path = tmp_path / "p.toml"
    path.write_bytes((HEAD + rule()).encode("gb18030"))
    pack, findings = read_pack(path)
    assert pack is not None
    assert pack.rules[0].quote == "各设一所"
    assert [f.code for f in findings] == ["file-encoding"]
