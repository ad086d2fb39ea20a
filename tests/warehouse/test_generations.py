"""Whom a platform's key stands for: reused keys, people who come back, corrected numbers; and laws of replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.normalise.id_numbers import check_character
from warehouse.generations import Person, another, name_records, slip
from warehouse.ids import record_id
from warehouse.staged import absorb

FIRST = date(2026, 3, 1)
KEY = b"site key"


def number(first17: str) -> str:
    return first17 + check_character(first17)


ZHANG = {"name": "张伟", "id_number": number("33010219800101123"), "birth_date": "1980-01-01"}
LI = {"name": "李娜", "id_number": number("33010219900505456"), "birth_date": "1990-05-05"}
WANG = {"name": "王芳", "birth_date": "1975-07-07"}
CORRECTED = {**ZHANG, "id_number": number("33010219800101133")}
PEOPLE = (ZHANG, LI, WANG)


@pytest.fixture(scope="module")
def world(open_world) -> Iterator[Any]:
    with open_world() as world:
        yield world


_slugs = count()


@pytest.fixture
def slug() -> str:
    return f"platform{next(_slugs)}"


def states(world: Any, slug: str, rows: Mapping[str, Mapping[str, Any]], night: date, **facts: Any) -> Any:
    """A platform's export of a night, by its own keys, named and merged."""
    ids = {key: record_id(KEY, slug, key) for key in rows}
    staged = world.export({ids[key]: row for key, row in rows.items()})
    records = staged.records.set_column(1, "source_key", pa.array(list(rows), pa.string()))
    records = records.drop_columns("generation")
    said = facts.get("told", ())
    named = name_records(
        world.con,
        KEY,
        slug,
        records,
        staged.claims,
        keyed_by_number=facts.get("keyed_by_number", False),
        told=lambda _record, field, value: (field, value) in said,
    )
    merged = replace(staged, records=named.records, claims=named.claims)
    absorb(world.con, night, slug, f"{night}-{sorted(rows.items())}", "a.xlsx", merged)
    return named


def nights(world: Any, slug: str, people: Sequence[Mapping[str, Any]]) -> list[int]:
    """One key, given to these people one night after the other; its generation on each night."""
    found = []
    for at, person in enumerate(people):
        named = states(world, slug, {"G1": person}, FIRST + timedelta(days=at))
        found.append(named.records["generation"].to_pylist()[0])
    return found


def test_a_name_and_a_number_that_we_corrected_make_nobody_else(world, slug) -> None:
    """A platform that takes in both corrections states another person than before, in our words."""
    states(world, slug, {"G1": ZHANG}, FIRST)
    both = {("name", LI["name"]), ("id_number", LI["id_number"])}
    named = states(world, slug, {"G1": {**ZHANG, **dict(both)}}, FIRST + timedelta(days=1), told=both)
    assert named.reused == () and named.records["generation"].to_pylist() == [1]
    named = states(world, slug, {"G1": {**ZHANG, **dict(both)}}, FIRST + timedelta(days=2), told=both)
    assert named.records["generation"].to_pylist() == [1]
    # What is said beside our words is the platform's own: this is somebody else.
    told_the_name = {("name", LI["name"])}
    named = states(world, slug, {"G1": WANG}, FIRST + timedelta(days=3), told=told_the_name)
    assert len(named.reused) == 1


def test_a_key_given_to_somebody_else_starts_a_new_record_and_leaves_the_old_one_alone(world, slug) -> None:
    states(world, slug, {"G1": ZHANG, "G2": WANG}, FIRST)
    named = states(world, slug, {"G1": LI, "G2": WANG}, FIRST + timedelta(days=1))
    assert (named.known, len(named.reused)) == (2, 1)
    assert world.rows(
        f"select source_key, generation, present from staged.record where platform = '{slug}' order by all"
    ) == [("G1", 1, False), ("G1", 2, True), ("G2", 1, True)]
    assert world.rows(
        f"""
        select r.generation, c."key" from staged.claim as c join staged.record as r using (record_id)
        where c.platform = '{slug}' and c.field = 'name' and r.source_key = 'G1' and c.until is null order by all
        """
    ) == [(1, "张伟"), (2, "李娜")]


def test_who_comes_back_gets_the_old_record_again(world, slug) -> None:
    assert nights(world, slug, [ZHANG, LI, ZHANG, LI, ZHANG]) == [1, 2, 1, 2, 1]


@pytest.mark.parametrize(
    ("changed", "reused"),
    [
        ({"name": "张玮"}, False),
        ({"birth_date": "1980-10-01"}, False),
        ({"id_number": CORRECTED["id_number"]}, False),
        ({"id_number": number("33010219801001123"), "birth_date": "1980-10-01"}, False),
        ({"id_number": None}, False),
        ({"name": "李娜", "id_number": None}, False),
        ({"name": "李娜", "id_number": (LI["id_number"], "checksum_fail")}, False),
        ({"name": "李娜", "id_number": LI["id_number"]}, False),
        ({"name": "李娜", "id_number": LI["id_number"], "birth_date": None}, True),
        ({"name": "李娜", "id_number": None, "birth_date": "1990-05-05"}, True),
        (LI, True),
    ],
    ids=[
        "a name corrected",
        "a birth date corrected",
        "a number corrected in its last digits",
        "a number corrected by a slip of the birth date",
        "a number taken out",
        "another name alone",
        "another number that is not to be trusted",
        "another number that contradicts the stated birth date",
        "another name and number",
        "another name and birth date",
        "another person",
    ],
)
def test_only_somebody_who_cannot_be_the_same_is_another(world, slug, changed, reused) -> None:
    now = {name: value for name, value in {**ZHANG, **changed}.items() if value is not None}
    assert nights(world, slug, [ZHANG, now]) == [1, 2 if reused else 1]


