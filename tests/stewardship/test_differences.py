"""Records side by side: signs and marks, in full and masked."""

from __future__ import annotations

import pytest

from stewardship.cases import Record, Side, Stated
from stewardship.differences import Cell, Row, marked, person, relation, side_by_side
from warehouse.fields import fields


def record(side: Side, record_id: str, /, **stated: str | None) -> Record:
    claims = {field: Stated(value, value, "ok", "2026-11-19") for field, value in stated.items()}
    return Record(record_id, "grid", side, 1, "2026-11-19", "2026-11-19", True, claims)


def row(rows: list[Row], field: str) -> list[Cell]:
    return list(next(one for one in rows if one.field == field).cells)


def text(cell: Cell) -> str:
    return "".join(mark.text for mark in cell.marks)


@pytest.mark.parametrize(
    ("field", "one", "other", "sign"),
    [
        ("name", "王小伟", "王小伟", "same"),
        ("name", "王小伟", "王小炜", "near"),
        ("name", "王小伟", "王**", "near"),
        ("name", "王小伟", "李**", "differ"),
        ("name", "王小伟", "李大力", "differ"),
        ("id_number", "330102198503071229", "330102198503071239", "near"),
        ("id_number", "330102198503071229", "330102198503071", "near"),
        ("id_number", "330102198503071229", "110105194912310021", "differ"),
        ("id_number", "330102198503071229", "330102********1229", "near"),
        ("birth_date", "1985-03-07", "1985-03", "near"),
        ("birth_date", "1985-03-07", "1985-03-08", "near"),
        ("birth_date", "1985-03-07", "1990-12-31", "differ"),
        ("phone", "13900000001", "13900000001;13900000002", "near"),
        ("phone", "13900000001", "13800000009", "differ"),
        ("sex", "1", "2", "differ"),
        ("address", "上城区|望江街道||近江路|12|近江家园||3|1||302", "上城区||||||||||", "near"),
        (
            "address",
            "上城区|望江街道||近江路|12|近江家园||3|1||302",
            "上城区|望江街道||近江路|12|近江家园||3|2||302",
            "differ",
        ),
    ],
)
def test_how_two_values_stand_to_each_other_whichever_comes_first(
    field: str, one: str, other: str, sign: str
) -> None:
    stated = [Stated(value, value, "ok", "") for value in (one, other)]
    assert relation(fields()[field], *stated) == sign
    assert relation(fields()[field], *stated[::-1]) == sign


def test_each_record_is_held_against_what_the_other_side_says() -> None:
    rows = side_by_side(
        [
            record("left", "l1", name="王小伟"),
            record("left", "l2", name="王小伟", id_number="330102198503071229"),
            record("right", "r1", name="王小炜"),
            record("right", "r2", name="王小伟", id_number="110105194912310021"),
        ],
        full=True,
    )
    assert [cell.sign for cell in row(rows, "name")] == ["near", "near", "near", "same"]
    # Neither judged record has a number: the two numbers are still held against each other.
    assert [cell.sign for cell in row(rows, "id_number")] == ["missing", "differ", "missing", "differ"]


def test_what_only_one_side_says_agrees_with_itself() -> None:
    rows = side_by_side(
        [record("left", "l1", phone="13900000001"), record("right", "r1", name="王")], full=True
    )
    assert [cell.sign for cell in row(rows, "phone")] == ["same", "missing"]
    assert [one.field for one in rows] == ["name", "phone"]


def test_masked_values_still_show_where_they_differ() -> None:
    records = [
        record("left", "l1", name="王小伟", phone="13912345678"),
        record("right", "r1", name="王小炜", phone="13912345679"),
    ]
    full, masked = side_by_side(records, full=True), side_by_side(records, full=False)
    assert [text(cell) for cell in row(masked, "name")] == ["王**", "王**"]
    assert [text(cell) for cell in row(masked, "phone")] == ["139****5678", "139****5679"]
    for field in ("name", "phone"):
        assert [cell.sign for cell in row(masked, field)] == [cell.sign for cell in row(full, field)]
        assert [[len(m.text) for m in c.marks] for c in row(masked, field)] == [
            [len(m.text) for m in c.marks] for c in row(full, field)
        ]
    assert "伟" not in str(masked) and "12345" not in str(masked)


def test_the_platforms_own_writing_is_shown_in_full_only_and_only_where_it_says_more() -> None:
    stated = Stated("近江家园3栋302", "上城区|||||近江家园||3|||302", "ok", "")
    one = Record(
        "l1", "grid", "left", 1, "", "", True, {"address": stated, "sex": Stated("男", "1", "ok", "")}
    )
    rows = side_by_side([one, record("right", "r1", name="王")], full=True)
    assert row(rows, "address")[0].stated == "近江家园3栋302"
    assert row(rows, "sex")[0].stated == ""
    assert row(side_by_side([one], full=False), "address")[0].stated == ""


def test_a_value_that_could_not_be_read_says_so_and_shows_nothing() -> None:
    one = Record("l1", "grid", "left", 1, "", "", True, {"id_number": Stated("无", None, "none", "")})
    (cell,) = row(side_by_side([one], full=False), "id_number")
    assert (cell.sign, list(cell.marks), cell.stated, cell.quality) == ("unread", [], "", "none")


def test_marks_make_up_the_whole_text() -> None:
    for text_, against in (("", "x"), ("abc", ""), ("王小伟", "王大伟"), ("19850307", "850307")):
        assert "".join(mark.text for mark in marked(text_, against)) == text_


def test_a_headline_names_nobody_in_full_on_a_masked_page() -> None:
    side = [record("left", "l1", phone="1"), record("left", "l2", name="王小伟")]
    assert (person(side, full=True), person(side, full=False), person([], full=True)) == (
        "王小伟",
        "王**",
        "",
    )
