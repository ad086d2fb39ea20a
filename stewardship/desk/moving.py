"""Saying that some records are not a resident's, and whose they are: staged, looked at, and saved as one act.

Belongs here: this page. Lives elsewhere: which verdicts that takes (`stewardship/moving.py`), writing them (`verdicts.py`), taking
them back (`review.py`), which residents wait for a second person (`stewardship/moves.py`, the list `desk/moves.py`).

Nothing is kept between looking and saving. The form that saves bears a digest of the verdicts that were shown, and the page is
shown anew when they are others by then. Where it waits for a second person the page says so, and that whatever is not ticked counts
as theirs: the words that this adds would give the first answer away, so they are in the digest and not on the page.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from starlette.responses import Response

from dedup.explain import why
from dedup.site import site_model
from stewardship.cases import fingerprints
from stewardship.desk.answers import because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from stewardship.desk.review import step_of
from stewardship.desk.todo import moves
from stewardship.finding import Found, find
from stewardship.four_eyes import by_two, needed
from stewardship.moves import Move, Turn
from stewardship.moving import Plan, Word, plan_move, what_would_be_told
from stewardship.residents import Claim, Resident, read_resident
from stewardship.standing import Link, Pair, Said, Standing, contradiction_together
from stewardship.verdicts import Contradicts, Disputed, Overtaken, Saying, give_together, supposed_words
from warehouse.residents import UnknownResident
from warehouse.store import read_store

SHOWN = ("name", "id_number", "birth_date", "phone", "address")
_TICK = "record-"
_DONE = ("moved", "moved_waits", "moved_disputed")


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
    """What a form asks for: which records of the resident go, and to whom. found: who may be meant by what was typed. waits: what of this
    resident waits for another person, if it may be known."""

    resident: Resident
    going: Sequence[str]
    typed: str
    found: Sequence[Found]
    to: Found | None
    waits: Move | None
    turn: Turn | None  # what that is to who asks

    @property
    def clear(self) -> bool:
        """Whether some records go and some stay and, if somebody was named, it is known who."""
        return 0 < len(self.going) < len(self.resident.records) and (self.to is not None or not self.typed)

    @property
    def doubted(self) -> Collection[Pair]:
        """The pairs on which who asks answers others."""
        return self.waits.words.keys() if self.waits and self.turn in ("asked", "decides") else ()

    def all_stay(self) -> Wish:
        """The same with nothing ticked."""
        return replace(self, going=(), typed="", found=(), to=None)


class Told(NamedTuple):
    """What somebody said in one act that waits, with its reason. went: the records that they say are not this resident's, whose: records
    of whom these are; words: the pairs instead, of what was said on cases. last: the last of its lines."""

    last: Said
    because: str
    went: Sequence[str]
    whose: Sequence[str]
    words: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Staged:
    """What would be said and what would follow. answers: what is said besides, unseen, to others' words that wait; digest: of all
    these; by_two: it takes effect once two people have saved the same."""

    plan: Plan
    words: Sequence[Saying]
    answers: Sequence[Saying]
    digest: str
    chain: Sequence[Link]
    cells: Mapping[str, int]
    withdrawn: Mapping[str, int]
    by_two: bool

    @property
    def may_be_said(self) -> bool:
        """Whether it holds, agrees with what stands, and says anything."""
        return self.plan.holds and not self.chain and bool(self.words or self.answers)


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
    return _save(asking, wish, _staged(asking, wish) if wish.clear else None)


def stay(asking: Asking) -> Response:
    """Save that all records are the resident's, where somebody else said that some are not."""
    wish = _wish(asking)
    if wish is None:
        return problem(asking, 404, "no_such_resident")
    wish = wish.all_stay()
    return _save(asking, wish, _staged(asking, wish) if wish.doubted else None)


def _save(asking: Asking, wish: Wish, staged: Staged | None) -> Response:
    if staged is None or staged.digest != asking.form.get("digest") or not staged.may_be_said:
        return _page(asking, wish, "move_changed", 409)
    if not because(asking):
        return _page(asking, wish, "move_why", 400)
    account, words = asking.who.account, [*staged.words, *staged.answers]
    try:
        with asking.current.standing() as (ledger, standing):
            last = give_together(
                ledger,
                asking.con,
                standing,
                words,
                by=account.name,
                because=because(asking),
                alike=lambda one: _alike(asking, staged.plan, one),
                model=asking.current.model,
                decides=account.may("decide"),
                about={"moved": sorted(wish.going)},
            )
            done = _came_to(standing, words)
    except Disputed:
        return _page(asking, wish, "approver_decides", 409)
    except (Overtaken, Contradicts):
        return _page(asking, wish, "move_changed", 409)
    resident, count = wish.resident.resident_id, len(words)
    to = wish.to.resident_id if wish.to else ""
    what = "" if wish.going else "stay"
    asking.current.note("moved", account.name, resident=resident, to=to, what=what, count=count, line=last)
    return go_on(f"/residents/{resident}/move", done, count=count, line=last)


def _came_to(standing: Standing, words: Sequence[Saying]) -> str:
    """What became of words that were just given together: they stand, wait for another person, or are disputed."""
    now = [standing.between(one.left, one.right) for one in words]
    if any(one.disputed for one in now):
        return "moved_disputed"
    return "moved_waits" if any(one.waits for one in now) else "moved"


