"""Whatever way a platform writes an address, the reader finds the same dwelling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.platform import read_platforms
from dedup.normalise.read import read
from synthetic_city.addresses import full_address
from synthetic_city.dice import Dice
from synthetic_city.habits import Hand, habits_of, unused_cells
from synthetic_city.people import Town

PLATFORMS = read_platforms()[0]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 3000), seed=st.integers(0, 1000), slug=st.sampled_from(sorted(PLATFORMS)))
def test_every_way_of_writing_an_address_reads_as_the_same_dwelling(
    town: Town, place: int, seed: int, slug: str
) -> None:
    home = town.city.dwellings[place]
    stated = Hand(habits_of(slug)).address(Dice(seed, slug), home)
    full = read("address", full_address(home), area=town.city.area)
    assert full.quality == "ok"
    assert read("address", stated, area=town.city.area).key == full.key


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_every_platform_has_habits_and_its_keys_differ(slug: str) -> None:
    habits = habits_of(slug)
    assert 0 < habits.coverage <= 1
    assert (PLATFORMS[slug].export.key is None) == (habits.key == "")
    assert habits.key.format(n=1) != habits.key.format(n=2) or habits.key == ""


def test_a_platform_without_habits_of_its_own_behaves_like_the_grid_at_half_its_coverage() -> None:
    assert habits_of("brand_new").coverage == habits_of("grid").coverage / 2


def test_unused_cells_name_columns_that_some_platform_has() -> None:
    columns = {header for platform in PLATFORMS.values() for header in platform.export.columns}
    assert unused_cells().keys() <= columns
