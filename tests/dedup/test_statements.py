"""What a node states, as one text, is what comes back."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.prepare.resident import STATED
from dedup.statements import taken_apart, written

value = st.none() | st.text("王玮珺1|;-*?·", min_size=1, max_size=4)


@given(rows=st.lists(st.tuples(*[value] * len(STATED)), max_size=5))
@example(rows=[(None,) * len(STATED), ("王",) * len(STATED)])
@example(rows=[])
def test_it_comes_back_as_it_was_stated(rows: list[tuple[str | None, ...]]) -> None:
    persons = pa.table(
        {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(STATED)}
    )
    assert taken_apart(written(persons)).to_pylist() == persons.to_pylist()
