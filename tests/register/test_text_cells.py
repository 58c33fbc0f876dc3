"""Cutting text tables into cells as they are written."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.register.text_cells import (
    guarded,
    join_records,
    split_records,
    unquoted,
    written,
)

cells = st.text(st.sampled_from(list("a甲 ,;\t\"'=\r\n")), max_size=6)
tables = st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=5)


@given(tables, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_is_cut_and_joined_to_the_byte(rows, separator, end):
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    records = split_records(text.getvalue(), separator)
    assert records is not None
    assert join_records(records, separator) == text.getvalue()
    found = [[unquoted(cell) for cell in record.cells] for record in records]
    assert found == rows


@given(cells, st.booleans())
def test_a_cell_that_is_written_means_its_value(value, quoted):
    cell = written(value, ",", quoted=quoted)
    assert next(csv.reader(io.StringIO(cell + ",x\n", newline="")))[0] == value


@given(st.text(st.sampled_from(list('a,"\n\r ')), max_size=30))
def test_any_text_is_cut_to_the_byte_or_not_at_all(text):
    records = split_records(text, ",")
    assert records is None or join_records(records, ",") == text


@pytest.mark.parametrize("value", ["=1", "+1", "-甲", "@x", "\t=1"])
def test_formulas_are_guarded(value):
    assert guarded(value) == f"'{value}"
    assert guarded(value[1:]) == value[1:] or value == "\t=1"
