"""How the figures went over the last nights, and a steward's own work.

Belongs here: these two pages, and the points of their lines. Lives elsewhere: the figures (`stewardship/nights.py`), what
one person did (`stewardship/own_work.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from starlette.responses import Response

from stewardship.blind import Agreement, agreement
from stewardship.desk.answers import page
from stewardship.desk.guard import Asking, Way
from stewardship.nights import courses
from stewardship.own_work import own_work

WIDE, HIGH = 220, 36  # of a line, in its own units
_DAYS = 30


def trends_page(asking: Asking) -> Response:
    """Each figure as a line over the nights, and all of them as a table."""
    nights, found = courses(asking.current.site)
    lines = {one.figure: segments(one.values) for one in found}
    again, again_share = _asked_again(asking), asking.current.site.review.blind
    return page(
        asking,
        "trends.html",
        nights=nights,
        courses=found,
        lines=lines,
        wide=WIDE,
        high=HIGH,
        again=again,
        again_share=again_share,
    )


def own_page(asking: Asking) -> Response:
    """What who asks has done in the last thirty days."""
    since = (asking.now - timedelta(days=_DAYS)).date().isoformat()
    with asking.current.standing() as (_, standing):
        work = own_work(standing, asking.who.account.name, since)
    again = _asked_again(asking, asking.who.account.name)
    most = max((one.given for one in work.days), default=1)
    return page(asking, "own_work.html", work=work, most=most, again=again)


def _asked_again(asking: Asking, of: str | None = None) -> Agreement:
    """How often people agreed who answered a case without each other's answer."""
    with asking.current.standing() as (_, standing):
        return agreement(standing, of)


def segments(values: Sequence[float | None]) -> list[str]:
    """The points of a line through values, one string for each run of nights that are known; low values are low.

    >>> segments([1, 3, None, 2])
    ['0.0,36.0 73.3,0.0', '220.0,18.0']
    """
    known = [value for value in values if value is not None]
    low, span = min(known, default=0.0), (max(known, default=0.0) - min(known, default=0.0)) or 1.0
    step = WIDE / max(1, len(values) - 1)
    points = [
        None if value is None else f"{at * step:.1f},{HIGH * (1 - (value - low) / span):.1f}"
        for at, value in enumerate(values)
    ]
    return [
        " ".join(point for point in run if point is not None)
        for known_here, run in groupby(points, key=lambda point: point is not None)
        if known_here
    ]


WAYS = (
    Way("/trends", trends_page),
    Way("/own-work", own_page, "judge"),
)
