"""Columns as codes: the shortcuts say what an obvious look at each row says."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.columns import coded, groups, ordered, repeated, texts, unified

WIDE = 1 << 40  # two such columns do not fit into one number


@given(
    rows=st.lists(st.tuples(*[st.sampled_from([-1, 0, 1, 2, WIDE])] * 4)),
)
@example(rows=[(WIDE, WIDE, WIDE, WIDE), (WIDE, WIDE, WIDE, -1), (WIDE, WIDE, WIDE, WIDE)])
def test_rows_are_numbered_as_they_are_first_met(rows: list[tuple[int, ...]]) -> None:
    columns = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(4)]
    first_met = list(dict.fromkeys(rows))
    assert groups(columns).tolist() == [first_met.index(row) for row in rows]


@given(stated=st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=3))))
def test_values_stand_as_they_are_first_met_or_in_their_order(stated: list[str | None]) -> None:
    column = coded(stated)
    assert texts(column) == texts(ordered(column)) == stated
    met = dict.fromkeys(one for one in stated if one is not None)
    assert list(column.values.strings) == list(met)
    assert list(ordered(column).values.strings) == sorted(met)


@given(hashes=st.lists(st.sampled_from([0, 1, 2, 1 << 40, (1 << 40) + 1, 1 << 63, (1 << 64) - 1])))
def test_hashes_that_stand_more_than_once_are_neighbours_also_when_others_differ_in_their_last_bits_only(
    hashes: list[int],
) -> None:
    order, value = repeated(np.array(hashes, dtype=np.uint64))
    assert sorted(order.tolist()) == [at for at, one in enumerate(hashes) if hashes.count(one) > 1]
    met = [hashes[place] for place in order.tolist()]
    assert value.tolist() == met
    runs = [one for at, one in enumerate(met) if at == 0 or met[at - 1] != one]
    assert len(runs) == len(set(met))


STATED = st.lists(st.one_of(st.none(), st.text("王伟9", max_size=2)))


@given(one=STATED, other=STATED)
def test_unified_columns_say_the_same_by_one_table_of_values(
    one: list[str | None], other: list[str | None]
) -> None:
    left, right = unified(coded(one), coded(other))
    assert (texts(left), texts(right)) == (one, other)
    assert list(left.values.strings) == list(right.values.strings)
    assert len(set(left.values.strings)) == len(left.values)
