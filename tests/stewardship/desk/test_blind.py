"""A settled case that is asked again at the desk: by one who sees nothing of the first answer, and without effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipelines.desk_intake import SiteIntake
from stewardship.cases import Case
from stewardship.desk.app import desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import Office, Visitor
from warehouse.ledger import open_ledger
from warehouse.site import Review, Site
from warehouse.words import Word


@pytest.fixture
def office(site: Site, clock: Clock) -> Iterator[Office]:
    """An office that asks everything again."""
    site = replace(site, review=Review(four_eyes=False, blind=1.0))
    yield from at_work(site, clock)


def at_work(site: Site, clock: Clock) -> Iterator[Office]:
    made = Office(site, desk(site, SiteIntake(site), clock), clock)
    yield made
    for one in made.visitors:
        one.client.close()
    made.current.close()


@pytest.fixture
def first(office: Office) -> Case:
    """The case that wang answers first: *same*, with a reason."""
    case = office.book.cases[0]
    answers(office, "wang", case, "same", because="问过本人")
    return case


def answers(office: Office, name: str, case: Case, word: Word, **said: str) -> Visitor:
    one = office.at_work(name)
    one.get(f"/cases/{case.id}")
    one.judges(word, **said)
    return one


def stands(office: Office) -> list[Word]:
    with open_ledger(office.site) as ledger:
        return [one.verdict for one in ledger.verdicts()]


def test_a_colleague_is_asked_as_if_nobody_had_answered_and_no_page_of_theirs_says_otherwise(
    office: Office, first: Case
) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/next")
    assert wang.case != first.id
    li.get("/next")
    assert li.case == first.id and "盲评" not in li.text
    for page in (
        f"/cases/{first.id}",
        f"/residents/{first.residents[0]}",
        f"/cases/{first.id}/links",
        "/own-work",
    ):
        li.get(page)
        assert "问过本人" not in li.text and not li.tree.xpath("//main//b[text()='wang']")
    assert li.get(f"/cases/{first.id}").status_code == 200 and not li.tree.xpath("//ol[@class='history']/li")


@pytest.mark.parametrize(("word", "told"), [("same", "与之一致"), ("different", "与之不同")])
def test_the_second_answer_changes_nothing_and_both_see_it_once_it_was_given(
    office: Office, first: Case, word: Word, told: str
) -> None:
    li = answers(office, "li", first, word)
    assert "这是一次盲评" in li.text and told in li.text
    assert stands(office) == ["same"]
    assert office.lines()[-1].body["blind"] == 1 and office.lines()[-1].body["seen"] == first.seen
    for name in ("li", "wang"):
        one = office.at_work(name)
        one.get(f"/cases/{first.id}")
        assert "盲评，不计入" in one.text and "问过本人" in one.text
    zhou = office.at_work("zhou")  # one person is asked again, not everybody
    zhou.get("/next")
    assert zhou.case != first.id
    with office.current.standing() as (_, standing):
        assert standing.not_in_effect(0) == 1
    for page in ("/own-work", "/trends"):
        li.get(page)
        assert f"1 案由两人互不知情地裁定，{int(word == 'same')} 案一致" in li.text


def test_an_undo_takes_the_blind_word_back_and_leaves_the_first(office: Office, first: Case) -> None:
    li = answers(office, "li", first, "different")
    li.submit("/undo")
    assert stands(office) == ["same"] and office.lines()[-1].body["of"] == 2
    li.get("/next")
    assert li.case != first.id


def test_what_was_taken_back_meanwhile_is_a_case_like_any_other(office: Office, first: Case) -> None:
    li = office.at_work("li")
    li.get(f"/cases/{first.id}")
    with open_ledger(office.site) as ledger:
        ledger.undo(1, by="wang", because="")
    li.judges("different")
    assert li.page is not None and li.page.status_code == 409 and stands(office) == []  # shown what wang said
    li.judges("different")
    assert stands(office) == ["different"]


def test_a_site_that_does_not_measure_asks_nothing_again_and_says_how_to(site: Site, clock: Clock) -> None:
    for quiet in at_work(site, clock):
        case = quiet.book.cases[0]
        answers(quiet, "wang", case, "same")
        li = quiet.at_work("li")
        li.get("/next")
        assert li.case != case.id
        li.get("/trends")
        assert "没有开启盲评" in li.text
