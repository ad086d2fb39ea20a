"""Saying that some records are not a resident's, and whose they are: staged, looked at, and saved as one act.

Belongs here: this page. Lives elsewhere: which verdicts that takes (`stewardship/moving.py`), writing them (`verdicts.py`), taking
them back (`review.py`).

Nothing is kept between looking and saving. The form that saves bears a digest of the verdicts that were shown, and the page is
shown anew when they are others by then.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.responses import Response

from dedup.explain import why
from dedup.site import site_model
from stewardship.cases import fingerprints
from stewardship.desk.answers import because, done_in_words, go_on, number, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.rendering import say
from stewardship.desk.review import step_of
from stewardship.finding import Found, find
from stewardship.moving import Plan, Word, plan_move, what_would_be_told
from stewardship.residents import Resident, read_resident
from stewardship.standing import Link, Standing, contradiction_together
from stewardship.verdicts import Contradicts, Overtaken, Saying, give_together, supposed_words
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
class Staged:
    """What would be said and what would follow. digest: of the verdicts."""

    plan: Plan
    words: Sequence[Saying]
    digest: str
    chain: Sequence[Link] = ()
    cells: Mapping[str, int] = field(default_factory=dict)
    withdrawn: Mapping[str, int] = field(default_factory=dict)

    @property
    def may_be_said(self) -> bool:
        """Whether it holds, agrees with what stands, and says anything."""
        return self.plan.holds and not self.chain and bool(self.words)


def move_page(asking: Asking) -> Response:
    """The records of a resident, to be ticked; with what was ticked, what would be said and what would follow."""
    return _page(asking)


def move(asking: Asking) -> Response:
    """Look at what would follow, or save it."""
    resident = _resident(asking)
    if resident is None:
        return problem(asking, 404, "no_such_resident")
    if asking.form.get("say") != "save":
        return _page(asking)
    staged = _staged(asking, resident)
    if staged is None or staged.digest != asking.form.get("digest") or not staged.may_be_said:
        return _page(asking, "move_changed", 409)
    if not because(asking):
        return _page(asking, "move_why", 400)
    by = asking.who.account.name
    try:
        with asking.current.standing() as (ledger, standing):
            last = give_together(
                ledger,
                asking.con,
                standing,
                staged.words,
                by=by,
                because=because(asking),
                alike=lambda one: _alike(asking, staged.plan, one),
                model=asking.current.model,
            )
    except (Overtaken, Contradicts):
        return _page(asking, "move_changed", 409)
    to = _chosen(asking)
    asking.current.note(
        "moved",
        by,
        resident=resident.resident_id,
        to=to.resident_id if to else "",
        count=len(staged.words),
        line=last,
    )
    return go_on(f"/residents/{resident.resident_id}/move", "moved", count=len(staged.words), line=last)


def _page(asking: Asking, wrong: str = "", status: int = 200) -> Response:
    resident = _resident(asking)
    if resident is None:
        return problem(asking, 404, "no_such_resident")
    found, to = _found(asking, resident), _chosen(asking)
    staged = (
        _staged(asking, resident) if _going(asking, resident) and (to or not asking.form.get("to")) else None
    )
    if staged is not None and staged.plan.holds and not staged.chain:
        cells, withdrawn = what_would_be_told(asking.current.book().snapshot, staged.plan)
        staged = replace(staged, cells=cells, withdrawn=withdrawn)
    asking.current.note("viewed", asking.who.account.name, resident=resident.resident_id, what="move")
    records = _ticked(asking, resident)
    return page(
        asking,
        "move.html",
        "queue",
        status=status,
        wrong=say(wrong, asking.speak) if wrong else "",
        resident=resident,
        records=records,
        shown=SHOWN,
        staged=staged,
        platform_of=_platforms_of(asking, staged.plan) if staged else {},
        chain=[step_of(link, asking) for link in staged.chain] if staged else [],
        found=found,
        to=asking.form.get("to", ""),
        chosen=to.resident_id if to else "",
        because=because(asking),
        titles=asking.current.book().platforms,
        done=done_in_words(asking, ("moved",)),
        line=number(asking.query.get("line")),
        back=f"/residents/{resident.resident_id}/move",
    )


def _resident(asking: Asking) -> Resident | None:
    """The resident of an address, if they are theirs to work on who asks."""
    try:
        found = read_resident(
            asking.current.book().snapshot, asking.current.site.key, asking.path["resident"]
        )
    except UnknownResident:
        return None
    return found if asking.who.account.works_on(found.areas) else None


def _going(asking: Asking, resident: Resident) -> list[str]:
    return [one for one in resident.records if asking.form.get(f"{_TICK}{one}")]


def _ticked(asking: Asking, resident: Resident) -> list[Ticked]:
    going, claims = _going(asking, resident), resident.claims
    found = []
    for record in resident.records:
        own = [one for one in claims if one.record_id == record]
        keys = {one.field: one.key for one in own if one.field in SHOWN and one.key}
        first = next(iter(own), None)
        found.append(
            Ticked(
                record, first.platform if first else "", bool(first and first.present), record in going, keys
            )
        )
    return sorted(found, key=lambda one: (one.keys.get("name", ""), one.platform, one.record_id))


def _found(asking: Asking, resident: Resident) -> list[Found]:
    """Who may be meant by whom they go to, of those who are theirs to work on who asks; looking is noted."""
    asked = asking.form.get("to", "").strip()[:60]
    if not asked:
        return []
    found = find(asking.current.book().snapshot, asking.current.site.key, asked, asking.who.account.areas)
    asking.current.note("searched", asking.who.account.name, because=asked, found=len(found))
    return [one for one in found if one.resident_id != resident.resident_id]


def _chosen(asking: Asking) -> Found | None:
    """To whom they go: the only one who was found, or the one of them who was ticked."""
    asked = asking.form.get("to", "").strip()[:60]
    book, key = asking.current.book(), asking.current.site.key
    found = find(book.snapshot, key, asked, asking.who.account.areas) if asked else []
    found = [one for one in found if one.resident_id != asking.path["resident"]]
    if len(found) == 1:
        return found[0]
    return next((one for one in found if one.resident_id == asking.form.get("who")), None)


def _staged(asking: Asking, resident: Resident) -> Staged | None:
    """The verdicts of what is ticked; None when nothing is, or everything."""
    going, to = _going(asking, resident), _chosen(asking)
    if not going or len(going) == len(resident.records) or (asking.form.get("to", "").strip() and not to):
        return None
    snapshot = asking.current.book().snapshot
    with asking.current.standing() as (_, standing):
        said = list(standing.standing())
    plan = plan_move(snapshot, resident.resident_id, going, to.resident_id if to else None, said)
    with asking.current.standing() as (_, standing):
        knew = {
            (one.left, one.right): standing.known(one.left, one.right, asking.who.account.name)
            for one in plan.words
        }
    words = _sayings(asking, plan.words, knew)
    with asking.current.standing() as (_, standing):
        chain = _contradiction(asking, standing, plan, words)
    told = "\x1e".join("\x1f".join((one.left, one.right, one.word, str(one.knew), one.seen)) for one in words)
    digest = hmac.digest(asking.current.site.key, f"move\x1f{told}".encode(), "sha256").hex()[:24]
    return Staged(plan, words, digest, chain)


def _sayings(asking: Asking, words: Sequence[Word], knew: Mapping[tuple[str, str], int]) -> list[Saying]:
    """The words with what is seen of their records."""
    pairs, site = [(one.left, one.right) for one in words], asking.current.site
    with read_store(asking.current.book().snapshot) as con:
        seen, model = fingerprints(con, site.key, pairs), site_model(site)
        return [
            Saying(
                *one,
                knew[one.left, one.right],
                seen[one.left, one.right],
                why(con, one.left, one.right, model).points,
            )
            for one in words
        ]


def _contradiction(asking: Asking, standing: Standing, plan: Plan, words: Sequence[Saying]) -> Sequence[Link]:
    return (
        contradiction_together(standing, supposed_words(words), lambda one: _alike(asking, plan, one)) or ()
    )


def _alike(asking: Asking, plan: Plan, record: str) -> Sequence[str]:
    return plan.alike.get(record) or asking.current.book().alike(record)


def _platforms_of(asking: Asking, plan: Plan) -> dict[str, str]:
    """The platform of every record of a plan."""
    records = sorted({*plan.then, *(record for one in plan.words for record in one[:2])})
    query = "select record_id, platform from resolved.record where list_contains($records, record_id)"
    with read_store(asking.current.book().snapshot) as con:
        return dict(con.execute(query, {"records": records}).fetchall())


WAYS = (
    Way("/residents/{resident}/move", move_page, "judge"),
    Way("/residents/{resident}/move", move, "judge", "POST", again=move_page),
)
