"""The small world: what platforms would be told if records belonged to others, without touching anything."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from warehouse.supposing import wanted_if


def test_a_split_takes_its_cells_with_it_and_the_world_as_it_is_gives_what_the_night_gave(
    world: Any, tmp_path: Path
) -> None:
    world.platforms(
        world.platform("civil", receives=["phone"]),
        world.platform("registry", authority=("phone",)),
        world.platform("grid"),
    )
    adult = {"birth_date": "1980-01-01"}
    world.states("civil", {"c": adult, "d": adult})
    world.states("registry", {"r": {"phone": "13800000001"}, "q": {"phone": "13800000003"}})
    world.states("grid", {"g": {"phone": "13800000003"}})
    world.people(R1=["c", "r"], R2=["d", "q"], R3=["g"])
    world.con.execute("checkpoint")
    file = tmp_path / "snapshot.duckdb"
    shutil.copy(world.site.warehouse, file)
    today = {"c": "R1", "r": "R1", "d": "R2", "q": "R2"}
    told = {(c.record_id, c.told) for c in wanted_if(file, world.night, today)}
    assert told == {("c", "13800000001"), ("d", "13800000003")}
    assert wanted_if(file, world.night, today | {"r": "R9", "q": "R8"}) == []
    merged = dict.fromkeys(today, "R1")
    assert {c.record_id for c in wanted_if(file, world.night, merged)} == {"c", "d"}
