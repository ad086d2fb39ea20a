"""Moves that wait for a second person: whom they name, and whose turn each is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from stewardship.accounts import Account
from stewardship.cases import fingerprints
from stewardship.moves import Move, Turn, doubts, find_moves
from stewardship.standing import Pair, Said, Standing
from stewardship.store import open_desk
from stewardship.verdicts import Saying, give_together
from tests.stewardship.conftest import laid_out
from warehouse.ledger import open_ledger
from warehouse.site import Site
from warehouse.store import read_store
from warehouse.words import Agreed, Word

APART: Pair = ("brother", "brother_too")
WHOSE: Pair = ("brother_too", "twin")
LI = Account("li", "steward")


def says(
    site: Site,
    by: str,
    *words: tuple[Pair, Word],
    going: Sequence[str] = (),
    seen: str | None = None,
    because: str = "",
) -> None:
    """Somebody's move, by which these records go, of two words that each need two people."""
    with read_store(laid_out(site).snapshot) as con:
        now = fingerprints(con, site.key, [pair for pair, _ in words])
    with open_ledger(site) as ledger, open_desk(site) as desk:
        standing = Standing()
        standing.refresh(ledger)
        given = [
            Saying(*pair, word, standing.known(*pair, by), seen or now[pair], 1.0, 2) for pair, word in words
        ]
        give_together(
            ledger,
            desk,
            standing,
            given,
            by=by,
            because=because,
            alike=lambda one: [one],
            model="",
            about={"moved": list(going)},
        )


def found(site: Site, cases: Collection[Pair] = ()) -> list[Move]:
    standing = Standing()
    with open_ledger(site) as ledger:
        standing.refresh(ledger)
    return find_moves(laid_out(site).snapshot, site.key, doubts(standing, cases))


def test_the_resident_whose_records_go_is_named_and_not_whose_they_would_be(site: Site) -> None:
    says(site, "wang", (APART, "different"), (WHOSE, "same"), going=["brother_too"])
    (one,) = found(site)
    assert one.resident_id == laid_out(site).resident("brother")
    assert (one.records, one.doubted, one.turn(LI)) == (2, 1, "asked")
    with open_ledger(site) as ledger:
        assert one.since == ledger.lines()[0].at


def test_what_a_case_asks_about_the_queue_asks(site: Site) -> None:
    says(site, "wang", (APART, "different"), going=["brother_too"])
    assert found(site, [WHOSE]) and found(site, [APART]) == []


def test_who_somebody_else_is_said_to_be_names_those_of_whom_records_go_and_nobody_of_one_record(
    site: Site,
) -> None:
    says(site, "wang", (WHOSE, "same"), going=["brother_too"])
    assert [one.doubted for one in found(site)] == [1]
    says(site, "li", (WHOSE, "same"), going=["brother_too"])
    assert found(site) == []
    says(site, "wang", (("brother_too", "html"), "same"), going=["html"])  # html has no other record
    assert found(site) == []


def test_what_holds_today_anyway_and_what_is_said_of_no_record_asks_nothing(site: Site) -> None:
    says(site, "wang", (APART, "same"), (WHOSE, "different"), going=["brother_too"])
    says(site, "wang", (("brother", "gone"), "different"), going=["gone"], seen="f")
    assert found(site) == []


def test_a_word_on_a_case_that_is_none_any_more_names_the_resident_of_both(site: Site) -> None:
    with open_ledger(site) as ledger:
        ledger.judge(*APART, "different", by="wang", because="", seen="f", needs=2)
        ledger.judge(*WHOSE, "same", by="wang", because="", seen="f", needs=2)
    assert [(one.resident_id, one.doubted) for one in found(site)] == [
        (laid_out(site).resident("brother"), 2)
    ]


def test_of_words_on_other_data_everybody_is_asked_anew(site: Site) -> None:
    says(site, "wang", (APART, "different"), going=["brother_too"], seen="before")
    (one,) = found(site)
    assert one.turn(Account("wang", "steward")) == one.turn(LI) == "asked"


def test_who_has_answered_is_not_asked_again_though_they_left_open_whose_it_is(site: Site) -> None:
    says(site, "wang", (APART, "different"), (WHOSE, "same"), going=["brother_too"])
    says(site, "li", (APART, "different"), going=["brother_too"])
    (one,) = found(site)
    assert list(one.words) == [WHOSE] and one.turn(LI) == "waits"
    assert one.turn(Account("sun", "steward")) == "asked"


@pytest.mark.parametrize(
    ("who", "agreed", "disputed"),
    [
        (Account("wang", "steward"), "waits", "disputed"),
        (Account("li", "approver"), "waits", "disputed"),
        (Account("sun", "steward"), "asked", None),
        (Account("zhou", "approver"), "asked", "decides"),
        (Account("zhou", "approver", frozenset({"近江社区"})), "asked", "decides"),
        (Account("zhou", "approver", frozenset({"别的社区"})), None, None),
    ],
)
def test_it_is_asked_of_who_has_not_answered_and_where_they_differ_of_who_decides(
    who: Account, agreed: Turn | None, disputed: Turn | None
) -> None:
    def move(second: Word) -> Move:
        words: list[tuple[str, Word]] = [("wang", "different"), ("li", second)]
        said = tuple(
            Said(at, "", by, *APART, word, "", "f", needs=3) for at, (by, word) in enumerate(words, start=1)
        )
        answered = frozenset(one.by for one in said)
        return Move("r", "", "", ["近江社区"], 2, 1, "", {APART: Agreed(None, said)}, answered)

    assert (move("different").turn(who), move("same").turn(who)) == (agreed, disputed)
