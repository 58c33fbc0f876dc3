from __future__ import annotations

import pytest

from tests.trust import supply


def test_every_locked_package_has_hashes_and_fits_pyproject():
    assert supply.lock_faults() == []
    locked = supply.read_lock()
    assert {"highspy", "pulp", "geopandas", "nicegui"} <= set(locked)
    assert all(one.hashes for one in locked.values())


def test_a_package_without_hash_or_of_another_version_is_a_fault(tmp_path, monkeypatch):
    text = supply.LOCK.read_text("utf-8")
    bad = text.replace("highspy==", "highspy==1.16.0 #", 1)
    bad = bad.replace("numpy==", "nunpy==", 1)
    (tmp_path / "bad.lock").write_text(bad + "\nfoo==1\n# https://x\n", "utf-8")
    monkeypatch.setattr(supply, "LOCK", tmp_path / "bad.lock")
    read = supply.read_lock
    monkeypatch.setattr(supply, "read_lock", lambda: read(supply.LOCK))
    faults = supply.lock_faults()
    assert "foo: no hash" in faults
    assert "numpy is not locked" in faults
    assert any(fault.startswith("highspy 1.16.0 is not") for fault in faults)
    assert "names the host of a registry" in faults


def test_every_licence_goes_with_the_program_s():
    assert supply.licence_faults() == []


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-or-later", False),
        ("not stated", False),
    ],
)
def test_an_expression_is_met_by_what_is_listed(expression, good):
    assert supply.is_compatible(expression) is good


def test_the_page_of_licences_lists_every_part():
    assert supply.names_on_page() == set(supply.parts())


@pytest.mark.slow
def test_two_builds_in_two_folders_have_the_same_bytes():
    first, second = supply.build_twice()
    assert len(first) > 1_000_000
    assert first == second
