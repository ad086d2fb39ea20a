"""Trying again: as often as there is time, as late as the platform asks. The clock is a stand-in; nothing waits."""

from __future__ import annotations

import pytest

from connectors.errors import Unreadable
from connectors.pull.budget import Again, Budget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def run(seconds: float, *faults: Unreadable) -> tuple[Clock, str]:
    clock, left = Clock(), list(faults)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return clock, Budget(seconds, clock.time, clock.sleep).persist(attempt)


def busy(after: float = 0.0) -> Again:
    return Again("忙", "稍后", after=after)


def test_what_the_platform_asks_us_to_wait_is_waited() -> None:
    clock, answer = run(600, busy(120), busy())
    assert answer == "done"
    assert clock.slept[0] == 120 and 0 <= clock.slept[1] < 60


def test_a_wait_beyond_the_budget_is_not_begun() -> None:
    with pytest.raises(Again) as refused:
        run(100, busy(101))
    assert refused.value.after == 101


def test_waiting_never_outlasts_the_budget() -> None:
    clock, left = Clock(), iter(range(1000))

    def attempt() -> None:
        next(left)
        clock.now += 1
        raise busy()

    with pytest.raises(Again):
        Budget(20, clock.time, clock.sleep).persist(attempt)
    assert clock.now <= 21
    assert next(left) > 1


def test_a_platform_that_was_down_is_said_to_be_down_when_the_time_is_up() -> None:
    clock = Clock()
    budget = Budget(10, clock.time, clock.sleep)
    tried: list[int] = []

    def attempt() -> None:
        tried.append(1)
        if len(tried) > 1:
            clock.now = 11
            budget.check()
        raise busy()

    with pytest.raises(Again, match="忙"):
        budget.persist(attempt)
    assert len(tried) == 2


def test_waits_grow_with_jitter_and_end() -> None:
    clocks = [run(10_000, *[busy()] * 7)[0] for _ in range(5)]
    assert len({tuple(clock.slept) for clock in clocks}) == 5
    with pytest.raises(Again):
        run(100_000, *[busy()] * 8)


def test_a_fault_that_will_not_pass_is_not_tried_again() -> None:
    clock = Clock()
    with pytest.raises(Unreadable, match="不接受登录"):
        Budget(600, clock.time, clock.sleep).persist(_denied)
    assert clock.slept == []


def _denied() -> None:
    raise Unreadable("不接受登录", "请检查")


def test_patience_shrinks_to_what_is_left_and_then_ends() -> None:
    clock = Clock()
    budget = Budget(40, clock.time, clock.sleep)
    assert budget.patience(30) == 30
    clock.now = 25
    assert budget.patience(30) == 15
    clock.now = 40
    with pytest.raises(Unreadable, match="40 秒内没有取完"):
        budget.patience(30)
