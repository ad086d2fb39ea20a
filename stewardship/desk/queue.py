"""The queue: what waits for a steward, by kind, platform and area.

Belongs here: this page, and the part of the queue that an address names.
Lives elsewhere: whose turn it is (`stewardship/queue.py`), a case (`review.py`), what else waits for people (`todo.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain, takewhile
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from stewardship.accounts import Account, within
from stewardship.cases import KINDS, Case
from stewardship.desk.answers import page
from stewardship.desk.effect import effect
from stewardship.desk.groups import offered
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import HERE, say
from stewardship.desk.todo import work
from stewardship.groups import sample_of
from stewardship.queue import Asked, assignments, deferrals, held_by_others
from stewardship.standing import Said, Standing
from stewardship.visits import returned, visits

_LISTED = 100  # cases on the page
_TOLD = ("nothing_left", "deferred", "nothing_to_undo", "act_taken_back")


def queue_page(asking: Asking) -> Response:
    """What waits, by kind, platform and area, the most pressing first."""
    asked, book, account = asked_of(asking, asking.query), asking.current.book(), asking.who.account
    with asking.current.standing() as (_, standing):
        every = asking.current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
        mine = _judged_today(standing, account.name, asking.now)
        answered = sum(account.name in {one.by for one in said.waits} for said in standing.waiting())
        disputed = {one.id for one in every if standing.disputed(one.left, one.right)}
        groups = offered(asking, book, standing)
    waiting = [case for case in every if account.works_on(case.areas)] if account.areas else every
    wanted = sorted(asked.part(waiting), key=lambda case: case.id not in asked.first)
    return page(
        asking,
        "queue.html",
        "queue",
        told=say(asking.query["told"], asking.speak) if asking.query.get("told") in _TOLD else "",
        cases=wanted[:_LISTED],
        count=len(wanted),
        all=len(waiting),
        kinds=[(kind, count) for kind, count in _counts(waiting).items() if count],
        platforms=_platforms(waiting, book.platforms),
        areas=_areas(waiting, account),
        titles=book.platforms,
        asked=asked,
        query=query_of(asked),
        held=held_by_others(asking.con, asking.who.account.name, asking.now),
        put_off=deferrals(asking.con),
        given=assignments(asking.con),
        back_from_door=asked.first,
        out=sum(one.out for one in visits(asking.con).values()),
        groups=groups,
        mine=mine,
        answered=answered,
        disputed=disputed,
        waits=[one for one in work(asking) if one.kind != "cases" and one.count and one.shown_to(account)],
        night=book.snapshot.stem,
        effect=effect(asking),
    )


def _counts(cases: Sequence[Case]) -> dict[str, int]:
    found = Counter(case.kind for case in cases)
    return {kind: found[kind] for kind in KINDS}


def _platforms(cases: Sequence[Case], titles: Mapping[str, str]) -> list[tuple[str, str, int]]:
    found = Counter(chain.from_iterable(case.platforms for case in cases))
    return sorted(
        ((slug, titles.get(slug, slug), count) for slug, count in found.items()), key=lambda one: -one[2]
    )


def _areas(cases: Sequence[Case], account: Account) -> list[tuple[str, int]]:
    """The communities and grids in which cases are, of those that somebody is kept to, by name."""
    found = Counter(chain.from_iterable(case.areas for case in cases))
    return sorted((area, count) for area, count in found.items() if within([area], account.areas))


def _judged_today(standing: Standing, by: str, now: datetime) -> int:
    """How many standing verdicts somebody gave today, by the clock on the wall."""

    def today(one: Said) -> bool:
        return datetime.fromisoformat(one.at).astimezone(HERE).date() == now.astimezone(HERE).date()

    todays = takewhile(today, reversed(standing.lines.values()))
    return sum(one.by == by and not one.undoes and one.seq not in standing.undone for one in todays)


def asked_of(asking: Asking, stated: Mapping[str, str]) -> Asked:
    """The part that a form or an address names, of what is theirs to work on who asks."""
    kind = next((one for one in KINDS if one == stated.get("kind")), None)
    platform, area = stated.get("platform") or None, stated.get("area") or None
    among, group = _mine(asking) if stated.get("mine") else None, ""
    if stated.get("group") in asking.current.book().patterns:
        group = stated["group"]
        among = sample_of(asking.current.book(), asking.current.site.key, asking.who.account, group)
    return Asked(kind, platform, asking.who.account.areas, area, among, group, returned(asking.con))


def _mine(asking: Asking) -> frozenset[str]:
    """The cases that were given to who asks."""
    name = asking.who.account.name
    return frozenset(case for case, one in assignments(asking.con).items() if one.to == name)


def query_of(asked: Asked, **facts: Any) -> str:
    stated = {"kind": asked.kind, "platform": asked.platform, "area": asked.area}
    mine = "1" if asked.among is not None and not asked.group else ""
    stated |= {"mine": mine, "group": asked.group, **facts}
    return urlencode({name: value for name, value in stated.items() if value})


WAYS = (Way("/", queue_page, "look"),)
