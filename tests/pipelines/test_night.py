"""Which night it is, and what its clock counts."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.night import Night, Outcome, WrongNight, choose_night

DAYS = [date(2026, 11, day) for day in (18, 19, 20)]


def night() -> Night:
    nothing = cast(Any, None)
    return Night(site=nothing, date=DAYS[0], con=nothing, platforms={}, broken={})


@pytest.mark.parametrize(
    ("inbox", "done", "chosen"),
    [
        (DAYS, [], DAYS[0]),
        (DAYS, DAYS[:1], DAYS[1]),
        (DAYS, DAYS, DAYS[2]),
        (DAYS[1:], DAYS[:1], DAYS[1]),
        ([DAYS[0], DAYS[2]], [DAYS[1]], DAYS[2]),
    ],
)
def test_the_oldest_waiting_night_comes_next_else_the_latest_again(inbox, done, chosen):
    assert choose_night(None, inbox, done) == chosen


def test_nights_run_by_default_in_order_until_none_waits():
    done: list[date] = []
    for _ in DAYS:
        done.append(choose_night(None, DAYS, done))
    assert all(earlier < later for earlier, later in pairwise(done))


@pytest.mark.parametrize(
    ("stated", "inbox", "done"),
    [(None, [], []), (DAYS[0], DAYS[1:], []), (DAYS[0], DAYS, DAYS), (None, DAYS[:1], DAYS)],
)
def test_a_night_that_cannot_be_run_is_refused_with_the_next_move(stated, inbox, done):
    with pytest.raises(WrongNight, match=r"inbox|收件箱"):
        choose_night(stated, inbox, done)


def test_seconds_of_a_step_inside_another_are_counted_once(monkeypatch):
    ticks = iter([0.0, 1.0, 5.0, 10.0])
    monkeypatch.setattr("pipelines.night.perf_counter", lambda: next(ticks))
    one = night()
    with one.clock("golden"), one.clock("quality"):
        pass
    assert one.seconds == {"golden": 6.0, "quality": 4.0}


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        (["staged", "unchanged", "missing"], "done"),
        (["staged", "refused"], "partial"),
        (["staged", "broken"], "partial"),
    ],
)
def test_a_platform_that_fails_makes_the_night_partial_and_receives_nothing(statuses, ends):
    one = night()
    one.outcomes = {status: Outcome(title=status, status=status) for status in statuses}
    assert one.status == ends
    assert one.stopped == {"refused", "broken"} & set(statuses)


@pytest.mark.parametrize(
    ("door", "ends"), [("golden", "blocked"), ("outbox", "blocked"), ("staged", "partial")]
)
def test_a_critical_door_blocks_the_city_or_one_platform(door, ends):
    one = night()
    one.doors = [cast(Any, SimpleNamespace(door=door, critical=("x",), stopped=frozenset({"grid"})))]
    assert one.status == ends
