"""The golden tables: a few rows in, rows out, each with its story; and laws of choosing."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest

from dedup.normalise.id_numbers import check_character
from warehouse.golden import build_golden, choose_values, golden_checksum
from warehouse.store import GOLDEN_TABLES

OLD, MID, NEW = date(2024, 5, 1), date(2025, 2, 1), date(2026, 1, 1)


def number(first17: str) -> str:
    return first17 + check_character(first17)


MAN_1980 = number("33010219800101001")
FULL = "上城区|望江街道|近江社区|近江路|12号|近江家园||5幢|2单元||301室"
NO_ROOM = "上城区|望江街道|近江社区|近江路|12号|近江家园||5幢|2单元||"


def chosen(world: Any, field: str) -> list[tuple[Any, ...]]:
    choose_values(world.con)
    build_golden(world.con)
    return world.rows(
        f"select value, taken_from, rule from golden.value where field = '{field}' order by resident_id"
    )


def test_the_owning_departments_word_comes_first_even_when_older_and_outnumbered(world: Any) -> None:
    world.platforms(
        world.platform("hukou", authority=("ethnic",)), world.platform("grid"), world.platform("civil")
    )
    world.states("hukou", {"h": {"ethnic": "11", "on": OLD}})
    world.states("grid", {"g": {"ethnic": "01", "on": NEW}})
    world.states("civil", {"c": {"ethnic": "01", "on": NEW}})
    world.people(R1=["h", "g", "c"])
    assert chosen(world, "ethnic") == [("11", "h", "authority")]


def test_a_name_that_an_owner_calls_a_former_one_stands_behind_every_other(world: Any) -> None:
    """The registry has the new name, the police and everybody else still the old one."""
    world.platforms(
        world.platform("hukou", authority=("name",)),
        world.platform("police", authority=("name",)),
        world.platform("grid"),
    )
    world.states("hukou", {"h": {"name": "李珺", "former_name": "李娟", "on": NEW}})
    world.states("police", {"p": {"name": "李娟", "on": NEW}})
    world.states("grid", {"g": {"name": "李娟", "on": NEW}})
    world.people(R1=["h", "p", "g"])
    assert chosen(world, "name") == [("李珺", "h", "former")]


def test_a_former_name_that_nobody_owns_decides_nothing(world: Any) -> None:
    world.platforms(world.platform("hukou", authority=("name",)), world.platform("grid"))
    world.states("hukou", {"h": {"name": "李娟"}})
    world.states("grid", {"g": {"name": "李珺", "former_name": "李娟"}})
    world.people(R1=["h", "g"])
    assert chosen(world, "name") == [("李娟", "h", "authority")]


def test_the_owners_word_is_no_owners_word_when_it_is_not_good(world: Any) -> None:
    world.platforms(world.platform("hukou", authority=("name",)), world.platform("grid"))
    world.states("hukou", {"h": {"name": ("王□", "partial")}})
    world.states("grid", {"g": {"name": "王喆"}})
    world.people(R1=["h", "g"])
    assert chosen(world, "name") == [("王喆", "g", "quality")]


@pytest.mark.parametrize("quality", ["masked", "truncated15", "checksum_fail", "placeholder", "unheard_of"])
def test_a_masked_or_broken_value_is_never_golden_however_alone(world: Any, quality: str) -> None:
    world.platforms(world.platform("hukou", authority=("id_number",)))
    world.states("hukou", {"h": {"id_number": ("330102********1234", quality)}})
    world.people(R1=["h"])
    assert chosen(world, "id_number") == []
    assert world.rows("select resident_id, records, id_number from golden.resident") == [("R1", 1, None)]


def test_a_stable_field_follows_agreement_and_a_current_field_the_newest(world: Any) -> None:
    world.platforms(*(world.platform(slug) for slug in ("grid", "civil", "health")))
    world.states("grid", {"g": {"name": "张伟", "phone": "13800000001", "on": OLD}})
    world.states("civil", {"c": {"name": "张伟", "phone": "13800000001", "on": MID}})
    world.states("health", {"h": {"name": "张炜", "phone": "13800000002", "on": NEW}})
    world.people(R1=["g", "c", "h"])
    assert chosen(world, "name") == [("张伟", "c", "agreement")]
    assert chosen(world, "phone") == [("13800000002", "h", "newest")]


def test_platforms_that_copy_from_one_another_are_one_voice(world: Any) -> None:
    """civil and health take names from the grid platform, police asks people itself and so does the school."""
    copies = {"grid": ("name",)}
    world.platforms(
        world.platform("grid"),
        world.platform("civil", feeds=copies),
        world.platform("health", feeds={"civil": ("name",)}),
        world.platform("police"),
        world.platform("school"),
    )
    for slug in ("grid", "civil", "health"):
        world.states(slug, {slug: {"name": "张炜", "on": NEW}})
    for slug in ("police", "school"):
        world.states(slug, {slug: {"name": "张伟", "on": OLD}})
    world.people(R1=["grid", "civil", "health", "police", "school"])
    assert chosen(world, "name") == [("张伟", "police", "agreement")]
    assert world.rows("select sources from golden.value") == [(2,)]


def test_a_ring_of_copies_counts_once_and_comes_to_an_end(world: Any) -> None:
    world.platforms(
        world.platform("a", feeds={"b": ("name",)}),
        world.platform("b", feeds={"a": ("name",)}),
        world.platform("c"),
    )
    for slug, name in (("a", "张炜"), ("b", "张炜"), ("c", "张伟")):
        world.states(slug, {slug: {"name": name, "on": NEW}})
    world.people(R1=["a", "b", "c"])
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select sources from golden.value") == [(1,)]


def test_two_records_of_one_platform_are_one_voice(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil", trust=60))
    world.states("grid", {"g1": {"name": "张炜"}, "g2": {"name": "张炜"}})
    world.states("civil", {"c": {"name": "张伟"}})
    world.people(R1=["g1", "g2", "c"])
    assert chosen(world, "name") == [("张伟", "c", "trust")]


def test_a_value_there_since_the_first_load_is_older_than_a_dated_one(world: Any) -> None:
    world.platforms(world.platform("grid", trust=90), world.platform("civil"))
    world.states("grid", {"g": {"phone": "13800000001"}})
    world.states("civil", {"c": {"phone": "13800000002", "on": OLD}})
    world.people(R1=["g", "c"])
    assert chosen(world, "phone") == [("13800000002", "c", "newest")]
    world.states("grid", {"g": {"phone": "13800000003"}}, night=date(2026, 3, 5))
    assert chosen(world, "phone") == [("13800000003", "g", "newest")]


def test_a_record_gone_from_a_complete_file_speaks_only_when_nobody_else_does(world: Any) -> None:
    world.platforms(
        world.platform("hukou", complete=True, authority=("marital", "phone")), world.platform("grid")
    )
    world.states("hukou", {"h": {"marital": "20", "phone": "13800000001"}, "x": {}})
    world.states("grid", {"g": {"marital": "10"}})
    world.states("hukou", {"x": {}}, night=date(2026, 3, 2))
    world.people(R1=["h", "g"])
    assert chosen(world, "marital") == [("10", "g", "only")]
    assert chosen(world, "phone") == [("13800000001", "h", "authority")]


def test_an_address_without_a_room_gives_its_vote_to_the_fuller_one_it_agrees_with(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil"))
    world.states("grid", {"g": {"address": FULL, "on": OLD}})
    world.states("civil", {"c": {"address": (NO_ROOM, "building"), "on": NEW}})
    world.people(R1=["g", "c"])
    assert chosen(world, "address") == [(FULL, "g", "unanimous")]


def test_the_full_address_comes_before_a_newer_one_without_a_room_elsewhere(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil"))
    world.states("grid", {"g": {"address": FULL, "on": OLD}})
    world.states("civil", {"c": {"address": (NO_ROOM.replace("5幢", "6幢"), "building"), "on": NEW}})
    world.people(R1=["g", "c"])
    assert chosen(world, "address") == [(FULL, "g", "quality")]


def test_an_address_that_two_fuller_ones_agree_with_votes_for_neither(world: Any) -> None:
    world.platforms(*(world.platform(slug) for slug in ("grid", "civil", "health")))
    other = FULL.replace("301室", "302室")
    world.states("grid", {"g": {"address": FULL, "on": OLD}})
    world.states("civil", {"c": {"address": other, "on": NEW}})
    world.states("health", {"h": {"address": (NO_ROOM, "building"), "on": NEW}})
    world.people(R1=["g", "c", "h"])
    assert chosen(world, "address") == [(other, "c", "newest")]


def test_a_checked_id_number_decides_between_stated_birth_dates(world: Any) -> None:
    world.platforms(*(world.platform(slug) for slug in ("grid", "civil", "health")))
    world.states("grid", {"g": {"birth_date": "1980-01-10"}})
    world.states("civil", {"c": {"birth_date": "1980-01-10", "sex": "1"}})
    world.states("health", {"h": {"id_number": MAN_1980, "birth_date": "1980-01-01"}})
    world.people(R1=["g", "c", "h"])
    assert chosen(world, "birth_date") == [("1980-01-01", "h", "id_number")]


def test_a_checked_id_number_speaks_itself_where_nobody_states_a_full_value(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil", share=["birth_date"]))
    world.states("grid", {"g": {"birth_date": ("1980", "year")}})
    world.states("civil", {"c": {"id_number": MAN_1980}})
    world.people(R1=["g", "c"])
    assert chosen(world, "birth_date") == [("1980-01-01", "c", "quality")]
    assert chosen(world, "sex") == [("1", "c", "id_number")]
    # civil may pass on birth dates, but the value came out of its ID number, which it may not.
    assert world.rows("select distinct shareable from golden.value where field in ('birth_date', 'sex')") == [
        (False,)
    ]


def test_a_parents_number_on_a_child_does_not_change_the_childs_birth_date(world: Any) -> None:
    world.platforms(world.platform("school"), world.platform("health"))
    world.states("school", {"s": {"birth_date": "2018-06-01", "sex": "2"}})
    world.states("health", {"h": {"id_number": MAN_1980, "birth_date": "2018-06-01"}})
    world.people(R1=["s", "h"])
    assert chosen(world, "birth_date") == [("2018-06-01", "h", "unanimous")]
    assert chosen(world, "sex") == [("2", "s", "only")]


def test_a_value_is_shareable_when_any_platform_that_states_it_may_pass_it_on(world: Any) -> None:
    world.platforms(world.platform("hukou", authority=("marital",), share=[]), world.platform("grid"))
    world.states("hukou", {"h1": {"marital": "20"}, "h2": {"marital": "20"}})
    world.states("grid", {"g1": {"marital": "20"}, "g2": {"marital": "10"}})
    world.people(R1=["h1", "g1"], R2=["h2", "g2"])
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select taken_from, shareable, sources from golden.value order by 1") == [
        ("h1", True, 2),
        ("h2", False, 1),
    ]


def test_a_value_several_agree_on_is_taken_from_the_most_trusted(world: Any) -> None:
    world.platforms(world.platform("grid", trust=60), world.platform("hukou", trust=90))
    world.states("grid", {"a": {"name": "张伟"}})
    world.states("hukou", {"h": {"name": "张伟"}})
    world.people(R1=["a", "h"])
    assert chosen(world, "name") == [("张伟", "h", "unanimous")]


def test_what_only_serves_matching_is_not_golden(world: Any) -> None:
    world.platforms(world.platform("grid"))
    world.states("grid", {"g": {"household_number": "0012", "head_name": "张伟", "updated_on": "2026-01-01"}})
    world.people(R1=["g"])
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select * from golden.value") == []


def test_a_wide_resident_shows_every_golden_value_and_who_is_gone(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil"))
    world.states("grid", {"g": {"name": "张伟", "death_flag": "0", "moved_out_flag": "1"}})
    world.states("civil", {"c": {"name": "李娜", "death_date": "2025-01-01"}})
    world.people(R1=["g"], R2=["c"])
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select resident_id, name, present, deceased, moved_out from golden.resident") == [
        ("R1", "张伟", True, False, True),
        ("R2", "李娜", True, True, False),
    ]


def test_a_household_has_the_stated_head_else_the_named_one_else_the_eldest(world: Any) -> None:
    world.platforms(world.platform("grid", household="registered"))
    world.states(
        "grid",
        {
            "a1": {"name": "张伟", "relation": "02", "birth_date": "1980-01-01"},
            "a2": {"name": "张父", "relation": "50", "birth_date": "1950-01-01"},
            "b1": {"name": "李娜", "head_name": "李强", "relation": "10", "birth_date": "1960-01-01"},
            "b2": {"name": "李强", "birth_date": "1970-01-01"},
            "c1": {"name": "王五", "birth_date": "1990-01-01"},
            "c2": {"name": "王老", "birth_date": "1940-01-01", "relation": "20"},
            "c3": {"name": "王故", "birth_date": "1930-01-01", "death_flag": "1"},
        },
    )
    world.people(
        RA1={"records": ["a1"], "living": "HA", "registered": "HA", "dwelling": "DA"},
        RA2={"records": ["a2"], "living": "HA", "dwelling": "DA"},
        RB1={"records": ["b1"], "living": "HB"},
        RB2={"records": ["b2"], "living": "HB"},
        RC1={"records": ["c1"], "living": "HC", "dwelling": "DC"},
        RC2={"records": ["c2"], "living": "HC"},
        RC3={"records": ["c3"], "living": "HC"},
    )
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select * from golden.household order by kind, household_id") == [
        ("HA", "living", "RA1", "relation", 2, "DA"),
        ("HB", "living", "RB2", "head_name", 2, None),
        ("HC", "living", "RC2", "eldest", 2, "DC"),
        ("HA", "registered", "RA1", "relation", 1, None),
    ]
    assert world.rows(
        "select household_id, resident_id, relation from golden.household_member where kind = 'living'"
    ) == [
        ("HA", "RA1", "02"),
        ("HA", "RA2", "50"),
        ("HB", "RB1", "10"),
        ("HB", "RB2", "02"),
        ("HC", "RC1", None),
        ("HC", "RC2", "02"),
    ]


def test_a_resident_lives_where_the_golden_address_was_taken_from(world: Any) -> None:
    world.platforms(world.platform("grid"), world.platform("civil"), world.platform("health"))
    world.states("grid", {"g": {"address": FULL, "on": NEW}})
    world.states("civil", {"c": {"address": NO_ROOM.replace("5幢", "6幢") + "101室", "on": OLD}})
    world.states("health", {"h": {"name": "张伟"}})
    world.people(R1=["g", "c", "h"])
    world.con.execute(
        "update resolved.record set household_living_id = 'HX', dwelling_id = 'DX' where record_id <> 'g'"
    )
    world.con.execute(
        "update resolved.record set household_living_id = 'HG', dwelling_id = 'DG' where record_id = 'g'"
    )
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select household_living_id, dwelling_id from golden.resident") == [("HG", "DG")]


def test_a_dwelling_has_the_best_stated_address_and_counts_who_lives_there(world: Any) -> None:
    world.platforms(world.platform("grid", trust=60), world.platform("civil", trust=90))
    world.states("grid", {"g1": {"address": FULL}, "g2": {"address": FULL, "moved_out_flag": "1"}})
    world.states("civil", {"c": {"address": (NO_ROOM, "building")}})
    world.people(R1={"records": ["g1", "c"], "dwelling": "D1"}, R2={"records": ["g2"], "dwelling": "D1"})
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select * from golden.dwelling") == [("D1", FULL, 1, "g1", None)]


def test_a_dwelling_is_called_and_written_as_its_owner_lists_it_and_is_there_where_nobody_lives(
    world: Any,
) -> None:
    listed = FULL.replace("||301", "|3|301")
    world.platforms(
        world.platform("grid", trust=90), world.platform("register", trust=20, authority=("address",))
    )
    world.states("grid", {"g1": {"name": "张伟", "address": FULL}})
    world.states("register", {"a1": {"address": listed}, "a2": {"address": listed.replace("301", "302")}})
    world.people(R1={"records": ["g1"], "dwelling": "D1"})
    for record, dwelling in (("a1", "D1"), ("a2", "D2")):
        world.con.execute(
            "insert into resolved.place values ('register', ?, ?, ?)", [record.upper(), record, dwelling]
        )
    choose_values(world.con)
    build_golden(world.con)
    assert world.rows("select * from golden.dwelling") == [
        ("D1", listed, 1, "a1", "A1"),
        ("D2", listed.replace("301", "302"), 0, "a2", "A2"),
    ]
    assert world.rows("select resident_id, address from golden.resident") == [("R1", FULL)]
    world.con.execute("update resolved.place set dwelling_id = null")
    build_golden(world.con)
    assert world.rows("select * from golden.dwelling") == [("D1", FULL, 1, "g1", None)]


def _city(world: Any, order: int) -> str:
    """Forty residents on three platforms, told in an order of one's own; the checksum of what comes out."""
    dice, shuffle = random.Random(3), random.Random(order)
    exports: dict[str, dict[str, dict[str, Any]]] = {"grid": {}, "civil": {}, "health": {}}
    for person in range(40):
        for slug, rows in exports.items():
            rows[f"{slug}{person}"] = {
                "name": dice.choice(["张伟", "张炜"]),
                "sex": dice.choice("12"),
                "phone": f"1380000000{dice.randrange(3)}",
                "address": dice.choice([FULL, NO_ROOM]),
                **({"on": dice.choice([OLD, MID, NEW])} if dice.random() < 0.5 else {}),
            }
    world.platforms(*(world.platform(slug) for slug in exports))
    for night in (world.night, world.night + timedelta(days=1)):
        for slug in shuffle.sample(sorted(exports), 3):
            world.states(slug, dict(shuffle.sample(sorted(exports[slug].items()), 40)), night=night)
        for person in range(4):  # two platforms enter what contradicts each other
            exports["grid"][f"grid{person}"]["phone"] = "13900000001"
            exports["civil"][f"civil{person}"]["phone"] = "13900000002"
    people = {
        f"R{n}": {"records": [f"{slug}{n}" for slug in exports], "living": f"H{n // 3}"} for n in range(40)
    }
    world.people(**dict(shuffle.sample(sorted(people.items()), 40)))
    choose_values(world.con)
    build_golden(world.con)
    return golden_checksum(world.con)


