"""Cases that are the same question: the groups, one of them with its random sample, and giving the rest the same answer.

Belongs here: these pages. Lives elsewhere: which cases make a group, its sample and what that comes to (`stewardship/groups.py`),
answering one of the sample, which is a case like any other, and taking the rest back (`review.py`).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from stewardship.casebook import Casebook
from stewardship.cases import Case
from stewardship.desk.answers import because, done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from stewardship.groups import Group, answer_rest, find_group, groups, measure
from stewardship.patterns import judged_platforms
from stewardship.queue import spoken_for
from stewardship.standing import Said, Standing
from stewardship.verdicts import Contradicts, Disputed, Overtaken


@dataclass(frozen=True, slots=True)
class Act:
    """The rest of a group as somebody answered it in one go: its last line, and how many cases."""

    said: Said
    cases: int


def groups_page(asking: Asking) -> Response:
    """The groups of which something is left to answer in one go."""
    book = asking.current.book()
    with asking.current.standing() as (_, standing):
        found = offered(asking, book, standing)
    return page(
        asking,
        "groups.html",
        "queue",
        groups=[(one, book.sheet(one.cases[0])) for one in found],
        platforms_of=judged_platforms,
        titles=book.platforms,
    )


def offered(asking: Asking, book: Casebook, standing: Standing) -> list[Group]:
    """The groups of which something is left to answer in one go. Inside `standing` only."""
    account, key = asking.who.account, asking.current.site.key
    open_now = _open(asking, book, standing)
    found = groups(book, key, standing, account)
    return [one for one in found if one.state != "dissolved" and one.rest(open_now)]


def _open(asking: Asking, book: Casebook, standing: Standing) -> set[str]:
    """The cases that are asked of who asks, and that no colleague holds or was given."""
    waiting = asking.current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
    held = spoken_for(asking.con, asking.who.account.name, asking.now)
    return {one.id for one in waiting} - held.keys()


def group_page(asking: Asking) -> Response:
    """One group: what its cases have in common, its sample, and what may be said of the rest."""
    return _page(asking)


def _page(asking: Asking, wrong: str = "", status: int = 200) -> Response:
    book, current, account = asking.current.book(), asking.current, asking.who.account
    with current.standing() as (_, standing):
        group = find_group(book, current.site.key, standing, account, asking.path["group"])
        if group is None:
            return problem(asking, 404, "no_such_group")
        open_now = _open(asking, book, standing)
        rest = group.rest(open_now)
        acts = _acts(standing, group)
        digest = _digest(current.site.key, standing, group, rest, account.name)
    sheet = book.sheet(group.cases[0])
    current.note("viewed", account.name, group=group.pattern)
    return page(
        asking,
        "group.html",
        "queue",
        status=status,
        wrong=say(wrong, asking.speak) if wrong else "",
        group=group,
        rest=rest,
        open_now=open_now,
        acts=acts,
        digest=digest,
        sheet=sheet,
        platforms=judged_platforms(sheet),
        titles=book.platforms,
        measure=measure(),
        because=because(asking),
        done=done_in_words(asking, ("group_answered",)),
    )


def _acts(standing: Standing, group: Group) -> list[Act]:
    """What was answered in one go of these cases, and stands."""
    lines = {one.seq: one for one in group.said.values()}
    acts = {standing.act(seq) for seq in lines if len(standing.act(seq)) > 1}
    return [Act(lines[max(here)], len(here)) for act in sorted(acts) if (here := lines.keys() & {*act})]


class _Changed(Exception):
    """The group is not what was shown."""


def answer(asking: Asking) -> Response:
    """Give the rest of a group the answer of its sample, in one act."""
    current, book, account = asking.current, asking.current.book(), asking.who.account
    if not because(asking):
        return _page(asking, "group_why", 400)
    try:
        with current.standing() as (ledger, standing):
            group = find_group(book, current.site.key, standing, account, asking.path["group"])
            if group is None:
                return problem(asking, 404, "no_such_group")
            rest = group.rest(_open(asking, book, standing))
            shown = _digest(current.site.key, standing, group, rest, account.name)
            if group.state != "agreed" or not rest or asking.form.get("digest") != shown:
                raise _Changed
            last = answer_rest(
                ledger,
                asking.con,
                standing,
                group,
                rest,
                by=account.name,
                because=_reason(asking, group),
                alike=book.alike,
                model=current.model,
            )
    except (_Changed, Overtaken, Contradicts, Disputed):
        return _page(asking, "group_changed", 409)
    current.note("judged", account.name, group=group.pattern, verdict=group.word, count=len(rest), line=last)
    return go_on(f"/groups/{group.pattern}", "group_answered", count=len(rest))


def _reason(asking: Asking, group: Group) -> str:
    """What each of these verdicts says: of how many cases it is one, how many were looked at, and why."""
    count, sample = len(group.cases), group.drawn
    return say("group_because", asking.speak, count=count, sample=sample, why=because(asking))


def _digest(key: bytes, standing: Standing, group: Group, rest: Sequence[Case], by: str) -> str:
    """Other cases, other data, another answer of the sample, or a word on one of the rest since: another digest."""
    sample = [(one.id, group.said[one.id].seq if one.id in group.said else 0) for one in group.sample]
    told = repr((sample, [(one.id, one.seen, standing.known(one.left, one.right, by)) for one in rest]))
    return hmac.digest(key, f"group\x1f{told}".encode(), "sha256").hex()[:24]


WAYS = (
    Way("/groups", groups_page, "look"),
    Way("/groups/{group}", group_page, "look"),
    Way("/groups/{group}", answer, "judge", "POST", again=group_page),
)
