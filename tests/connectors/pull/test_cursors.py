"""Laws of cursors: no change is ever skipped, and nothing a platform states can stop changes from coming."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.platform_pull import Since
from connectors.pull.cursors import Cursor, asked_from, forget_cursor, keep_cursor, newest, read_cursor

BEGIN = datetime(2026, 11, 1)
NUMBERS = Since("bh", kind="number", parameter="from", whole_every=1000)
TIMES = Since("gxsj", format="%Y-%m-%d %H:%M:%S", parameter="from", overlap_minutes=60, whole_every=1000)
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@given(st.lists(st.lists(st.integers(0, 300), max_size=5), min_size=1, max_size=8))
def test_every_number_is_seen_by_the_end(nights: list[list[int]]) -> None:
    """Numbers only grow, as those of a sequence do; each night asks from where the last one ended."""
    stored: list[int] = []
    seen: set[int] = set()
    cursor: Cursor | None = None
    for at, more in enumerate(nights):
        stored += [max(stored, default=0) + step for step in more]
        start = asked_from(NUMBERS, cursor, Day(2026, 11, 1) + timedelta(at))
        got = [number for number in stored if not start or number >= int(start)]
        seen.update(got)
        value = newest(map(str, got), NUMBERS, BEGIN, cursor.value if cursor and start else "")
        if value:
            cursor = Cursor(value, Day(2026, 10, 31) if cursor is None else cursor.whole_on)
    assert seen == set(stored)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 60)), max_size=5), min_size=1, max_size=6
    ),
    st.sampled_from(FORMATS),
)
def test_a_row_committed_within_the_overlap_after_its_own_time_is_seen(
    nights: list[list[tuple[int, int]]], pattern: str
) -> None:
    """A row bears the time its transaction began; it can be read only some minutes later."""
    since = Since("gxsj", format=pattern, parameter="from", overlap_minutes=60, whole_every=1000)
    rows = [
        (BEGIN + timedelta(days=at, minutes=minute), BEGIN + timedelta(days=at, minutes=minute + late))
        for at, night in enumerate(nights)
        for minute, late in night
    ]
    seen: set[datetime] = set()
    cursor: Cursor | None = None
    for at in range(len(nights) + 1):
        now = BEGIN + timedelta(days=at + 1, hours=2)
        start = asked_from(since, cursor, now.date())
        bound = datetime.strptime(start, pattern) if start else datetime.min
        got = [stated for stated, there in rows if there <= now and stated >= bound]
        seen.update(got)
        value = newest(
            (stated.strftime(pattern) for stated in got), since, now, cursor.value if cursor and start else ""
        )
        if value:
            cursor = Cursor(value, Day(2026, 10, 31) if cursor is None else cursor.whole_on)
    assert seen == {stated for stated, _ in rows}


@given(st.lists(st.text(max_size=12) | st.sampled_from(["9999-12-31 00:00:00", "2027-01-01 00:00:00"])))
def test_nonsense_and_dates_of_the_future_do_not_move_a_cursor(values: list[str]) -> None:
    known = "2026-10-31 12:00:00"
    assert newest([*values, known], TIMES, BEGIN) == known
    assert newest(values, TIMES, BEGIN, known) == known


@pytest.mark.parametrize(
    ("night", "start"),
    [
        (Day(2026, 11, 1), ""),  # the same night again: everything once more
        (Day(2026, 11, 2), "2026-10-31 11:00:00"),
        (Day(2026, 11, 7), "2026-10-31 11:00:00"),
        (Day(2026, 11, 8), ""),  # a week after everything was asked for
        (Day(2026, 10, 30), ""),
    ],
)
def test_everything_is_asked_for_again_after_some_nights(night: Day, start: str) -> None:
    since = Since("gxsj", parameter="from", overlap_minutes=60, whole_every=7)
    assert asked_from(since, Cursor("2026-10-31 12:00:00", Day(2026, 11, 1)), night) == start


def test_a_cursor_is_kept_and_forgotten_and_a_damaged_one_is_none(site: Any) -> None:
    cursor = Cursor("2026-10-31 12:00:00", Day(2026, 11, 1))
    assert read_cursor(site, "trial") is None
    keep_cursor(site, "trial", cursor)
    assert read_cursor(site, "trial") == cursor
    (site.cursors / "trial.json").write_text('{"value": 1')
    assert read_cursor(site, "trial") is None
    keep_cursor(site, "trial", cursor)
    forget_cursor(site, "trial")
    forget_cursor(site, "trial")
    assert read_cursor(site, "trial") is None
