"""Whose phone changed lately: each two records are asked about once, whichever of them let go of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from stewardship.sql import select
from tests.warehouse.conftest import AREA, NIGHT, World, platform
from warehouse.site import create_site
from warehouse.store import given, open_store, rebuild

OLD, NEW = "13500000007", "13500000008"
NAME = "钱思远"
Export = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    site = create_site(tmp_path / "site", name="望江街道", area=AREA, seed=7)
    with open_store(site) as con:
        made = World(site, con)
        made.platforms(platform("grid", title="网格"), platform("civil", title="民政"))
        yield made


def nights(world: World, *exports: Mapping[str, Export]) -> None:
    """These exports night by night; every record is a resident of its own."""
    for passed, export in enumerate(exports):
        for slug, rows in export.items():
            world.states(slug, rows, night=NIGHT + timedelta(days=passed))
    rebuild(world.con, "staged.echo")
    records = [record for (record,) in world.rows("select distinct record_id from staged.record")]
    world.people(**{f"R{record}": [record] for record in records})


def asked(
    world: World, *, lately: int = 30, already: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str, str, str]]:
    columns = {"left": [one for one, _ in already], "right": [other for _, other in already]}
    rows = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    with given(world.con, "already", rows):
        return world.con.execute(select("changed"), {"nights": lately}).fetchall()


def says(phone: str, name: str = NAME) -> dict[str, str]:
    return {"name": name, "phone": phone}


def day(passed: int) -> str:
    found: date = NIGHT + timedelta(days=passed)
    return found.isoformat()


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("b", "a")])
def test_two_records_are_asked_about_once_also_when_they_swapped_their_phones(
    world: World, one: str, other: str
) -> None:
    nights(
        world,
        {"grid": {one: says(OLD)}, "civil": {other: says(NEW)}},
        {"grid": {one: says(NEW)}},
        {"civil": {other: says(OLD)}},
    )
    assert asked(world) == [("a", "b", day(2), "民政")]  # of the one that changed last


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("b", "a")])
def test_the_smaller_record_stands_left_whichever_changed_and_nobody_asks_twice(
    world: World, one: str, other: str
) -> None:
    nights(world, {"grid": {one: says(OLD)}, "civil": {other: says(OLD)}}, {"grid": {one: says(NEW)}})
    assert asked(world) == [("a", "b", day(1), "网格")]
    assert asked(world, already=[("a", "b")]) == asked(world, already=[("b", "a")]) == []


@pytest.mark.parametrize(("lately", "times"), [(0, 1), (-1, 0)])
def test_only_what_changed_lately_is_asked_about(world: World, lately: int, times: int) -> None:
    nights(world, {"grid": {"a": says(OLD)}, "civil": {"b": says(OLD)}}, {"grid": {"a": says(NEW)}})
    assert len(asked(world, lately=lately)) == times


@pytest.mark.parametrize(("before", "times"), [(NAME, 1), ("孙茂才", 0)])
def test_a_phone_speaks_for_the_name_only_that_stood_beside_it(world: World, before: str, times: int) -> None:
    nights(world, {"grid": {"a": says(OLD, before)}, "civil": {"b": says(OLD)}}, {"grid": {"a": says(NEW)}})
    assert len(asked(world)) == times
