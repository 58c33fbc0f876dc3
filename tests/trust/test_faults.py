"""A small share of the faults of ``make trust``."""

from __future__ import annotations

import os
import sys

import pytest

from tests.trust.faults import FAULTS, try_fault


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and small disks")
@pytest.mark.parametrize("what", FAULTS)
def test_nothing_is_broken_or_lost(what, tmp_path, monkeypatch):
    monkeypatch.setenv("ALLOCATOR_CACHE", str(tmp_path))
    figure = try_fault(what, 0.06)
    assert figure.wrong == 0, figure.note
    assert figure.tried or os.getuid() or "small disk" in figure.note
