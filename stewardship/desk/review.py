"""A case, and what is said of it.

Belongs here: this page. Lives elsewhere: the list of cases (`queue.py`), what a case is and whose turn it is
(`stewardship/cases.py`, `queue.py`), what a verdict has to stand up to (`verdicts.py`), who may (`guard.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from dedup.explain import UnknownId
from stewardship.accounts import Account
from stewardship.blast import blast
from stewardship.casebook import Casebook
from stewardship.cases import Case
from stewardship.desk.answers import because, number, page
from stewardship.desk.groups import group_page
from stewardship.desk.guard import ADDRESS, Asking, Way, problem
from stewardship.desk.queue import asked_of, query_of, queue_page
from stewardship.desk.rendering import say
from stewardship.differences import person, side_by_side
from stewardship.four_eyes import asks, decides, looked_at_by_two, needed
from stewardship.homes import homes_of, seen_by
from stewardship.queue import (
    Asked,
    after,
    assign,
    assignments,
    before,
    defer,
    deferrals,
    hold,
    spoken_for,
)
from stewardship.residents import areas_of
from stewardship.staff import judges
from stewardship.standing import Link, Said, Standing
from stewardship.verdicts import Contradicts, Disputed, NothingToUndo, Overtaken, give, undo
from stewardship.visits import visits
from warehouse.ledger import Ledger
from warehouse.store import read_store
from warehouse.words import Agreed, Word

DEFER_DAYS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of what was said of a pair, as it is shown."""

    seq: int
    at: str
    by: str
    word: str
    undo: bool
    stands: bool
    waits: bool  # for a second person
    blind: bool  # said to measure, without what stood
    because: str


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain of verdicts, as it is shown."""

    left: str
    right: str
    word: str
    by: str
    at: str


def _siblings(book: Casebook, case: Case, waiting: Sequence[Case], who: Account) -> list[Case]:
    """Other open cases about the same residents, of those that somebody works on."""
    others = {one.id: one for resident in case.residents for one in book.about(resident)}
    theirs = [one for one in others.values() if one.id != case.id and who.works_on(one.areas)]
    open_now = {one.id for one in waiting} if theirs else ()
    return [one for one in theirs if one.id in open_now][:5]


def next_case(asking: Asking) -> Response:
    """On to the next case that nobody holds, or back to the one before."""
    step = before if asking.query.get("back") else after
    return _onwards(asking, asking.query.get("from"), step)


def _onwards(
    asking: Asking,
    here: str | None,
    step: Callable[..., Case | None],
    *,
    forms: Mapping[str, str] | None = None,
    **facts: Any,
) -> Response:
    """To the next case; its address says which part of the queue is worked on, and what was just done."""
    asked, by, book = asked_of(asking, forms or asking.query), asking.who.account.name, asking.current.book()
    with asking.current.standing() as (_, standing):
        waiting = asking.current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
    held = spoken_for(asking.con, by, asking.now)
    while (case := step(waiting, book, here, asked, held)) is not None:
        holder = hold(asking.con, case.id, by, asking.now)
        if holder is None:
            return _to(asking, f"/cases/{case.id}", asked, **facts)
        held[case.id] = holder  # somebody was quicker
    if asked.group:  # its sample is answered, as far as it is not somebody else's turn
        return _to(asking, f"/groups/{asked.group}", Asked())
    return _to(asking, "/", asked, told="nothing_left", **facts)


def show_case(asking: Asking) -> Response:
    """One case."""
    return case_page(asking)


def case_page(
    asking: Asking,
    *,
    told: str = "",
    status: int = 200,
    chain: Sequence[Link] = (),
    other: Said | None = None,
) -> Response:
    """A case as it is now, with what went wrong when somebody judged it, and what they were about to say."""
    book, by = asking.current.book(), asking.who.account
    case = _case(asking, book)
    if case is None:
        return _no_case(asking)
    with asking.current.standing() as (_, standing):
        asked = by.may("judge") and asks(standing, case, by, asking.now)
    holder = hold(asking.con, case.id, by.name, asking.now) if asked else None
    _remember_opened(asking.con, case)
    asking.current.note("viewed", by.name, case=case.id, full=int(asking.full))
    with asking.current.standing() as (ledger, standing):
        waiting = asking.current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
        said = _what_was_said(asking, ledger, standing, case)
    return page(
        asking,
        "case.html",
        "queue",
        status=status,
        **_what_is_stated(asking, book, case),
        **said,
        **_place_in_queue(asking, book, case, waiting),
        case=case,
        titles=book.platforms,
        holder=holder,
        siblings=_siblings(book, case, waiting, by),
        wrong=say(told, asking.speak, by=other.by if other else "") if told else "",
        other=other,
        chain=[step_of(link, asking) for link in chain],
        pending={name: asking.form.get(name, "") for name in ("verdict", "because")},
        undone=asking.query.get("undone", ""),
        words=get_args(Word),
    )


def _what_is_stated(asking: Asking, book: Casebook, case: Case) -> dict[str, Any]:
    """The records of a case side by side, and what speaks for and against."""
    sheet, full = book.sheet(case), asking.full
    sides = {side: [one for one in sheet.records if one.side == side] for side in ("left", "right")}
    return {
        "records": sheet.records,
        "rows": side_by_side(sheet.records, full=full),
        "held_records": {"left": sheet.held[0], "right": sheet.held[1]},
        "people": {side: person(records, full=full) for side, records in sides.items()},
        "sides": sides,
        "grounds": sheet.grounds,
        "start": case.points - sum(ground.points for ground in sheet.grounds),
    }


def _what_was_said(asking: Asking, ledger: Ledger, standing: Standing, case: Case) -> dict[str, Any]:
    """What stands on the pair, what was said of it before as far as it may be seen before one has answered, and what the
    person who asks has just said."""
    account, review = asking.who.account, asking.current.site.review
    again = standing.asked_again(case.left, case.right, account.name)
    now = standing.between(case.left, case.right).on(case.seen)
    just_said = standing.lines.get(number(asking.query.get("said")))
    lines = standing.told(case.left, case.right, account.name, decides=account.may("decide"))
    return {
        "own": None if again else now.stands,
        "visit": (visit := visits(asking.con).get(case.id)),
        "found": ledger.recall(visit.found) or "" if visit and not visit.out else "",
        "knew": lines[-1].seq if lines else 0,
        "history": _history(ledger, standing, now, lines),
        "just_said": just_said if just_said and just_said.by == account.name else None,
        "came_to": _came_to(standing, just_said) if just_said else "",
        "by_two": looked_at_by_two(case, review),
        "disputed": now.disputed,
        "may_decide": decides(now, account),
    }


def _came_to(standing: Standing, said: Said) -> str:
    """What became of a word that needs a second person: it waits, they agree, or they do not; of one that was said blind: whether
    it is what stood."""
    if said.blind:
        return "blind_same" if standing.lines[said.blind].verdict == said.verdict else "blind_other"
    if said.needs == 1:
        return ""
    now = standing.between(said.left, said.right)
    if now.disputed:
        return "disputed"
    return "agreed" if said == now.stands else "waits" if said in now.waits else ""


def _place_in_queue(asking: Asking, book: Casebook, case: Case, waiting: Sequence[Case]) -> dict[str, Any]:
    """Where a case stands in the part of the queue that is worked on, and what comes before and after it."""
    asked = asked_of(asking, asking.form or asking.query)
    held = spoken_for(asking.con, asking.who.account.name, asking.now)
    part = asked.part(waiting)
    query = query_of(asked)
    return {
        "asked": asked,
        "query": query,
        "back": f"/cases/{case.id}?{query}" if query else f"/cases/{case.id}",
        "count": len(part),
        "place": next((at for at, one in enumerate(part, start=1) if one.id == case.id), 0),
        "following": after(waiting, book, case.id, asked, held),
        "preceding": before(waiting, book, case.id, asked, held),
        "deferred": deferrals(asking.con).get(case.id),
        "assigned": assignments(asking.con).get(case.id),
        "colleagues": _colleagues(asking, case),
        "defer_days": DEFER_DAYS,
    }


def judge(asking: Asking) -> Response:
    """Save a verdict, and on to the next case."""
    form, book, by = asking.form, asking.current.book(), asking.who.account.name
    case = _case(asking, book)
    word: Word | None = next((one for one in get_args(Word) if one == form.get("verdict")), None)
    if case is None:
        return _no_case(asking)
    if word is None:
        return problem(asking, 400, "wrong_form")
    if form.get("seen") != case.seen:  # a night has brought other values meanwhile
        return case_page(asking, told="data_changed", status=409)
    if hold(asking.con, case.id, by, asking.now) is not None:
        return case_page(asking, status=409, told="held_meanwhile")
    try:
        with asking.current.standing() as (ledger, standing):
            said = give(
                ledger,
                asking.con,
                standing,
                case,
                word,
                by=by,
                because=because(asking),
                knew=number(form.get("knew")),
                alike=book.alike,
                model=asking.current.model,
                needs=needed(
                    looked_at_by_two(case, asking.current.site.review),
                    standing.between(case.left, case.right).on(case.seen),
                    asking.who.account,
                ),
                decides=asking.who.account.may("decide"),
            )
    except Disputed:
        return case_page(asking, told="approver_decides", status=409)
    except Overtaken as overtaken:
        told = "overtaken" if overtaken.said else "seen_no_more"
        return case_page(asking, told=told, status=409, other=overtaken.said)
    except Contradicts as refused:
        asking.current.note("refused", by, case=case.id, verdict=word)
        return case_page(asking, told="contradicts", status=409, chain=refused.chain)
    asking.current.note("judged", by, case=case.id, verdict=word, line=said.seq)
    return _onwards(asking, case.id, after, forms=form, said=said.seq)


def take_back(asking: Asking) -> Response:
    """Take back one's own last verdict, or the one that is named, and show its case again."""
    account, asked, book = asking.who.account, asked_of(asking, asking.form), asking.current.book()
    try:
        with asking.current.standing() as (ledger, standing):
            last = standing.last_of(account.name)
            seq = number(asking.form.get("line")) or (last.seq if last else 0)
            undone = undo(
                ledger,
                asking.con,
                standing,
                seq,
                by=account.name,
                because=because(asking),
                any_ones=_may_undo(asking, standing.lines.get(seq)),
                alike=book.alike,
            )
    except NothingToUndo:
        return _to(asking, "/", asked, told="nothing_to_undo")
    except Contradicts as refused:
        steps = [step_of(link, asking) for link in refused.chain]
        return problem(
            asking,
            409,
            "undo_contradicts",
            chain="；".join(f"{one.left} {one.word} {one.right}" for one in steps),
        )
    asking.current.note("undone", account.name, line=seq)
    if undone.seq in standing.together:
        return _to(asking, "/", asked, told="act_taken_back")
    case = next((one for one in book.cases if (one.left, one.right) == (undone.left, undone.right)), None)
    return _to(asking, f"/cases/{case.id}", asked, undone=seq) if case else _to(asking, "/", asked)


