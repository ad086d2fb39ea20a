"""Who would be who under one more verdict: a veto still stands, and so does what was said before."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from dedup.explain import UnknownId
from dedup.night import match_night
from dedup.normalise.id_numbers import check_character
from dedup.supposing import supposing
from tests.dedup.warehouses import FIRST, KEY, Said, state, warehouse

HEAD, OTHER_HEAD = "33010219850307122", "33010219850307124"
NUMBER, OTHER_NUMBER = HEAD + check_character(HEAD), OTHER_HEAD + check_character(OTHER_HEAD)
WANG = {"name": "王玮珺", "phone": "13812345601", "sex": "2", "birth_date": "1985-03-07"}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three records of one resident, the middle one the bridge; one alone; one with another number."""
    with warehouse() as opened:
        state(opened, "a", FIRST, **WANG)
        state(opened, "b", FIRST, **WANG, id_number=NUMBER)
        state(opened, "c", FIRST, name="王玮珺", id_number=NUMBER, sex="2", birth_date="1985-03-07")
        state(opened, "lone", FIRST, name="李四")
        state(opened, "other", FIRST, name="王玮珺", id_number=OTHER_NUMBER, sex="2", birth_date="1985-03-07")
        match_night(opened, key=KEY)
        yield opened


def groups(of: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(r for r in of if of[r] == name) for name in of.values()}


def test_two_residents_would_be_joined(con: duckdb.DuckDBPyConnection) -> None:
    found = supposing(con, "a", "lone")
    assert (found.verdict, found.changes) == ("same", True)
    assert groups(dict(found.then)) == {frozenset(("a", "b", "c", "lone"))}


def test_one_resident_would_be_split_and_a_bridge_that_fits_both_sides_alike_stands_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = supposing(con, "a", "c")
    assert (found.verdict, found.changes) == ("different", True)
    assert groups(dict(found.then)) == {frozenset("a"), frozenset("b"), frozenset("c")}


def test_two_records_that_state_exactly_the_same_would_be_split(con: duckdb.DuckDBPyConnection) -> None:
    state(con, "d", FIRST, name="李四", phone="13812345609")
    state(con, "e", FIRST, name="李四", phone="13812345609")
    match_night(con, key=KEY)
    found = supposing(con, "d", "e")
    assert (found.verdict, found.changes) == ("different", True)
    assert groups(dict(found.then)) == {frozenset("d"), frozenset("e")}


def test_two_trustworthy_numbers_are_not_joined_by_a_word(con: duckdb.DuckDBPyConnection) -> None:
    found = supposing(con, "b", "other")
    assert (found.verdict, found.changes) == ("same", False)
    assert groups(dict(found.then)) == groups(dict(found.today))


def test_what_stewards_said_before_stands(con: duckdb.DuckDBPyConnection) -> None:
    match_night(con, key=KEY, verdicts=[Said("c", "lone", "different")])
    found = supposing(con, "a", "lone")
    assert found.then["a"] == found.then["lone"] != found.then["c"]


def test_a_record_that_is_not_there_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnknownId, match="nobody"):
        supposing(con, "a", "nobody")