def test_the_order_of_files_and_rows_changes_no_golden_row(
    open_world: Callable[[], AbstractContextManager[Any]],
) -> None:
    checksums = []
    for order in range(3):
        with open_world() as world:
            checksums.append(_city(world, order))
            assert world.rows("select count(*), count(distinct (resident_id, field)) from golden.value") == [
                (160, 160)
            ]
    assert len(set(checksums)) == 1


@pytest.mark.parametrize("table", ["resolved.record", *GOLDEN_TABLES])
def test_the_checksum_notices_a_row_that_is_gone_or_stands_twice(world: Any, table: str) -> None:
    _city(world, 1)
    world.con.execute("update resolved.record set dwelling_id = 'D1'")
    choose_values(world.con)
    build_golden(world.con)
    before = golden_checksum(world.con)
    world.con.execute(f"insert into {table} select * from {table} limit 2")
    doubled = golden_checksum(world.con)
    world.con.execute(f"delete from {table}")
    assert len({before, doubled, golden_checksum(world.con)}) == 3


def test_a_relation_is_told_by_the_book_and_not_by_the_door(world: Any) -> None:
    world.platforms(
        world.platform("police", household="registered"), world.platform("grid", household="living", trust=99)
    )
    world.states("police", {"p": {"relation": "20", "on": OLD}})
    world.states("grid", {"g": {"relation": "02", "on": NEW}})
    world.people(R1=["p", "g"])
    assert chosen(world, "relation") == [("20", "p", "only")]


def test_an_owner_whose_own_number_says_another_birth_date_has_no_last_word_on_it(world: Any) -> None:
    world.platforms(world.platform("police", authority=("birth_date", "id_number")), world.platform("grid"))
    world.states("police", {"p": {"birth_date": "1980-10-01", "id_number": MAN_1980}})
    world.states("grid", {"g": {"birth_date": "1980-01-01"}})
    world.people(R1=["p", "g"])
    assert chosen(world, "birth_date") == [("1980-01-01", "g", "id_number")]