def _may_undo(asking: Asking, said: Said | None) -> bool:
    """Whether somebody may take back another's verdict: an approver, of people who are theirs to work on."""
    account, snapshot = asking.who.account, asking.current.book().snapshot
    return (
        said is not None
        and account.may("undo_others")
        and (not account.areas or account.works_on(areas_of(snapshot, (said.left, said.right))))
    )


def put_off(asking: Asking) -> Response:
    """Put a case off, and on to the next."""
    case = _case(asking, asking.current.book())
    if case is None:
        return _no_case(asking)
    days = number(asking.form.get("days"))
    if days not in DEFER_DAYS:
        return problem(asking, 400, "wrong_form")
    defer(asking.con, case.id, asking.who.account.name, days, asking.now)
    asking.current.note("deferred", asking.who.account.name, case=case.id, days=days)
    return _onwards(asking, case.id, after, forms=asking.form)


def give_to(asking: Asking) -> Response:
    """Give a case to somebody, and on to the next; or to nobody in particular."""
    case, by, to = _case(asking, asking.current.book()), asking.who.account.name, asking.form.get("to", "")
    if case is None:
        return _no_case(asking)
    if to and to not in _colleagues(asking, case):
        return problem(asking, 400, "wrong_form")
    assign(asking.con, case.id, to, by, asking.now)
    asking.current.note("assigned", by, case=case.id, account=to)
    if to in ("", by):
        return _to(asking, f"/cases/{case.id}", asked_of(asking, asking.form))
    return _onwards(asking, case.id, after, forms=asking.form)


