"""What a person settled of golden values: which pins stand, and when one holds no more."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import Any

import pytest

from warehouse.golden import choose_values
from warehouse.ledger import open_ledger
from warehouse.pins import load_pins, pin, pins, unpin
from warehouse.site import Site

NIGHT, UNTIL = date(2026, 3, 1), date(2026, 6, 1)
ME = {"by": "李主任", "because": "打电话问过本人"}
OLD, NEW = "13800000001", "13800000002"


def phone(world: Any) -> list[tuple[Any, ...]]:
    choose_values(world.con)
    return world.rows("select resident_id, value, rule from golden.value where field = 'phone' order by all")


def test_a_pin_outweighs_the_owner_while_its_time_is_not_over(world: Any, site: Site) -> None:
    world.platforms(world.platform("registry", authority=("phone",)), world.platform("grid"))
    world.states("registry", {"r": {"phone": OLD}})
    world.states("grid", {"g": {"phone": NEW}})
    world.people(R1=["r", "g"])
    with open_ledger(site) as ledger:
        pin(ledger, "g", "phone", NEW, until=UNTIL, **ME)
        assert load_pins(world.con, ledger, NIGHT) == []
        assert phone(world) == [("R1", NEW, "pin")]
        load_pins(world.con, ledger, UNTIL + timedelta(days=1))
        assert phone(world) == [("R1", OLD, "authority")]


def test_a_pin_ends_with_the_value_that_somebody_looked_at_and_is_told_as_stale(
    world: Any, site: Site
) -> None:
    world.platforms(world.platform("registry", authority=("phone",)), world.platform("grid"))
    world.states("registry", {"r": {"phone": OLD}})
    world.states("grid", {"g": {"phone": NEW}})
    world.people(R1=["r", "g"])
    with open_ledger(site) as ledger:
        line = pin(ledger, "g", "phone", NEW, until=UNTIL, **ME)
        world.states("grid", {"g": {"phone": "13800000003"}}, night=NIGHT + timedelta(days=1))
        assert [one.line for one in load_pins(world.con, ledger, NIGHT + timedelta(days=1))] == [line]
        assert phone(world) == [("R1", OLD, "authority")]


def test_a_pin_stays_with_its_record_and_two_under_one_roof_settle_nothing(world: Any, site: Site) -> None:
    world.platforms(world.platform("registry"), world.platform("grid"))
    world.states("registry", {"r": {"phone": OLD}})
    world.states("grid", {"g": {"phone": NEW}})
    world.people(R1=["r"], R2=["g"])
    with open_ledger(site) as ledger:
        pin(ledger, "r", "phone", OLD, until=UNTIL, **ME)
        pin(ledger, "g", "phone", NEW, until=UNTIL, **ME)
        load_pins(world.con, ledger, NIGHT)
    assert phone(world) == [("R1", OLD, "pin"), ("R2", NEW, "pin")]
    world.people(R1=["r", "g"])
    ((_, _, rule),) = phone(world)
    assert rule != "pin"


def test_of_one_record_and_field_the_latest_counts_and_what_was_taken_back_stands_no_more(site: Site) -> None:
    with open_ledger(site) as ledger:
        first, second = (pin(ledger, "g", "phone", value, until=UNTIL, **ME) for value in (OLD, NEW))
        assert [one.line for one in pins(ledger)] == [second]
        unpin(ledger, second, **ME)
        assert [one.line for one in pins(ledger)] == [first]
        unpin(ledger, first, **ME)
        with pytest.raises(LookupError):
            unpin(ledger, first, **ME)


def test_no_value_of_a_person_stands_in_the_chain(site: Site) -> None:
    with open_ledger(site) as ledger:
        pin(ledger, "g", "phone", NEW, until=UNTIL, **ME)
        assert ledger.verify() is None
    with sqlite3.connect(site.ledger) as con:
        chain = str(
            con.execute("select body from line").fetchall() + con.execute("select * from cell").fetchall()
        )
    assert not [text for text in (NEW, "本人") if text in chain]
