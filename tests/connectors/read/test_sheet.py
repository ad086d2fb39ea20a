"""Exact digits, and what a merged range covers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.read.sheet import Row, mark_merged, number_text


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1))
def test_a_whole_number_of_fifteen_digits_keeps_every_digit(number: int) -> None:
    assert number_text(float(number)) == str(number)


@given(st.integers(min_value=10**17, max_value=10**18 - 100))
def test_an_id_number_in_a_number_cell_keeps_fifteen_digits_and_no_exponent(number: int) -> None:
    text = number_text(float(number))
    assert len(text) == 18 and text.isdigit() and text.endswith("000")
    # Doubles of this size are up to 128 apart: near a border the fifteenth digit cannot be known.
    assert text[:15] in {str(number + slip)[:15] for slip in (-64, 0, 64)}
    assert number_text(float(int(text))) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_written_with_an_exponent(number: float) -> None:
    text = number_text(number)
    assert "e" not in text
    assert abs(float(text) - number) <= abs(number) * 1e-14


def test_a_range_without_a_value_covers_nothing() -> None:
    rows = [Row(1, ["甲"], "s"), Row(2, [""], "."), Row(3, [""], ".")]
    assert [row.types for row in mark_merged(rows, [((1, 0), (2, 0))])] == ["s", ".", "."]


def test_the_first_visible_row_of_a_range_takes_over_from_a_hidden_one() -> None:
    rows = [Row(1, ["甲户"], "s"), Row(2, [""], "."), Row(3, [""], ".")]
    marked = mark_merged(rows, [((0, 0), (2, 0))], hidden=frozenset({1}))
    assert [(row.cells, row.types) for row in marked[1:]] == [(["甲户"], "s"), ([""], "v")]
