"""Whatever way a platform writes an address, the reader finds the same dwelling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.platform import read_platforms
from dedup.normalise.read import read
from synthetic_city.addresses import full_address
from synthetic_city.among import GROUPS
from synthetic_city.dice import Dice
from synthetic_city.habits import Hand, _pages, habits_of, unused_cells
from synthetic_city.people import Town

PLATFORMS = read_platforms()[0]
TOLD_BY_STORE = {
    "all",
    "over_60",
    "adults",
    "with_phone",
    "families",
}  # groups that `exports.py` knows itself


@settings(max_examples=60)
@given(place=st.integers(0, 3000), seed=st.integers(0, 1000), slug=st.sampled_from(sorted(PLATFORMS)))
def test_every_way_of_writing_an_address_reads_as_the_same_dwelling(
    town: Town, place: int, seed: int, slug: str
) -> None:
    home = town.city.dwellings[place]
    stated = Hand(habits_of(PLATFORMS[slug])).address(Dice(seed, slug), home)
    full = read("address", full_address(home), area=town.city.area)
    assert full.quality == "ok"
    assert read("address", stated, area=town.city.area).key == full.key


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_every_platform_has_habits_and_its_keys_differ(slug: str) -> None:
    habits = habits_of(PLATFORMS[slug])
    assert 0 < habits.coverage <= 1
    assert (PLATFORMS[slug].export.key is None) == (habits.key == "")
    assert habits.key.format(n=1) != habits.key.format(n=2) or habits.key == ""


def test_a_platform_without_a_line_of_its_own_has_the_common_ways_and_the_shape_its_file_states() -> None:
    book = replace(PLATFORMS["governance"], slug="brand_new")
    habits = habits_of(book)
    assert (habits.key, habits.household, habits.unit) == ("BN{n:08d}", "registered", "household")
    assert habits.coverage == habits_of(replace(book, household="living")).coverage


def test_every_line_belongs_to_a_platform_and_names_a_group_that_exists() -> None:
    briefs = _pages()["brief"]
    assert briefs.keys() <= PLATFORMS.keys()
    assert {line["among"] for line in briefs.values() if "among" in line} <= GROUPS.keys() | TOLD_BY_STORE


def test_unused_cells_name_columns_that_some_platform_has() -> None:
    columns = {header for platform in PLATFORMS.values() for header in platform.export.columns}
    assert unused_cells().keys() <= columns