def _page(asking: Asking, wish: Wish, wrong: str = "", status: int = 200) -> Response:
    resident, by = wish.resident, asking.who.account.name
    staged = _staged(asking, wish) if wish.clear else None
    all_stay = _staged(asking, wish.all_stay()) if wish.doubted else None
    told = _told(asking, wish)
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
        turn=wish.turn,
        told=told,
        all_stay=all_stay,
        platform_of=_platforms_of(asking.current.book().snapshot, _named(staged, told)),
        done=done_in_words(asking, _DONE),
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
    waits = next((one for one in moves(asking) if one.resident_id == resident.resident_id), None)
    turn = waits.turn(asking.who.account) if waits else None
    return Wish(resident, going, typed, found, named[0] if named else None, waits, turn)


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
    plan = plan_move(snapshot, wish.resident.resident_id, wish.going, to, said, wish.doubted)
    cells, withdrawn = what_would_be_told(snapshot, plan) if plan.holds else ({}, {})
    platforms = {*_platforms_of(snapshot, _records(plan)).values()}
    review = current.site.review
    # Whoever answers others needs a second voice for everything: where only some ticks did, the page would tell which were meant.
    two = by_two(platforms, sum(cells.values()) + sum(withdrawn.values()), review) or (
        review.four_eyes and bool(wish.doubted)
    )
    measured = _measured(asking, [*plan.words, *plan.answers])
    with current.standing() as (_, standing):
        words, answers = (
            [_saying(asking, standing, wish, one, *measured[one], two=two) for one in some]
            for some in (plan.words, plan.answers)
        )
        chain, *against = (
            contradiction_together(standing, supposed_words(some), lambda one: _alike(asking, plan, one))
            for some in (words, *([*words, one] for one in answers))
        )
    answers = [one for one, wrong in zip(answers, against, strict=True) if wrong is None]
    digest = _digest(current.site.key, [*words, *answers])
    return Staged(
        plan, words, answers, digest, chain or (), cells, withdrawn, any(one.needs > 1 for one in words)
    )


def _measured(asking: Asking, words: Sequence[Word]) -> dict[Word, tuple[str, float]]:
    """Of each word what is seen of its records, and their points."""
    site = asking.current.site
    model = site_model(site)
    with read_store(asking.current.book().snapshot) as con:
        seen = fingerprints(con, site.key, [(one.left, one.right) for one in words])
        return {
            one: (seen[one.left, one.right], why(con, one.left, one.right, model).points) for one in words
        }


def _saying(
    asking: Asking, standing: Standing, wish: Wish, word: Word, seen: str, points: float, *, two: bool
) -> Saying:
    """A word as who asks would say it now; `two`: whether two people have to. Where anything about a resident is disputed, who decides
    does so on all that waits of it."""
    account = asking.who.account
    knew = standing.known(word.left, word.right, account.name, decides=account.may("decide"))
    now = standing.between(word.left, word.right).on(seen)
    alone = wish.turn == "decides" and (word.left, word.right) in wish.doubted
    return Saying(*word, knew, seen, points, 1 if alone else needed(two, now, account))


def _digest(key: bytes, words: Sequence[Saying]) -> str:
    """Other words, other data, or another word on one of the pairs since: another digest."""
    told = repr([(one.left, one.right, one.word, one.knew, one.seen, one.needs) for one in words])
    return hmac.digest(key, f"move\x1f{told}".encode(), "sha256").hex()[:24]


def _alike(asking: Asking, plan: Plan, record: str) -> Sequence[str]:
    return plan.alike.get(record) or asking.current.book().alike(record)


def _told(asking: Asking, wish: Wish) -> list[Told]:
    """What was said of the resident and waits, as far as it may be seen: one's own, and all of it by who decides."""
    account = asking.who.account
    if wish.waits is None or wish.turn == "asked":
        return []
    with asking.current.standing() as (ledger, standing):
        acts: dict[tuple[int, ...], list[Said]] = {}
        for pair, now in wish.waits.words.items():
            for one in now.waits:
                if wish.turn == "decides" or one in standing.told(*pair, account.name):
                    acts.setdefault(standing.act(one.seq), []).append(one)
        return [
            _act(acts[act], standing.moved.get(act[0]), ledger.recall(acts[act][0].because) or "")
            for act in sorted(acts)
        ]


def _act(words: Sequence[Said], went: Sequence[str] | None, reason: str) -> Told:
    """What somebody said in one act; `went`: None where it was no move."""
    last = max(words, key=lambda one: one.seq)
    if went is None:
        return Told(last, reason, (), (), words)
    same = ({one.left, one.right} for one in words if one.verdict == "same")
    whose = {record for pair in same if not pair.isdisjoint(went) for record in pair.difference(went)}
    return Told(last, reason, went, sorted(whose), ())


def _records(plan: Plan) -> set[str]:
    """The records of a plan that something changes for, or is said of."""
    return {*plan.then, *(record for one in plan.words for record in one[:2])}


def _named(staged: Staged | None, told: Sequence[Told]) -> set[str]:
    """The records that the page names."""
    pairs = {record for act in told for one in act.words for record in (one.left, one.right)}
    moved = {record for act in told for record in (*act.went, *act.whose)}
    return pairs | moved | (_records(staged.plan) if staged else set())


def _platforms_of(snapshot: Path, records: Collection[str]) -> dict[str, str]:
    """The platform of each of these records."""
    if not records:
        return {}
    query = "select record_id, platform from resolved.record where list_contains($records, record_id)"
    with read_store(snapshot) as con:
        return dict(con.execute(query, {"records": sorted(records)}).fetchall())


WAYS = (
    Way("/residents/{resident}/move", move_page, "judge"),
    Way("/residents/{resident}/move", move, "judge", "POST", again=move_page),
    Way("/residents/{resident}/stay", stay, "judge", "POST", again=move_page),
)
