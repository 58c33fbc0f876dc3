from __future__ import annotations

import pytest

from allocator.report import numbers


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (numbers.whole(6255007), "6,255,007"),
        (numbers.whole(None), "—"),
        (numbers.whole(float("nan")), "—"),
        (numbers.people_wan(6255007), "625.50"),
        (numbers.money(2214.0), "2,214"),
        (numbers.money(80.5), "80.5"),
        (numbers.money(177.25), "177.25"),
        (numbers.money(0.1 + 0.2), "0.3"),
        (numbers.percent(0.853), "85.3%"),
        (numbers.tenth(7.04), "7.0"),
        (numbers.hundredth(2.4549), "2.45"),
        (numbers.general(34309499.78), "34,309,500"),
        (numbers.general(2.496328), "2.496"),
        (numbers.general(0.0), "0"),
        (numbers.percent(numbers.share_of(1, 0)), "—"),
    ],
)
def test_numbers_read_as_planners_write_them(shown: str, words: str) -> None:
    assert shown == words
