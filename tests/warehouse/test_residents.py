"""Any id ever issued leads to the resident of today."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.ids import potential_id
from warehouse.residents import UnknownResident, resident_today


def test_an_id_of_before_a_merge_leads_to_who_holds_its_record_today(world: Any) -> None:
    key = world.site.key
    first, second = (potential_id(key, "resident", record) for record in ("a", "b"))
    world.platforms(world.platform("civil"), world.platform("grid"))
    world.states("civil", {"a": {"sex": "1"}})
    world.states("grid", {"b": {"sex": "1"}})
    world.people(**{first: ["a", "b"]})
    assert resident_today(world.con, key, first) == first
    assert resident_today(world.con, key, second) == first
    with pytest.raises(UnknownResident, match="R0"):
        resident_today(world.con, key, "R0")
