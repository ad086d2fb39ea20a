"""Saying that some records are not a resident's, and whose they are: staged, looked at, and saved as one act.

Belongs here: this page. Lives elsewhere: which verdicts that takes (`stewardship/moving.py`), writing them (`verdicts.py`), taking
them back (`review.py`).

Nothing is kept between looking and saving. The form that saves bears a digest of the verdicts that were shown, and the page is
shown anew when they are others by then.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from dedup.explain import why
from dedup.site import site_model
from stewardship.cases import fingerprints
from stewardship.desk.answers import because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from stewardship.desk.review import step_of
from stewardship.finding import Found, find
from stewardship.four_eyes import by_two, needed
from stewardship.moving import Plan, Word, plan_move, what_would_be_told
from stewardship.residents import Claim, Resident, read_resident
from stewardship.standing import Link, Standing, contradiction_together
from stewardship.verdicts import Contradicts, Disputed, Overtaken, Saying, give_together, supposed_words
from warehouse.residents import UnknownResident
from warehouse.store import read_store

SHOWN = ("name", "id_number", "birth_date", "phone", "address")
_TICK = "record-"


@dataclass(frozen=True, slots=True)
class Ticked:
    """A record of the resident, as a line to tick; values are keys."""

    record_id: str
    platform: str
    present: bool
    going: bool
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for: which records of the resident go, and to whom. found: who may be meant by what was typed."""

    resident: Resident
    going: Sequence[str]
    typed: str
    found: Sequence[Found]
    to: Found | None

    @property
    def clear(self) -> bool:
        """Whether some records go and some stay and, if somebody was named, it is known who."""
        return 0 < len(self.going) < len(self.resident.records) and (self.to is not None or not self.typed)


@dataclass(frozen=True, slots=True)
class Staged:
    """What would be said and what would follow. digest: of the verdicts; by_two: two people have to save the same."""

    plan: Plan
    words: Sequence[Saying]
    digest: str
    chain: Sequence[Link]
    cells: Mapping[str, int]
    withdrawn: Mapping[str, int]
    platform_of: Mapping[str, str]
    by_two: bool

    @property
    def may_be_said(self) -> bool:
        """Whether it holds, agrees with what stands, and says anything."""
        return self.plan.holds and not self.chain and bool(self.words)


def move_page(asking: Asking) -> Response:
    """The records of a resident, to be ticked; with what was ticked, what would be said and what would follow."""
    wish = _wish(asking)
    return problem(asking, 404, "no_such_resident") if wish is None else _page(asking, wish)


def move(asking: Asking) -> Response:
    """Look at what would follow, or save it."""
    wish = _wish(asking)
    if wish is None:
        return problem(asking, 404, "no_such_resident")
    if asking.form.get("say") != "save":
        return _page(asking, wish)
    staged = _staged(asking, wish) if wish.clear else None
    if staged is None or staged.digest != asking.form.get("digest") or not staged.may_be_said:
        return _page(asking, wish, "move_changed", 409)
    if not because(asking):
        return _page(asking, wish, "move_why", 400)
    account = asking.who.account
    try:
        with asking.current.standing() as (ledger, standing):
            last = give_together(
                ledger,
                asking.con,
                standing,
                staged.words,
                by=account.name,
                because=because(asking),
                alike=lambda one: _alike(asking, staged.plan, one),
                model=asking.current.model,
                decides=account.may("decide"),
            )
            waits = any(standing.between(one.left, one.right).waits for one in staged.words)
    except Disputed:
        return _page(asking, wish, "approver_decides", 409)
    except (Overtaken, Contradicts):
        return _page(asking, wish, "move_changed", 409)
    resident, count = wish.resident.resident_id, len(staged.words)
    to = wish.to.resident_id if wish.to else ""
    asking.current.note("moved", account.name, resident=resident, to=to, count=count, line=last)
    return go_on(f"/residents/{resident}/move", "moved_waits" if waits else "moved", count=count, line=last)


def _page(asking: Asking, wish: Wish, wrong: str = "", status: int = 200) -> Response:
    resident, by = wish.resident, asking.who.account.name
    staged = _staged(asking, wish) if wish.clear else None
    if wish.typed:
        asking.current.note("searched", by, because=wish.typed, found=len(wish.found))
    asking.current.note("viewed", by, resident=resident.resident_id, what="move")
    return page(
        asking,
        "move.html",
        "queue",
        status=status,
        wrong=say(wrong, asking.speak) if wrong else "",
        resident=resident,
        records=_ticked(wish),
        shown=SHOWN,
        staged=staged,
        chain=[step_of(link, asking) for link in staged.chain] if staged else [],
        found=wish.found,
        to=wish.typed,
        chosen=wish.to.resident_id if wish.to else "",
        because=because(asking),
        titles=asking.current.book().platforms,
        done=done_in_words(asking, ("moved", "moved_waits")),
        line=number(asking.query.get("line")),
        back=f"/residents/{resident.resident_id}/move",
    )


