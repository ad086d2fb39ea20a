"""Which cases two people look at."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest

from stewardship.four_eyes import looked_at_by_two, tier
from tests.stewardship.test_verdicts import case
from warehouse.site import Review


def test_every_platform_of_the_tier_is_one_that_we_know() -> None:
    known = {one.name.removesuffix(".toml") for one in resources.files("connectors.platforms").iterdir()}
    assert tier().platforms and tier().platforms.keys() <= known
    assert all(tier().platforms.values())


@pytest.mark.parametrize(
    ("platforms", "cells", "by_two"),
    [
        (("grid", "volunteers"), 3, False),
        (("grid", "resident_pension"), 0, True),
        (("grid",), tier().cells, True),
        (("grid",), tier().cells - 1, False),
    ],
)
def test_two_people_look_where_a_benefit_hangs_on_it_or_much_would_be_told(
    platforms: tuple[str, ...], cells: int, by_two: bool
) -> None:
    one = replace(case("a", "b"), platforms=platforms, cells=cells)
    assert looked_at_by_two(one, Review()) == by_two
    assert not looked_at_by_two(one, Review(four_eyes=False))