def _colleagues(asking: Asking, case: Case) -> list[str]:
    """To whom a case may be given: whoever may judge it."""
    return [one.name for one in judges(asking.con) if one.works_on(case.areas)]


def reach(asking: Asking) -> Response:
    """Which cells of which platforms the opposite of today would change; a part of the page, opened on demand."""
    book = asking.current.book()
    case = _case(asking, book)
    if case is None:
        return _no_case(asking)
    try:
        found = blast(book.snapshot, case.left, case.right)
    except UnknownId:
        return _no_case(asking)
    return page(asking, "reach.html", found=found, titles=book.platforms, case=case)


def homes(asking: Asking) -> Response:
    """Whom either of the two lives with, stands in one book with, has behind one door; a part of the page, opened on demand."""
    book, account = asking.current.book(), asking.who.account
    case = _case(asking, book)
    if case is None:
        return _no_case(asking)
    with read_store(book.snapshot) as con:
        found = {resident: homes_of(con, resident) for resident in dict.fromkeys(case.residents)}
    asking.current.note("viewed", account.name, case=case.id, what="homes", full=int(asking.full))
    ids = [{one.id for one in theirs} for theirs in found.values()]
    return page(
        asking,
        "case_homes.html",
        "queue",
        homes=[[seen_by(account, one) for one in theirs] for theirs in found.values()],
        shared=set.intersection(*ids) if len(ids) > 1 else set(),
        about=case.residents,
        back=f"/cases/{case.id}",
    )


