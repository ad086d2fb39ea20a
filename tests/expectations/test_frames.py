"""The SELECTs of the doors count what must not be, on a warehouse of two records at two platforms."""

from __future__ import annotations

import pytest

from dedup.normalise.area import Area
from expectations.door import check_door
from expectations.frames import frame
from warehouse.facts import write_facts
from warehouse.site import create_site
from warehouse.store import STAGED_TABLES, open_store, rebuild

AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
NUMBER = "330102199001011230"

FILLED = f"""
insert into facts.platform_field
    (platform, field, "column", authority, shares, receives)
    values ('grid', 'phone', '电话', false, true, true), ('card', 'phone', '手机', false, true, false);
insert into landed.pull
    values (date '2026-11-19', 'grid', 'x', 'a.xlsx', 2, 1, 1, 'staged', '', 1);
insert into staged.record
    (record_id, platform, source_key, generation, first_night, last_night, present)
    values ('a', 'grid', 'G1', 1, date '2026-11-19', date '2026-11-19', true),
           ('b', 'card', 'C1', 1, date '2026-11-19', date '2026-11-19', true);
insert into staged.claim
    (record_id, platform, field, stated, "key", quality, since)
    values ('a', 'grid', 'name', '张三', '张三', 'ok', date '2026-11-19'),
           ('a', 'grid', 'id_number', '{NUMBER}', '{NUMBER}', 'ok', date '2026-11-19'),
           ('a', 'grid', 'birth_date', '19900101', '1990-01-01', 'ok', date '2026-11-19'),
           ('a', 'grid', 'phone', '不详', null, 'none', date '2026-11-19'),
           ('b', 'card', 'name', '张三', '张三', 'ok', date '2026-11-19');
insert into resolved.record
    (platform, source_key, record_id, resident_id)
    values ('grid', 'G1', 'a', 'R1'), ('card', 'C1', 'b', 'R1');
insert into golden.value
    (resident_id, field, value, taken_from, shareable, quality)
    values ('R1', 'phone', '13957100000', 'b', true, 'ok');
insert into golden.resident (resident_id, records, name, sex) values ('R1', 2, '张三', '1');
insert into outbox.wanted
    (platform, record_id, source_key, resident_id, field, kind, value, told, taken_from)
    values ('grid', 'a', 'G1', 'R1', 'phone', 'fill', '13957100000', '13957100000', 'b');
"""


@pytest.fixture
def con(tmp_path):
    with open_store(create_site(tmp_path / "site", name="x", area=AREA, seed=1)) as con:
        write_facts(con, [])
        con.execute(FILLED)
        for table in STAGED_TABLES:
            rebuild(con, table)
        yield con


@pytest.mark.parametrize("door", ["staged", "golden", "outbox"])
def test_a_warehouse_in_order_has_no_critical_failure(con, door):
    assert check_door(door, frame(con, door)).critical == ()


def test_the_staged_door_counts_rows_and_shares_and_leaves_out_what_a_platform_has_not(con):
    (row,) = frame(con, "staged").to_dict("records")
    assert (row["platform"], row["unbalanced"], row["records_twice"]) == ("grid", 0, 0)
    assert (row["quarantine_share"], row["name_share"], row["id_number_full_share"]) == (0.5, 1.0, 1.0)
    assert row["address_read_share"] != row["address_read_share"]  # not 0: it has no address column


@pytest.mark.parametrize(
    ("damage", "column"),
    [
        ("update facts.platform_field set receives = false", "outside_allow_list"),
        ("delete from facts.field where field = 'phone'", "outside_allow_list"),
        ("update staged.record set present = false where record_id = 'a'", "not_admitted"),
        ("update golden.value set shareable = false", "not_shareable"),
        ("update outbox.wanted set value = '139****0000'", "masked_values"),
        ("insert into outbox.wanted select * from outbox.wanted", "cells_twice"),
        ("update outbox.wanted set held_key = told", "unchanged_cells"),
    ],
)
def test_the_outbox_door_sees_a_cell_that_must_not_be_written(con, damage, column):
    con.execute(damage)
    failed = {check.expectation.columns[0] for check in check_door("outbox", frame(con, "outbox")).failed}
    assert column in failed


def test_the_outbox_door_lets_our_own_word_be_taken_back_though_nothing_comes_in_its_place(con):
    con.execute("update outbox.wanted set kind = 'recall', rule = 'own', value = '', told = ''")
    assert check_door("outbox", frame(con, "outbox")).critical == ()


@pytest.mark.parametrize(
    ("damage", "column"),
    [
        (
            "update staged.person set id_number = '330102199001011249', id_quality = 'ok', birth_date = '1990-01-01'"
            " where record_id = 'b'",
            "trusted_numbers",
        ),
        ("update golden.value set taken_from = null", "unsourced"),
        ("insert into golden.resident select * from golden.resident", "resident_id"),
    ],
)
def test_the_golden_door_sees_a_resident_that_must_not_be(con, damage, column):
    con.execute(damage)
    failed = {check.expectation.columns[0] for check in check_door("golden", frame(con, "golden")).critical}
    assert failed == {column}


def test_a_number_that_contradicts_its_record_is_not_held_against_a_resident(con):
    con.execute(
        "update staged.person set id_number = '330102199001011249', id_quality = 'ok', birth_date = '2015-01-01'"
        " where record_id = 'b'"
    )
    assert frame(con, "golden")["trusted_numbers"].tolist() == [1]


def test_fill_rates_are_shares_of_a_platforms_records(con):
    filled = {(one.platform, one.field): one.filled for one in frame(con, "fill").itertuples()}
    assert (filled["grid", "name"], filled["grid", "phone"]) == (1.0, 0.0)


def test_numbers_that_were_declared_to_be_one_persons_count_as_one(con):
    con.execute(
        "update staged.person set id_number = '330102199001011249', id_quality = 'ok', birth_date = '1990-01-01'"
        " where record_id = 'b'"
    )
    assert frame(con, "golden")["trusted_numbers"].tolist() == [2]
    con.execute(
        "insert into matched.one_person select min(id_number), max(id_number) from staged.person where record_id in ('a', 'b')"
    )
    assert frame(con, "golden")["trusted_numbers"].tolist() == [1]
