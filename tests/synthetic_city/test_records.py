"""Records without files: what a city's files would say, whose it is, and nothing that gives the truth away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import sqrt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from connectors.land.cells import write_cells
from connectors.platform import read_platforms
from connectors.read import read_export
from connectors.stage import stage
from synthetic_city.city import FIRST_NIGHT, CitySummary
from synthetic_city.outside import RAW
from synthetic_city.records import SCHEMA, TWELVE, OddSources, stated_records
from warehouse.site import read_site

PLATFORMS = read_platforms()[0]
SAID = ("name", "id_number", "address", "phone")


@pytest.fixture(scope="module")
def records() -> pa.Table:
    """Of the same residents and seed as the `city` on disk."""
    return stated_records(residents=5000, seed=7)


@pytest.mark.parametrize(
    "slug", ["grid", "all_population", "one_table", "community_ledger", "minimum_living"]
)
def test_they_say_what_the_files_of_the_same_city_say(
    records: pa.Table, city: CitySummary, slug: str, tmp_path: Path
) -> None:
    ours = Counter(
        (row["person_id"], *_said(row))
        for row in records.filter(pc.equal(records["source"], slug)).to_pylist()
    )
    read = _read_back(city, slug, tmp_path / "cells.parquet")
    assert read <= ours
    assert read.total() > 0.98 * ours.total()  # the reader takes out rows whose people it cannot tell apart


def _said(row: Mapping[str, str | None]) -> Iterator[str | None]:
    """What is compared; whether 13800138000.0 shows its fraction is an affair of the file format."""
    for name in SAID:
        value = row.get(name)
        yield value.removesuffix(".0") if value else None


def _read_back(city: CitySummary, slug: str, cells: Path) -> Counter[tuple[str | None, ...]]:
    """Each record of a platform's file: whose it is, and what it says."""
    site = read_site(city.root)
    (file,) = (site.inbox / FIRST_NIGHT.isoformat() / slug).iterdir()
    write_cells(read_export(file, PLATFORMS[slug].export), cells)
    staged = stage(PLATFORMS[slug], cells, area=site.area, key=site.key, source=file.name, night=FIRST_NIGHT)
    said: dict[str, dict[str, str | None]] = {}
    for claim in staged.claims.to_pylist():
        said.setdefault(claim["record_id"], {})[claim["field"]] = claim["stated"]
    truth = pq.read_table(city.root / "truth" / "records.parquet").to_pylist()
    return Counter(
        (row["resident"], *_said(said[row["record_id"]])) for row in truth if row["platform"] == slug
    )


def test_households_are_those_of_the_truth(records: pa.Table, city: CitySummary) -> None:
    names = ("household_living", "household_registered")
    truth = pq.read_table(city.root / "truth" / "residents.parquet", columns=["resident", *names]).to_pylist()
    known = {row["resident"]: tuple(row[name] for name in names) for row in truth}
    assert all(known[row["person_id"]] == tuple(row[name] for name in names) for row in records.to_pylist())


def test_every_record_has_an_id_of_its_own(records: pa.Table) -> None:
    assert records.schema == SCHEMA
    assert pc.count_distinct(records["record_id"]).as_py() == len(records)


def test_the_order_of_the_records_tells_nothing_about_people(records: pa.Table) -> None:
    people = [int(name[1:]) for name in records["person_id"].to_pylist()]
    neighbours = sum(one == other for one, other in pairwise(people))
    sizes = Counter(people).values()
    by_chance = sum(size * (size - 1) for size in sizes) / len(people)
    assert abs(neighbours - by_chance) <= 4 * sqrt(by_chance)


def test_the_same_seed_gives_the_same_records_and_another_seed_other_people() -> None:
    one = stated_records(residents=200, seed=3)
    assert one.equals(stated_records(residents=200, seed=3))
    other = stated_records(residents=200, seed=4)
    assert not set(one["record_id"].to_pylist()) & set(other["record_id"].to_pylist())
    assert set(one["name"].to_pylist()) != set(other["name"].to_pylist())


def test_more_noise_is_more_ways_to_write_one_person(records: pa.Table) -> None:
    assert _spellings(stated_records(residents=5000, seed=7, noise=4.0)) > 2 * _spellings(records)


def _spellings(records: pa.Table) -> float:
    """Names that one person goes by, beyond the first, for each person."""
    names = {(row["person_id"], row["name"]) for row in records.select(["person_id", "name"]).to_pylist()}
    people = pc.count_distinct(records["person_id"]).as_py()
    return len(names) / people - 1


def test_sixty_sources_hold_nearly_everybody_and_mostly_repeat_each_other() -> None:
    records = stated_records(residents=300, seed=5, sources=60)
    sizes = Counter(records["source"].to_pylist())
    people = pc.count_distinct(records["person_id"]).as_py()
    assert len(sizes) == 60
    assert all(0.9 * people <= size <= 1.05 * people for size in sizes.values())
    one, next_one = (_rows(records, f"grid-{number}") for number in (1, 2))
    repeated = (one & next_one).total() / one.total()
    assert 0.9 < repeated < 1


def _rows(records: pa.Table, source: str) -> Counter[tuple[str | None, ...]]:
    said = records.filter(pc.equal(records["source"], source)).select(["person_id", *RAW]).to_pylist()
    return Counter(tuple(row.values()) for row in said)


@pytest.mark.parametrize("sources", [0, 5, 13, -12])
def test_sources_that_cannot_share_the_habits_are_refused(sources: int) -> None:
    with pytest.raises(OddSources, match="multiple of 12"):
        stated_records(residents=100, seed=1, sources=sources)


def test_platforms_beside_the_twelve_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = stated_records(residents=200, seed=3)
    twelve = {slug: PLATFORMS[slug] for slug in TWELVE}
    monkeypatch.setattr("synthetic_city.records.read_platforms", lambda: (twelve, {}))
    assert stated_records(residents=200, seed=3).equals(everything)
