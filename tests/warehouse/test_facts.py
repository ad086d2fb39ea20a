"""The facts that SQL knows are what the files say, or said last."""

from __future__ import annotations

import pytest

from warehouse.facts import write_facts

TABLES = ("platform", "platform_field", "feed", "expressible")


@pytest.fixture
def settled(world):
    """Two platforms, each with facts in every table."""
    every = [
        world.platform("grid", feeds={"card": ("phone",)}),
        world.platform("card", feeds={"grid": ("name",)}),
    ]
    world.platforms(*every)
    return world, every


def facts(world, slug: str) -> list[list[tuple]]:
    return [
        world.rows(
            f"select * from facts.{table} where {'slug' if table == 'platform' else 'platform'} = '{slug}' order by all"
        )
        for table in TABLES
    ]


def test_a_platform_whose_file_cannot_be_read_today_keeps_what_it_said_last(settled):
    world, (grid, _) = settled
    before = facts(world, "card")
    assert all(before)
    write_facts(world.con, [grid], keep=["card"])
    assert facts(world, "card") == before


def test_a_platform_that_is_gone_leaves_no_facts(settled):
    world, (grid, _) = settled
    write_facts(world.con, [grid])
    assert facts(world, "card") == [[], [], [], []]
