"""What a night expects of its own matching: near the truth, the same in one night as in two, kept until something changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from dedup.estimates import estimates
from dedup.link import resident_keys
from dedup.match import match
from dedup.model import built_in
from dedup.night import match_night
from dedup.records import RESIDENT_COLUMNS
from synthetic_city.records import stated_records
from tests.dedup.warehouses import FIRST, KEY, SECOND, state, warehouse

BASE = built_in("resident")


@pytest.fixture(scope="module")
def town() -> pa.Table:
    """Record ids, person ids and keys."""
    records = stated_records(residents=1500, seed=61, noise=2.0).sort_by("record_id")
    keys = resident_keys(records.select(["record_id", *RESIDENT_COLUMNS]), BASE)
    return keys.append_column("record_id", records["record_id"]).append_column("person", records["person_id"])


def arrive(con: duckdb.DuckDBPyConnection, records: pa.Table, night: date) -> None:
    con.register("arriving", records)
    con.execute(
        "insert into staged.person by name"
        f" select * exclude (person), 'grid' as platform, date '{night}' as first_night from arriving"
    )
    con.unregister("arriving")


@pytest.fixture(scope="module")
def settled(town: pa.Table) -> duckdb.DuckDBPyConnection:
    con = warehouse()
    arrive(con, town, FIRST)
    match_night(con, key=KEY)
    return con


def recall(con: duckdb.DuckDBPyConnection, town: pa.Table) -> float:
    con.register("town", town)
    found, true = con.execute(
        """
        with each as (
            select person, resident_id, count(*) as n
            from town join resolved.record using (record_id) group by all
        )
        select
            (select sum(n * (n - 1) // 2) from each),
            (select sum(n * (n - 1) // 2) from (select count(*) as n from town group by person))
        """
    ).fetchall()[0]
    return float(found / true)


def test_a_night_expects_about_what_is_true_and_what_link_would_expect(settled, town) -> None:
    again = match_night(settled, key=KEY)
    assert again.skipped and again.estimates and again.estimates.recall is not None
    true = recall(settled, town)
    assert (1 - true) / 2.5 <= 1 - again.estimates.recall <= (1 - true) * 2.5
    assert again.estimates.recall_low <= true <= again.estimates.recall_high
    keys = town.drop_columns(["record_id", "person"])
    linked = estimates(match(keys, BASE), keys, BASE)
    assert again.estimates.recall == pytest.approx(linked.recall, abs=0.03)
    assert again.estimates.precision == pytest.approx(linked.precision, abs=0.001)


def test_two_nights_expect_the_same_as_one(settled, town) -> None:
    con = warehouse()
    first = np.random.default_rng(0).random(len(town)) < 0.7
    arrive(con, town.filter(pa.array(first)), FIRST)
    half = match_night(con, key=KEY)
    arrive(con, town.filter(pa.array(~first)), SECOND)
    whole = match_night(con, key=KEY)
    assert whole.estimates == match_night(settled, key=KEY).estimates
    assert half.estimates != whole.estimates


def test_a_small_change_carries_what_was_expected_and_a_large_one_draws_it_anew(town) -> None:
    con = warehouse()
    once, more, rest = (town.slice(0, 4000), town.slice(4000, 100), town.slice(4100))
    arrive(con, once, FIRST)
    first = match_night(con, key=KEY, night=FIRST).estimates
    arrive(con, more, SECOND)
    carried = match_night(con, key=KEY, night=SECOND).estimates
    assert first and carried and (first.drawn, first.changed) == (FIRST, 0.0)
    assert carried == replace(first, changed=100 / 4100)
    assert (
        match_night(con, key=KEY, night=SECOND).estimates == carried
    )  # nothing changed: said of the same night
    arrive(con, rest, SECOND)
    anew = match_night(con, key=KEY, night=SECOND).estimates
    assert anew and (anew.drawn, anew.changed) == (SECOND, 0.0)


def test_small_changes_add_up_until_what_is_expected_is_drawn_anew(town) -> None:
    con = warehouse()
    arrive(con, town.slice(0, 4000), FIRST)
    match_night(con, key=KEY, night=FIRST)
    for start in range(4000, 4400, 80):
        arrive(con, town.slice(start, 80), SECOND)
        found = match_night(con, key=KEY, night=SECOND).estimates
        assert found
        if found.drawn == SECOND:
            break
    assert found.drawn == SECOND and start == 4160  # 80 + 80 + 80 of some 4,200 are more than a twentieth


def test_a_handful_of_records_expects_nothing_of_its_recall() -> None:
    con = warehouse()
    said: dict[str, Any] = {"name": "王玮珺", "birth_date": "1985-03-07", "phone": "13812345601"}
    state(con, "a", **said)
    state(con, "b", **said)
    found = match_night(con, key=KEY).estimates
    assert found and found.recall is None and found.precision == pytest.approx(1.0, abs=0.01)


def test_an_empty_warehouse_is_no_trouble() -> None:
    found = match_night(warehouse(), key=KEY).estimates
    assert found is None or found.recall is None
