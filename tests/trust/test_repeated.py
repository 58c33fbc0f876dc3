"""The small task in other surroundings, of ``make trust``."""

from __future__ import annotations

import pytest

from tests.trust.repeated import figures


@pytest.mark.slow
def test_other_surroundings_and_threads_change_nothing():
    found = figures(0.1)
    assert [figure.wrong for figure in found] == [0, 0], found