def test_what_was_stated_once_is_remembered_through_a_night_without_it(world, slug) -> None:
    assert nights(world, slug, [ZHANG, {"phone": "13800000001"}, LI]) == [1, 1, 2]


@settings(max_examples=15)
@given(st.lists(st.sampled_from(range(3)), min_size=1, max_size=8))
def test_a_key_has_never_more_generations_than_people_and_each_keeps_theirs(world, people) -> None:
    first, second = f"law{next(_slugs)}", f"law{next(_slugs)}"
    found = nights(world, first, [PEOPLE[at] for at in people])
    assert max(found) == len(set(people))
    assert len({(person, generation) for person, generation in zip(people, found, strict=True)}) == len(
        set(people)
    )
    # The same nights again give the same: nothing but the history decides.
    assert nights(world, second, [PEOPLE[at] for at in people]) == found
    held = world.rows(f"select count(*) from staged.record where platform = '{first}' and present")
    assert held == [(1,)]


identities = st.builds(
    Person,
    st.sampled_from([None, "张伟", "李娜"]),
    st.sampled_from([None, ZHANG["id_number"], CORRECTED["id_number"], LI["id_number"]]),
    st.sampled_from([None, "1980-01-01", "1990-05-05"]),
)


@given(identities, identities)
def test_being_another_goes_both_ways_and_nobody_is_another_than_oneself(one: Person, other: Person) -> None:
    assert another(one, other) == another(other, one)
    assert not another(one, one)


# A platform that knows people by their ID number alone


def of(person: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {**person, "address": "近江家园1幢101室", "phone": "13800000001", **more}


def succession(world: Any, slug: str, before: Sequence[Mapping], after: Sequence[Mapping]) -> Any:
    for at, people in enumerate((before, after)):
        rows = {str(person["id_number"]): person for person in people}
        named = states(world, slug, rows, FIRST + timedelta(days=at), keyed_by_number=True)
    return named


def test_a_corrected_number_keeps_the_record_and_so_all_that_was_said_of_it(world, slug) -> None:
    named = succession(world, slug, [of(ZHANG), of(LI)], [of(CORRECTED), of(LI)])
    assert named.succeeded == 1
    ((record, key),) = world.rows(
        f"select record_id, source_key from staged.record where platform = '{slug}' and source_key <> '{LI['id_number']}'"
    )
    assert (record, key) == (record_id(KEY, slug, ZHANG["id_number"]), CORRECTED["id_number"])


def test_the_old_number_may_come_back_for_the_same_and_for_another_row(world, slug) -> None:
    succession(world, slug, [of(ZHANG)], [of(CORRECTED)])
    rows = {CORRECTED["id_number"]: of(CORRECTED), ZHANG["id_number"]: of(ZHANG, name="张三")}
    named = states(world, slug, rows, FIRST + timedelta(days=2), keyed_by_number=True)
    assert sorted(named.records["generation"].to_pylist()) == [1, 2]
    assert len(set(named.records["record_id"].to_pylist())) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([of(ZHANG)], [of(ZHANG), of(CORRECTED)]),
        ([of(ZHANG)], [of(CORRECTED, phone="13900000009")]),
        ([of(ZHANG)], [of({**ZHANG, "id_number": number("33010219800101999")})]),
        ([of(ZHANG)], [of(CORRECTED), of({**ZHANG, "id_number": number("33010219800101143")})]),
        ([ZHANG], [CORRECTED]),
    ],
    ids=[
        "the old one is still there",
        "the row differs",
        "more than a slip",
        "two could be it",
        "the row says little",
    ],
)
def test_where_it_is_not_certain_nobody_succeeds_anybody(world, slug, before, after) -> None:
    assert succession(world, slug, before, after).succeeded == 0


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_a_slip_and_two_are_none(digits: int, at: int, by: int) -> None:
    right = f"{digits:017d}"
    wrong = right[:at] + str((int(right[at]) + by) % 10) + right[at + 1 :]
    assert slip(number(right), number(wrong)) and slip(number(wrong), number(right))
    far = (at + 8) % 17
    worse = wrong[:far] + str((int(wrong[far]) + by) % 10) + wrong[far + 1 :]
    assert not slip(number(right), number(worse))
    assert all(slip(right + "1", f"{a}1") for a in _swapped(right) if a != right)


def _swapped(digits: str) -> list[str]:
    return [
        digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at, _ in enumerate(pairwise(digits))
    ]
