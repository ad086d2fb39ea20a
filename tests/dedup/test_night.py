"""The match step over tables: ids that survive merges and splits, work that is skipped, verdicts that hold."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from dedup.night import match_night
from dedup.normalise.id_numbers import check_character
from tests.dedup.warehouses import FIRST, KEY, SECOND, Said, state, warehouse
from warehouse.ids import potential_id


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as opened:
        yield opened


def residents(con: duckdb.DuckDBPyConnection, *verdicts: Said) -> dict[str, str]:
    match_night(con, key=KEY, verdicts=verdicts)
    return dict(con.execute("select record_id, resident_id from resolved.record").fetchall())


def number(first17: str) -> str:
    return first17 + check_character(first17)


WANG = {"name": "王玮珺", "phone": "13812345601"}
LATER = {"name": "王玮珺", "id_number": number("33010219850307122"), "sex": "2"}


def test_a_resident_is_named_after_the_earliest_record_by_night_and_then_by_id(con):
    state(con, "b", FIRST, **WANG)
    state(con, "a", SECOND, **WANG)
    assert residents(con) == dict.fromkeys("ab", potential_id(KEY, "resident", "b"))


def test_the_older_id_survives_a_merge_and_a_split_leaves_it_with_the_earliest_record(con):
    state(con, "old", FIRST, **WANG)
    state(con, "new", SECOND, **LATER)
    apart = residents(con)
    assert apart["old"] != apart["new"]
    state(con, "bridge", SECOND, **WANG, **{k: LATER[k] for k in ("id_number", "sex")})
    assert set(residents(con).values()) == {apart["old"]}
    con.execute("delete from staged.person where record_id = 'bridge'")
    assert residents(con) == apart


def test_any_id_ever_issued_resolves_through_its_record(con):
    state(con, "old", FIRST, **WANG)
    state(con, "new", SECOND, **LATER)
    issued = {resident: record for record, resident in residents(con).items()}
    state(con, "bridge", SECOND, **WANG, **{k: LATER[k] for k in ("id_number", "sex")})
    today = residents(con)
    assert all(potential_id(KEY, "resident", record) == resident for resident, record in issued.items())
    assert {today[record] for record in issued.values()} == {today["bridge"]}


def test_nothing_is_matched_again_while_nothing_changed(con):
    state(con, "a", **WANG)
    state(con, "b", **WANG)
    first = match_night(con, key=KEY)
    again = match_night(con, key=KEY)
    assert (first.skipped, again.skipped) == (False, True)
    assert (again.clusters, again.pairs) == (first.clusters, first.pairs)
    assert not match_night(con, key=KEY, software="another version").skipped
    state(con, "c", **WANG)
    assert not match_night(con, key=KEY, software="another version").skipped


def test_a_steward_keeps_two_records_apart_that_agree_in_all(con):
    state(con, "a", **WANG)
    state(con, "b", **WANG, sex="2")
    assert len(set(residents(con).values())) == 1
    assert len(set(residents(con, Said("a", "b", "different")).values())) == 2
    assert len(set(residents(con).values())) == 1


def test_a_steward_keeps_two_records_apart_that_state_exactly_the_same(con):
    state(con, "a", **WANG)
    state(con, "b", **WANG)
    assert len(set(residents(con).values())) == 1
    apart = residents(con, Said("a", "b", "different"))
    assert apart == {record: potential_id(KEY, "resident", record) for record in "ab"}
    assert len(set(residents(con).values())) == 1


def test_a_steward_joins_two_records_that_share_too_little(con):
    state(con, "a", name="欧阳邈霁")
    state(con, "b", name="欧阳邈霁", sex="2")
    assert len(set(residents(con).values())) == 2
    assert len(set(residents(con, Said("a", "b", "same")).values())) == 1


def test_one_number_on_two_people_is_a_conflict_and_no_merge(con):
    shared = number("33010219850307122")
    state(con, "a", name="赵春生", id_number=shared)
    state(con, "b", name="钱玉芬", id_number=shared)
    assert len(set(residents(con).values())) == 2
    told = con.execute('select kind, "left", "right" from matched.conflict').fetchall()
    assert told == [("one_id_two_people", "a", "b")]


def test_replaying_in_two_nights_or_in_one_gives_the_same_residents(con):
    state(con, "a", FIRST, **WANG)
    state(con, "c", FIRST, **LATER)
    residents(con)
    state(con, "b", SECOND, **WANG, **{k: LATER[k] for k in ("id_number", "sex")})
    in_two = residents(con)
    con.execute("delete from matched.run")
    assert residents(con) == in_two


def test_a_refused_join_is_told_with_the_points_that_asked_for_it(con):
    state(con, "a", **WANG, id_number=number("33010219850307122"))
    state(con, "b", **WANG, id_number=number("33010219900101122"))
    state(con, "c", **WANG)
    assert len(set(residents(con).values())) == 3
    told = con.execute("select kind, points from matched.conflict").fetchall()
    strongest = con.execute("select max(points) from matched.pair where band = 'link'").fetchall()[0][0]
    assert {kind for kind, _ in told} == {"refused_join"}
    assert all(0 < points <= strongest for _, points in told)
