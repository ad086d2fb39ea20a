"""From night to night people change, and platforms hear of it in their own time."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from connectors.platform import read_platforms
from synthetic_city.city import FIRST_NIGHT, CitySummary, make_city
from synthetic_city.dice import Dice
from synthetic_city.events import Event, live_a_night, tell
from synthetic_city.exports import Store
from synthetic_city.records import TWELVE
from synthetic_city.settling import found_town

NIGHTS = 6


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> CitySummary:
    return make_city(
        tmp_path_factory.mktemp("nights") / "site", residents=3000, nights=NIGHTS, seed=5, platforms=TWELVE
    )


def _truth(city: CitySummary, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(city.root / "truth" / f"{name}.parquet").to_pylist()
    return rows


def test_each_night_has_complete_files_and_its_own_truth(nights: CitySummary) -> None:
    assert nights.nights == tuple(FIRST_NIGHT + timedelta(days=turn) for turn in range(NIGHTS))
    counts: dict[Any, int] = defaultdict(int)
    for row in _truth(nights, "records"):
        counts[row["platform"], row["night"]] += 1
    for platform in {slug for slug, _ in counts}:
        held = [counts[platform, night] for night in nights.nights]
        assert min(held) > 0.97 * max(held)


def test_a_platform_key_stays_with_its_person(nights: CitySummary) -> None:
    owner: dict[tuple[str, str], str] = {}
    for row in _truth(nights, "records"):
        if not row["source_key"].startswith("#"):
            assert owner.setdefault((row["platform"], row["source_key"]), row["resident"]) == row["resident"]


def test_what_an_event_says_is_the_truth_of_that_night(nights: CitySummary) -> None:
    truth = {(row["night"], row["resident"]): row for row in _truth(nights, "residents")}
    kinds = set()
    for event in _truth(nights, "events"):
        kinds.add(event["event"])
        now = truth[event["night"], event["resident"]]
        before = truth.get((event["night"] - timedelta(days=1), event["resident"]))
        match event["event"]:
            case "phone":
                assert now["phone"] == event["after"]
            case "move":
                assert before is None or now["dwelling"] != before["dwelling"]
            case "death":
                assert now["death_flag"] == "1"
            case "birth" | "move_in":
                assert before is None
            case "move_out":
                assert now["dwelling"] is None
    assert kinds >= {"phone", "move", "birth", "death", "marriage", "correction"}


def test_nothing_changes_without_an_event(nights: CitySummary) -> None:
    touched = {(event["night"], event["resident"]) for event in _truth(nights, "events")}
    phones: dict[str, Any] = {}
    for row in _truth(nights, "residents"):
        if phones.setdefault(row["resident"], row["phone"]) != row["phone"]:
            assert (row["night"], row["resident"]) in touched
            phones[row["resident"]] = row["phone"]


def test_a_platform_hears_of_a_new_phone_after_its_delay() -> None:
    town = found_town(5, 800, FIRST_NIGHT)
    store = Store(read_platforms()[0]["grid"], 5, 0.0)
    store.fill(town)
    column = store.platform.fields["phone"].column
    entry = next(
        one for one in store.entries if one.cells[column] == town.people[one.person].phone is not None
    )
    person = town.people[entry.person]
    person.before["phone"], person.phone = person.phone, "13912345678"
    event = Event(town.today, person.number, "phone", "phone", None, "13912345678")
    pending = [(town.today + timedelta(days=2), store, event)]
    tell([], town, [], pending)
    assert entry.cells[column] != "13912345678"
    town.today += timedelta(days=2)
    for _ in range(5):  # a phone may be left out; the clerk asks again
        tell([], town, [], [(town.today, store, event)])
    assert entry.cells[column] in ("13912345678", None)
    assert entry.updated == town.today


def test_whoever_moves_leaves_the_old_dwelling() -> None:
    town = found_town(5, 1500, FIRST_NIGHT)
    dice = Dice(5, "events")
    homes = {person.number: person.home for person in town.people}
    moved = [event for _ in range(8) for event in live_a_night(dice, town) if event.event == "move"]
    assert moved
    for event in moved:
        assert town.people[event.person].home != homes[event.person]


def test_the_city_of_several_nights_is_written_where_the_clerk_looks(nights: CitySummary) -> None:
    for night in nights.nights:
        folder: Path = nights.root / "inbox" / night.isoformat() / "grid"
        assert [path.name for path in folder.iterdir()] == [f"grid-{night:%Y%m%d}.xlsx"]
