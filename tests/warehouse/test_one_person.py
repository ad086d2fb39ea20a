"""Numbers that people declared to be one person's: when a declaration stands, taking it back, and what erasing does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from warehouse.ledger import Ledger, open_ledger
from warehouse.one_person import declarations, declare, one_person, take_back, waits
from warehouse.site import Site

ONE, OTHER = "330102199005061116", "330102199005061132"


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as made:
        yield made


def says(ledger: Ledger, by: str, needs: int = 2) -> int:
    return declare(ledger, OTHER, ONE, by=by, because="更正", evidence="证明 12 号", needs=needs)


def test_it_stands_once_two_people_said_it_and_no_longer_once_one_took_it_back(ledger: Ledger) -> None:
    first = says(ledger, "zhou")
    assert one_person(ledger) == [] and waits(ledger) == {first}
    says(ledger, "zhou")  # one person twice is one person
    assert one_person(ledger) == []
    second = says(ledger, "sun")
    assert one_person(ledger) == [(ONE, OTHER)] and waits(ledger) == set()
    take_back(ledger, second, by="sun", because="看错了")
    assert one_person(ledger) == []
    with pytest.raises(LookupError):
        take_back(ledger, second, by="sun", because="again")
    assert ledger.verify() is None


def test_one_is_enough_where_a_site_says_so(ledger: Ledger) -> None:
    says(ledger, "zhou", needs=1)
    assert one_person(ledger) == [(ONE, OTHER)]
    (found,) = declarations(ledger)
    assert (found.words[0].because, found.words[0].evidence) == ("更正", "证明 12 号")


def test_no_number_stands_in_a_line_and_an_erased_one_is_declared_no_more(ledger: Ledger) -> None:
    line = says(ledger, "zhou", needs=1)
    body = next(one.body for one in ledger.lines() if one.seq == line)
    assert not {ONE, OTHER, "证明 12 号"} & {str(value) for value in body.values()}
    ledger.erase(body["low"])
    assert one_person(ledger) == [] and declarations(ledger)[0].numbers is None and ledger.verify() is None


def test_a_number_is_not_declared_to_be_itself(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="相同"):
        declare(ledger, ONE, ONE, by="zhou", because="", evidence="", needs=1)