def _case(asking: Asking, book: Casebook) -> Case | None:
    """The case of an address, if it is theirs to work on who asks."""
    case = book.case(asking.path["case"])
    return case if case and asking.who.account.works_on(case.areas) else None


def _no_case(asking: Asking) -> Response:
    """What became of a case that is none any more; of one that never was, or is another's, nothing is said."""
    row = asking.con.execute(
        'select "left", "right" from opened where case_id = ?', (asking.path["case"],)
    ).fetchone()
    if row is None or asking.current.book().case(asking.path["case"]):
        return problem(asking, 404, "no_such_case")
    with read_store(asking.current.book().snapshot) as con:
        residents = con.execute(
            "select resident_id from resolved.record where record_id in (?, ?)", list(row)
        ).fetchall()
    words = (
        "case_gone" if len(residents) < 2 else "case_merged" if residents[0] == residents[1] else "case_over"
    )
    return problem(asking, 410, words)


def _remember_opened(con: sqlite3.Connection, case: Case) -> None:
    """So that it can be said later what became of it."""
    con.execute(
        "insert or ignore into opened values (?, ?, ?, ?)", (case.id, case.kind, case.left, case.right)
    )


def _history(
    ledger: Ledger, standing: Standing, now: Agreed[Said], lines: Sequence[Said]
) -> list[HistoryLine]:
    return [
        HistoryLine(
            one.seq,
            one.at,
            one.by,
            one.verdict,
            bool(one.undoes),
            one == now.stands,
            one in now.waits,
            bool(one.blind) and not one.undoes and one.seq not in standing.undone,
            ledger.recall(one.because) or "",
        )
        for one in lines
    ]


def step_of(link: Link, asking: Asking) -> Step:
    """A link of a chain in words."""
    said = link.said
    return Step(
        _record(link.left, asking),
        _record(link.right, asking),
        say(f"link_{said.verdict}" if said else "link_alike", asking.speak),
        said.by if said else "",
        said.at if said else "",
    )


def _record(record_id: str, asking: Asking) -> str:
    """A record by its platform and the beginning of its id."""
    book = asking.current.book()
    member = book.members.get(record_id)
    return f"{book.platforms.get(member.platform, member.platform) if member else '?'} {record_id[:6]}"


def _to(asking: Asking, path: str, asked: Asked, **facts: Any) -> Response:
    """To a page; whoever asks for parts gets that page's at once, and its address in a header."""
    query = query_of(asked, **facts)
    address = f"{path}?{query}" if query else path
    if not asking.part:
        return RedirectResponse(address, 303)
    kind, _, name = path.strip("/").partition("/")
    there = replace(asking, path={"case": name, "group": name}, query=dict(parse_qsl(query)), form={})
    response = {"": queue_page, "groups": group_page, "cases": case_page}[kind](there)
    response.headers[ADDRESS] = address
    return response


WAYS = (
    Way("/next", next_case, "judge"),
    Way("/undo", take_back, "judge", "POST"),
    Way("/cases/{case}", show_case, "look"),
    Way("/cases/{case}/reach", reach, "look"),
    Way("/cases/{case}/homes", homes, "look"),
    Way("/cases/{case}/verdict", judge, "judge", "POST", again=show_case),
    Way("/cases/{case}/give", give_to, "judge", "POST", again=show_case),
    Way("/cases/{case}/defer", put_off, "judge", "POST", again=show_case),
)
