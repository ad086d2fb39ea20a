"""Who lives behind one door, and who stands in one book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from dedup.households import resolve_households

KEY = b"a key for tests"
NIGHT = date(2026, 11, 19)


def home(unit: str = "2", room: str = "301") -> str:
    return f"上城区|望江街道|近江社区|近江路|12|近江家园||5|{unit}||{room}"


class Town:
    """Residents with one record each, told by short words."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        con.execute(
            """
            create schema golden; create schema resolved; create schema staged; create schema facts;
            create table golden.value (resident_id varchar, field varchar, value varchar);
            create table golden.pin (record_id varchar, field varchar, value varchar);
            create table resolved.record (platform varchar, source_key varchar, record_id varchar, resident_id varchar,
                household_living_id varchar, household_registered_id varchar, dwelling_id varchar);
            create table staged.own (platform varchar, record_id varchar, field varchar, key varchar);
            create table staged.record (record_id varchar, first_night date, present boolean);
            create table staged.place (platform varchar, source_key varchar, record_id varchar, present boolean);
            create table facts.platform (slug varchar, trust integer, household varchar);
            insert into facts.platform values ('police', 90, 'registered'), ('health', 50, 'registered'), ('grid', 60, 'living');
            """
        )

    def lives(self, resident: str, address: str, field: str = "address") -> None:
        self.con.execute("insert into golden.value values (?, ?, ?)", [resident, field, address])

    def record(self, record: str, resident: str, platform: str = "grid", book: str | None = None) -> None:
        self.con.execute(
            "insert into resolved.record values (?, ?, ?, ?, null, null, null)",
            [platform, record, record, resident],
        )
        self.con.execute("insert into staged.record values (?, ?, true)", [record, NIGHT])
        if book:
            self.con.execute(
                "insert into staged.own values (?, ?, 'household_number', ?)",
                [platform, record, book],
            )

    def listed(self, record: str, address: str) -> None:
        """A record of a register of addresses: of a dwelling, and of nobody."""
        self.con.execute("insert into staged.place values ('register', ?, ?, true)", [record, record])
        self.con.execute("insert into staged.own values ('register', ?, 'address', ?)", [record, address])

    def groups(self, column: str) -> list[set[str]]:
        resolve_households(self.con, key=KEY)
        rows = self.con.execute(
            f"select list(distinct resident_id) from resolved.record where {column} is not null group by {column}"
        ).fetchall()
        return sorted((set(row[0]) for row in rows), key=min)


@pytest.fixture
def town() -> Iterator[Town]:
    with duckdb.connect() as con:
        yield Town(con)


def test_a_living_household_is_everybody_behind_one_door(town):
    for resident, room in (("A", "301"), ("B", "301"), ("C", "302")):
        town.record(f"r{resident}", resident)
        town.lives(resident, home(room=room))
    assert town.groups("household_living_id") == [{"A", "B"}, {"C"}]


def test_who_leaves_out_the_unit_lives_behind_the_only_door_of_that_number(town):
    for resident, unit in (("A", "2"), ("B", "")):
        town.record(f"r{resident}", resident)
        town.lives(resident, home(unit))
    assert town.groups("household_living_id") == [{"A", "B"}]


def test_between_two_doors_of_that_number_nobody_guesses(town):
    for resident, unit in (("A", "2"), ("B", ""), ("C", "3")):
        town.record(f"r{resident}", resident)
        town.lives(resident, home(unit))
    assert town.groups("household_living_id") == [{"A"}, {"B"}, {"C"}]


def test_the_living_household_keeps_its_id_when_the_family_changes(town):
    town.record("rA", "A")
    town.lives("A", home())
    town.groups("dwelling_id")
    before = town.con.execute("select household_living_id, dwelling_id from resolved.record").fetchall()
    town.con.execute(
        "update golden.value set resident_id = 'B'; update resolved.record set resident_id = 'B'"
    )
    town.groups("dwelling_id")
    assert (
        town.con.execute("select household_living_id, dwelling_id from resolved.record").fetchall() == before
    )


def test_a_registered_household_is_a_book_wherever_its_people_live(town):
    town.record("p1", "A", "police", book="7")
    town.record("p2", "B", "police", book="7")
    town.record("p3", "C", "police", book="8")
    town.record("g3", "C", "grid", book="7")  # a door's number is no book
    town.lives("A", home())
    assert town.groups("household_registered_id") == [{"A", "B"}, {"C"}]


def test_a_book_of_a_less_trusted_platform_is_the_household_most_of_its_people_are_in(town):
    town.record("p1", "A", "police", book="7")
    town.record("p2", "B", "police", book="7")
    for record, resident in (("h1", "A"), ("h2", "B"), ("h3", "C")):
        town.record(record, resident, "health", book="3300-1")
    assert town.groups("household_registered_id") == [{"A", "B", "C"}]


def test_a_divorced_man_still_on_an_old_card_does_not_join_the_two_books(town):
    town.record("p1", "A", "police", book="7")
    town.record("p2", "B", "police", book="8")
    town.record("h1", "A", "health", book="3300-1")
    town.record("h2", "B", "health", book="3300-1")
    assert town.groups("household_registered_id") == [{"A"}, {"B"}]


def test_who_is_in_no_book_goes_by_the_registered_address(town):
    town.record("p1", "A", "police", book="7")
    town.lives("A", home(), "registered_address")
    town.record("g2", "B")
    town.lives("B", home(), "registered_address")
    assert town.groups("household_registered_id") == [{"A", "B"}]


def test_a_listed_dwelling_is_the_one_in_which_somebody_lives_or_one_where_nobody_does(town):
    town.record("rA", "A")
    town.lives("A", home())
    for record, address in (
        ("door", home()),
        ("empty", home(room="302")),
        ("road", "上城区||||近江路||||||"),
    ):
        town.listed(record, address)
    assert town.groups("dwelling_id") == [{"A"}]
    ((lived_in,),) = town.con.execute("select distinct dwelling_id from resolved.record").fetchall()
    found = dict(town.con.execute("select record_id, dwelling_id from resolved.place").fetchall())
    assert found["door"] == lived_in
    assert found["empty"] not in (lived_in, None)
    assert found["road"] is None


def test_who_leaves_out_the_unit_is_put_behind_no_door_when_the_register_lists_two(town):
    for resident, unit in (("A", "2"), ("B", "")):
        town.record(f"r{resident}", resident)
        town.lives(resident, home(unit))
    town.listed("other", home("3"))
    assert town.groups("household_living_id") == [{"A"}, {"B"}]
    town.con.execute("update staged.place set present = false")  # pulled down
    assert town.groups("household_living_id") == [{"A", "B"}]
    assert town.con.execute("select record_id, dwelling_id from resolved.place").fetchall() == [
        ("other", None)
    ]


def test_a_book_that_a_person_settled_is_the_only_one_its_resident_stands_in(town):
    for record, resident, book in (("p1", "A", "7"), ("p2", "B", "7"), ("p3", "C", "8"), ("p4", "D", "8")):
        town.record(record, resident, "police", book=book)
    for record, resident in (("h2", "B"), ("h3", "C"), ("h4", "D")):
        town.record(record, resident, "health", book="3300-1")
    assert town.groups("household_registered_id") == [{"A", "B"}, {"C", "D"}]
    town.con.execute("insert into golden.pin values ('h2', 'household_number', '3300-1')")
    assert town.groups("household_registered_id") == [{"A"}, {"B", "C", "D"}]
    town.con.execute("update golden.pin set value = '3300-2'")  # the record says another one by now
    assert town.groups("household_registered_id") == [{"A", "B"}, {"C", "D"}]
