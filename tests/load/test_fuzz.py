from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import errors_in
from tests.load.damage import damaged, write_damaged
from tests.load.small_area import read_all


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_no_damage_to_a_table_raises(seed):
    with TemporaryDirectory() as made:
        path = write_damaged(Path(made), damaged(random.Random(seed)))  # noqa: S311
        area, findings = read_all(path)
        assert (area is None) is bool(errors_in(findings))
