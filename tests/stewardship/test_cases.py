"""Which questions a snapshot asks, in which order, and what each shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from stewardship.casebook import Casebook, lay_out_aside, open_casebook
from stewardship.cases import FIELDS, Case, case_id
from tests.stewardship.office import FIRST, HOME, PEOPLE, SECOND, night, number
from warehouse.approvals import Said, set_mode
from warehouse.batches import Batch, note
from warehouse.ledger import Cell, open_ledger
from warehouse.site import Site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store


def of(book: Casebook, left: str, right: str) -> Case:
    (case,) = [one for one in book.cases if (one.left, one.right) == (left, right)]
    return case


def test_every_question_is_asked_under_its_own_name_and_no_other(book: Casebook) -> None:
    assert {(one.kind, one.left, one.right) for one in book.cases} == {
        ("possible_match", "brother", "twin"),
        ("possible_match", "child", "double"),
        ("possible_match", "html", "html_too"),
        ("near_tie", "between", "tied_one"),
        ("near_tie", "between", "tied_other"),
        ("one_id_two_people", "one_name", "other_name"),
    }


def test_those_who_could_lose_a_benefit_come_first_then_what_would_change_more(book: Casebook) -> None:
    stakes = [one.stakes for one in book.cases]
    assert stakes == sorted(stakes, reverse=True)
    assert {one.stakes for one in book.cases} == {95, 0}
    assert of(book, "one_name", "other_name").cells == 1  # the grid would be told the phone
    places = [book.places[of(book, *pair).id] for pair in (("one_name", "other_name"), ("html", "html_too"))]
    assert places == sorted(places)


def test_the_judged_records_come_first_and_the_rest_of_their_residents_beside_them(book: Casebook) -> None:
    sheet = book.sheet(of(book, "brother", "twin"))
    assert [(one.record_id, one.side) for one in sheet.records] == [
        ("brother", "left"),
        ("brother_too", "left"),
        ("twin", "right"),
    ]
    assert sheet.held == (2, 1)
    assert sheet.records[0].claims["name"].key == "李建国"
    assert set(sheet.records[0].claims) <= set(FIELDS)


def test_the_grounds_add_up_to_the_points(book: Casebook) -> None:
    for case in book.cases:
        grounds = book.sheet(case).grounds
        assert grounds and all(one.words for one in grounds)
        assert abs(sum(one.points for one in grounds) - 18.0 - case.points) < 0.06


def test_an_id_says_nothing_without_the_key_and_stays_with_it(site: Site, book: Casebook) -> None:
    case = of(book, "brother", "twin")
    assert case.id == case_id(site.key, "possible_match", "twin", "brother")
    assert case.id != case_id(b"another key", "possible_match", "brother", "twin")
    assert len({one.id for one in book.cases}) == len(book.cases)


def test_a_verdict_comes_back_when_what_was_seen_has_changed_and_only_then(
    site: Site, book: Casebook
) -> None:
    case, other = of(book, "brother", "twin"), of(book, "child", "double")
    with open_ledger(site) as ledger:
        for one in (case, other):
            ledger.judge(one.left, one.right, "different", by="wang", because="", seen=one.seen)
    changed = {
        **PEOPLE,
        "grid": {**PEOPLE["grid"], "twin": {**PEOPLE["grid"]["twin"], "birth_date": "1990-05-07"}},
    }
    night(site, SECOND, changed)
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with open_ledger(site) as ledger:
        later = open_casebook(site, snapshot, ledger.verdicts())
    stale = [one for one in later.cases if one.kind == "stale_verdict"]
    assert [(one.left, one.right, one.judged) for one in stale] == [("brother", "twin", 1)]
    assert stale[0].seen != case.seen
    assert later.sheet(stale[0]).grounds


def test_a_same_verdict_that_went_stale_shows_the_two_records_apart(site: Site, book: Casebook) -> None:
    case = of(book, "between", "tied_one")
    with open_ledger(site) as ledger:
        ledger.judge(case.left, case.right, "same", by="wang", because="", seen=case.seen)
    changed = {**PEOPLE, "grid": {**PEOPLE["grid"], "between": {**PEOPLE["grid"]["between"], "sex": "1"}}}
    night(site, SECOND, changed)
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with open_ledger(site) as ledger:
        later = open_casebook(site, snapshot, ledger.verdicts())
    (stale,) = [one for one in later.cases if one.kind == "stale_verdict"]
    assert stale.residents[0] == stale.residents[1]
    assert [(one.record_id, one.side) for one in later.sheet(stale).records] == [
        ("between", "left"),
        ("tied_one", "right"),
    ]


def test_a_casebook_is_written_once_a_snapshot_and_readable_by_its_owner_only(
    site: Site, book: Casebook
) -> None:
    written = book.file.stat().st_mtime_ns
    snapshot = current_snapshot(site)
    assert snapshot is not None
    assert open_casebook(site, snapshot, []).cases == book.cases
    assert book.file.stat().st_mtime_ns == written
    night(site, SECOND, PEOPLE)
    later = current_snapshot(site)
    assert later is not None
    again = open_casebook(site, later, [])
    assert again.file.stat().st_mode & 0o777 == 0o600
    assert [one.id for one in again.cases] == [one.id for one in book.cases]
    assert {file.name for file in site.cases.iterdir()} == {book.file.name, again.file.name}


def test_a_casebook_laid_out_aside_is_the_same_and_a_fault_there_says_nothing(
    site: Site, book: Casebook, capfd: pytest.CaptureFixture[str]
) -> None:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    book.file.unlink()
    lay_out_aside(site, snapshot, [])
    assert book.file.exists()
    again = open_casebook(site, snapshot, [])
    assert (again.cases, again.members, again.conflicts) == (book.cases, book.members, book.conflicts)
    snapshot.write_bytes(b"nothing")
    lay_out_aside(site, snapshot, [])
    assert [one.name for one in site.cases.glob("*.sqlite")] == [book.file.name]
    assert capfd.readouterr() == ("", "")


QIAN = {"name": "钱思远", "birth_date": "1978-09-10", "sex": "1", "phone": "13500000007", "address": HOME}
KNOWN = {**PEOPLE, "grid": {**PEOPLE["grid"], "qian": QIAN}, "civil": {**PEOPLE["civil"], "qiantoo": {
    name: QIAN[name] for name in ("name", "phone")
}}}  # fmt: skip


def later(
    site: Site, day: date, grid: Mapping[str, Mapping[str, str]] = KNOWN["grid"], **changed: str
) -> Casebook:
    """The next night, on which the civil affairs say this of the man whom they know by name and phone only."""
    civil = {**KNOWN["civil"], "qiantoo": {**KNOWN["civil"]["qiantoo"], **changed}}
    night(site, day, {**KNOWN, "grid": grid, "civil": civil})
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with open_ledger(site) as ledger:
        return open_casebook(site, snapshot, ledger.verdicts())


def changed_contacts(book: Casebook) -> list[tuple[str, str]]:
    return [(one.left, one.right) for one in book.cases if one.kind == "changed_contact"]


def together(book: Casebook) -> bool:
    with read_store(book.snapshot) as con:
        query = (
            "select count(distinct resident_id) from resolved.record where record_id in ('qian', 'qiantoo')"
        )
        return con.execute(query).fetchall() == [(1,)]


def test_who_was_known_by_a_phone_that_changed_is_asked_about_and_comes_together_again(site: Site) -> None:
    first = later(site, SECOND)
    assert together(first) and changed_contacts(first) == []
    moved = later(site, SECOND + timedelta(days=1), phone="13500000008")
    assert not together(moved) and changed_contacts(moved) == [("qian", "qiantoo")]
    case = of(moved, "qian", "qiantoo")
    assert "民政的这条记录直到 2026-11-21 还登记着" in case.reason and "13500000007" not in case.reason
    assert case.residents[0] != case.residents[1] and moved.sheet(case).grounds
    with open_ledger(site) as ledger:
        ledger.judge("qian", "qiantoo", "same", by="wang", because="问过本人", seen=case.seen)
    settled = later(site, SECOND + timedelta(days=2), phone="13500000008")
    assert together(settled) and changed_contacts(settled) == []


@pytest.mark.parametrize(
    ("changed", "number_of_his"),
    [
        ({"phone": "13500000008", "name": "孙茂才"}, None),
        ({"phone": "13500000007;13500000008"}, None),
        ({"phone": "13500000008", "id_number": number("33010219650910133")}, number("33010219780910111")),
    ],
    ids=["the name, too", "one more phone", "a number of their own"],
)
def test_nobody_is_asked_about_who_is_clearly_somebody_else_or_still_known(
    site: Site, changed: dict[str, str], number_of_his: str | None
) -> None:
    grid = {**KNOWN["grid"], "qian": {**QIAN, "id_number": number_of_his} if number_of_his else QIAN}
    night(site, SECOND, {**KNOWN, "grid": grid})
    assert changed_contacts(later(site, SECOND + timedelta(days=1), grid, **changed)) == []


def test_what_we_told_a_platform_ourselves_says_nothing_of_whose_phone_it_was(site: Site) -> None:
    later(site, SECOND)
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "civil", FIRST, Said("主任", "试点"))
        (digest,) = ledger.remember_all([QIAN["phone"]])
        batch = Batch("civil-20261119-1", "civil", FIRST, live=True)
        note(ledger, "prepared", batch, [Cell("qiantoo", "phone", digest, "fill", "qian")])
        note(ledger, "sending", batch)
        note(ledger, "sent", batch, route="by_hand")
    assert changed_contacts(later(site, SECOND + timedelta(days=1), phone="13500000008")) == []