def _wish(asking: Asking) -> Wish | None:
    """What is asked for, of people who are theirs to work on who asks; None when the resident is not."""
    snapshot, key, areas = asking.current.book().snapshot, asking.current.site.key, asking.who.account.areas
    try:
        resident = read_resident(snapshot, key, asking.path["resident"])
    except UnknownResident:
        return None
    if not asking.who.account.works_on(resident.areas):
        return None
    typed = asking.form.get("to", "").strip()[:60]
    met = find(snapshot, key, typed, areas) if typed else []
    found = [one for one in met if one.resident_id != resident.resident_id]
    named = [one for one in found if len(found) == 1 or one.resident_id == asking.form.get("who")]
    going = [one for one in resident.records if asking.form.get(f"{_TICK}{one}")]
    return Wish(resident, going, typed, found, named[0] if named else None)


def _ticked(wish: Wish) -> list[Ticked]:
    """The records of the resident, those of one name beside each other."""
    stated: dict[str, list[Claim]] = {record: [] for record in wish.resident.records}
    for claim in wish.resident.claims:
        stated[claim.record_id].append(claim)
    found = [
        Ticked(
            record,
            own[0].platform if own else "",
            bool(own and own[0].present),
            record in wish.going,
            {one.field: one.key for one in own if one.field in SHOWN and one.key},
        )
        for record, own in stated.items()
    ]
    return sorted(found, key=lambda one: (one.keys.get("name", ""), one.platform, one.record_id))


def _staged(asking: Asking, wish: Wish) -> Staged:
    """The verdicts of what is ticked, and what follows."""
    current, snapshot = asking.current, asking.current.book().snapshot
    to = wish.to.resident_id if wish.to else None
    with current.standing() as (_, standing):
        said = list(standing.standing())
    plan = plan_move(snapshot, wish.resident.resident_id, wish.going, to, said)
    cells, withdrawn = what_would_be_told(snapshot, plan) if plan.holds else ({}, {})
    platform_of = _platforms_of(snapshot, plan)
    two = by_two({*platform_of.values()}, sum(cells.values()) + sum(withdrawn.values()), current.site.review)
    measured = _measured(asking, plan.words)
    with current.standing() as (_, standing):
        words = [_saying(asking, standing, one, *measured[one], two=two) for one in plan.words]
        chain = contradiction_together(standing, supposed_words(words), lambda one: _alike(asking, plan, one))
    digest = _digest(current.site.key, words)
    return Staged(plan, words, digest, chain or (), cells, withdrawn, platform_of, two)


def _measured(asking: Asking, words: Sequence[Word]) -> dict[Word, tuple[str, float]]:
    """Of each word what is seen of its records, and their points."""
    site = asking.current.site
    model = site_model(site)
    with read_store(asking.current.book().snapshot) as con:
        seen = fingerprints(con, site.key, [(one.left, one.right) for one in words])
        return {
            one: (seen[one.left, one.right], why(con, one.left, one.right, model).points) for one in words
        }


def _saying(asking: Asking, standing: Standing, word: Word, seen: str, points: float, *, two: bool) -> Saying:
    """A word as who asks would say it now; `two`: whether two people have to."""
    account = asking.who.account
    knew = standing.known(word.left, word.right, account.name, decides=account.may("decide"))
    now = standing.between(word.left, word.right).on(seen)
    return Saying(*word, knew, seen, points, needed(two, now, account))


def _digest(key: bytes, words: Sequence[Saying]) -> str:
    """Other words, other data, or another word on one of the pairs since: another digest."""
    told = repr([(one.left, one.right, one.word, one.knew, one.seen, one.needs) for one in words])
    return hmac.digest(key, f"move\x1f{told}".encode(), "sha256").hex()[:24]


def _alike(asking: Asking, plan: Plan, record: str) -> Sequence[str]:
    return plan.alike.get(record) or asking.current.book().alike(record)


def _platforms_of(snapshot: Path, plan: Plan) -> dict[str, str]:
    """The platform of every record of a plan."""
    records = sorted({*plan.then, *(record for one in plan.words for record in one[:2])})
    query = "select record_id, platform from resolved.record where list_contains($records, record_id)"
    with read_store(snapshot) as con:
        return dict(con.execute(query, {"records": records}).fetchall())


WAYS = (
    Way("/residents/{resident}/move", move_page, "judge"),
    Way("/residents/{resident}/move", move, "judge", "POST", again=move_page),
)
