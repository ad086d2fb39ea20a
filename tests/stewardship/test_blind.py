"""Who is asked again about what one person settled, and what both answers come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stewardship.blind import Agreement, agreement, drawn
from stewardship.casebook import Casebook
from stewardship.conflicts import Conflicts
from stewardship.standing import Standing
from tests.stewardship.test_queue import small_book
from warehouse.ledger import Ledger, open_ledger
from warehouse.site import Site
from warehouse.words import Word

PAIR = ("a", "b")
NO_CONFLICTS = Conflicts(date.max, [])


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as made:
        yield made


def said(ledger: Ledger, *words: tuple[str, Word], seen: str = "f", **facts: int) -> Standing:
    """What stands after these said that of the pair, which is drawn."""
    for by, word in words:
        ledger.judge(*PAIR, word, by=by, because="", seen=seen, **facts)
    standing = Standing(again={PAIR: "f"})
    standing.refresh(ledger)
    return standing


def asked(standing: Standing, *who: str) -> list[str]:
    return [one for one in who if standing.asked_again("b", "a", one)]


def test_one_who_never_said_anything_of_a_drawn_pair_is_asked_again_and_sees_nothing_of_it(
    ledger: Ledger,
) -> None:
    standing = said(ledger, ("wang", "same"))
    assert asked(standing, "wang", "li", "zhou") == ["li", "zhou"]
    assert standing.told(*PAIR, "li") == [] and len(standing.told(*PAIR, "wang")) == 1
    assert asked(Standing(again={PAIR: "f"}), "li") == []
    standing.again = {}
    assert asked(standing, "li") == [] and len(standing.told(*PAIR, "li")) == 1


@pytest.mark.parametrize(
    ("word", "seen", "needs"),
    [("unsure", "f", 1), ("same", "of before", 1), ("same", "f", 2)],
    ids=["nobody knew", "other data", "two people look anyway"],
)
def test_what_is_not_settled_by_one_person_on_these_data_is_not_asked_again(
    ledger: Ledger, word: Word, seen: str, needs: int
) -> None:
    assert asked(said(ledger, ("wang", word), seen=seen, needs=needs), "li") == []


def test_a_blind_word_changes_nothing_is_asked_of_one_person_only_and_again_once_taken_back(
    ledger: Ledger,
) -> None:
    said(ledger, ("wang", "same"))
    standing = said(ledger, ("li", "different"), blind=1)
    assert [one.verdict for one in ledger.verdicts()] == ["same"] and not ledger.parted()
    assert asked(standing, "wang", "li", "zhou") == []
    assert len(standing.told(*PAIR, "li")) == len(standing.told(*PAIR, "wang")) == 2
    ledger.undo(2, by="li", because="")
    standing.refresh(ledger)
    assert asked(standing, "li", "zhou") == ["zhou"] and agreement(standing) == Agreement()


def test_as_large_a_share_as_is_said_is_drawn_and_others_when_other_data_are_seen() -> None:
    book = small_book()
    many = [replace(book.cases[0], id=f"c{at}", left=f"r{at}") for at in range(2000)]
    book = Casebook(Path(), Path(), many, {}, {}, {}, NO_CONFLICTS)
    found = drawn(book, b"k", 0.05)
    assert 60 < len(found) < 140  # of a hundred that are to be expected, give or take four deviations
    assert found == drawn(book, b"k", 0.05) != drawn(book, b"another", 0.05)
    other = Casebook(Path(), Path(), [replace(one, seen="g") for one in many], {}, {}, {}, NO_CONFLICTS)
    assert found.keys() != drawn(other, b"k", 0.05).keys()
    assert drawn(book, b"k", 0.0) == {} and len(drawn(book, b"k", 1.0)) == 2000


def test_what_both_said_is_counted_of_all_and_of_each(ledger: Ledger) -> None:
    words: list[tuple[str, Word, str, Word]] = [
        ("wang", "same", "li", "same"),
        ("wang", "different", "li", "different"),
        ("li", "same", "zhou", "different"),
        ("wang", "different", "zhou", "unsure"),
    ]
    for at, (first, one, second, other) in enumerate(words):
        seq = ledger.judge(f"a{at}", f"b{at}", one, by=first, because="", seen="f")
        ledger.judge(f"a{at}", f"b{at}", other, by=second, because="", seen="f", blind=seq)
    standing = Standing()
    standing.refresh(ledger)
    assert agreement(standing) == Agreement(1, 1, (1, 0), 1)
    assert agreement(standing, "wang") == Agreement(1, 1, (0, 0), 1)
    assert agreement(standing, "zhou") == Agreement(0, 0, (1, 0), 1)
    assert agreement(standing).share == pytest.approx(2 / 3)


COUNTS = st.integers(0, 50)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_kappa_is_one_of_perfect_agreement_never_more_and_the_interval_holds_the_share(
    same: int, different: int, one: int, other: int
) -> None:
    found = Agreement(same, different, (one, other))
    low, high = found.interval
    assert (0 <= low <= found.share + 1e-9 and found.share - 1e-9 <= high <= 1) or not found.pairs
    if found.kappa is not None:
        assert -1 <= found.kappa <= 1 + 1e-9
        assert (found.kappa > 1 - 1e-9) == (one + other == 0)
        swapped = Agreement(different, same, (other, one)).kappa
        assert swapped is not None and abs(swapped - found.kappa) < 1e-9  # whatever is called *same*
