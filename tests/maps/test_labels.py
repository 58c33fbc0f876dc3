from __future__ import annotations

from allocator.maps.labels import Box, Paper, around, text_width, wrapped

FRAME = Box(0, 0, 100, 100)


def test_a_chinese_character_is_one_em_wide() -> None:
    assert text_width("南昌", 10) == 20
    assert text_width("ab", 10) < 20


def test_a_name_goes_to_the_right_of_its_point_when_it_is_free() -> None:
    placed = Paper(FRAME).place("南昌", (50, 50), 10, clear=3)
    assert placed is not None
    assert (placed.x, placed.y, placed.leader) == (64, 50, None)


def test_names_never_overlap_and_stay_in_the_frame() -> None:
    paper = Paper(FRAME)
    boxes: list[Box] = []
    for i in range(40):
        point = (50 + i % 7, 50 + i % 5)
        placed = paper.place(f"名{i}", point, 8, clear=3, reach=6)
        if placed is not None:
            boxes.append(around(placed.x, placed.y, text_width(placed.text, 8), 8))
    assert 5 < len(boxes) < 40
    for i, box in enumerate(boxes):
        assert box.within(FRAME)
        for other in boxes[i + 1 :]:
            assert (
                box.right <= other.left
                or other.right <= box.left
                or box.top <= other.bottom
                or other.top <= box.bottom
            )


def test_a_name_far_from_its_point_has_a_leader() -> None:
    paper = Paper(FRAME)
    paper.take([around(50, 50, 40, 25)])
    placed = paper.place("名", (50, 50), 8, clear=3, reach=6)
    assert placed is not None
    assert placed.leader is not None


def test_a_name_without_room_is_left_out() -> None:
    paper = Paper(FRAME)
    paper.take([FRAME])
    assert paper.place("名", (50, 50), 8, clear=3) is None
    assert paper.centre("名", (50, 50), 8, slide=20) is None


def test_a_centred_name_slides_from_what_is_taken() -> None:
    paper = Paper(FRAME)
    paper.take([around(50, 50, 4, 4)])
    placed = paper.centre("名", (50, 50), 8, slide=12)
    assert placed is not None
    assert (placed.x, placed.y) == (62, 50)


def test_text_is_broken_to_the_width() -> None:
    text = "样例数据,不得用于审批。population is estimated from the census"
    lines = wrapped(text, 10, 100)
    assert all(text_width(line, 10) <= 110 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith((",", "。")) for line in lines)
    assert any("estimated" in line for line in lines)


def test_no_text_has_no_lines() -> None:
    assert wrapped("", 10, 100) == []
