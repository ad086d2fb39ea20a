"""How long one platform may take, and how often it is asked again.

Belongs here: the time budget of one pull or one sending, waiting between attempts (with jitter, and as long as the
platform asks).
Lives elsewhere: what counts as worth another attempt (each transport), killing what ignores its budget
(`connectors/sandbox.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar

import tenacity

from connectors.errors import Unreadable

P = ParamSpec("P")
T = TypeVar("T")

_ATTEMPTS = 8
_jittered = tenacity.wait_random_exponential(multiplier=0.5, max=60)


class Again(Unreadable):
    """A fault that may be gone in a moment. `after`: seconds the platform asks us to wait."""

    def __init__(self, problem: str, next_move: str, *, after: float = 0.0) -> None:
        super().__init__(problem, next_move)
        self.after = after


class OutOfTime(Unreadable):
    """The budget is used up."""


class Budget:
    """The time one pull or one sending may take, whatever it is doing: trying again, waiting, or receiving a byte now and then."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        way: Literal["pull", "send"] = "pull",
    ) -> None:
        self.seconds = seconds
        self._way = way
        self.clock = clock
        self.sleep = sleep
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - self.clock()

    def patience(self, most: float) -> float:
        """How long to wait for one answer: as long as is usual, and no longer than is left."""
        self.check()
        return min(most, self.left)

    def check(self) -> None:
        """
        Raises:
            OutOfTime: nothing is left.
        """
        if self.left <= 0:
            verb = "取" if self._way == "pull" else "送"
            raise OutOfTime(
                f"{self.seconds:g} 秒内没有{verb}完",
                f"平台恢复后会在下一夜再{verb}；一向这么慢时，请在平台文件里调大 {self._way}.budget_seconds",
            )

    def persist(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run something again while it raises `Again` and there is time; then raise what it raised last.

        That time went by says less than what went wrong: a platform that is down is said to be down.
        """
        faults: list[Again] = []

        def once() -> T:
            try:
                return function(*arguments, **named)
            except Again as again:
                faults.append(again)
                raise
            except OutOfTime:
                if faults:
                    raise faults[-1] from None
                raise

        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=_wait,
            stop=lambda state: state.attempt_number >= _ATTEMPTS or state.upcoming_sleep >= self.left,
            sleep=self.sleep,
            reraise=True,
        )
        return trying(once)


def _wait(state: tenacity.RetryCallState) -> float:
    raised = state.outcome.exception() if state.outcome else None
    asked = raised.after if isinstance(raised, Again) else 0.0
    return max(asked, float(_jittered(state)))
