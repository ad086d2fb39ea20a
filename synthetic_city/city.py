"""A whole synthetic city on disk: a site, what every platform exports each night, and the truth.

Belongs here: the order of the steps. Lives elsewhere: every step (`settling.py` people, `exports.py` what platforms
hold, `places.py` what those hold that list nobody, `events.py` the nights, `files.py` files, `truth.py` truth, `outside.py` people who come
from a file).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from connectors.platform import Platform, read_platforms
from dedup.normalise.area import Area
from synthetic_city import addresses, truth
from synthetic_city.dice import Dice
from synthetic_city.events import Event, correct, live_a_night, tell
from synthetic_city.exports import Store
from synthetic_city.files import file_name, write_store
from synthetic_city.outside import Outsider, deal, read_people, take_in
from synthetic_city.people import Person, Town
from synthetic_city.places import write_places
from synthetic_city.readback import keys_by_place
from synthetic_city.settling import found_town
from warehouse.ids import record_ids
from warehouse.site import Site, create_site

FIRST_NIGHT = date(2026, 11, 16)


class NoSuchPlatform(ValueError):
    """A platform that was asked for and is not in the catalogue."""

    def __init__(self, unknown: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(f"没有平台 {'、'.join(unknown)}。可选的平台：{'、'.join(known)}")


@dataclass(frozen=True, slots=True)
class CitySummary:
    """What was made: for a person to read and a test to check."""

    root: Path
    residents: int
    nights: tuple[date, ...]
    records: dict[str, int]  # of the last night, by platform
    events: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a city is made of: the same recipe, the same people and the same platforms. It lies in `truth/recipe.json`."""

    residents: int
    seed: int
    noise: float
    platforms: tuple[str, ...]
    nights: int = 1

    def write(self, site: Site) -> None:
        """Leave it with the truth, so that `live` can go on from the first night."""
        (site.truth / "recipe.json").write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")


def read_recipe(site: Site) -> Recipe | None:
    """The recipe of a city; None: the site is none, or its people came from a file."""
    file = site.truth / "recipe.json"
    if not file.exists():
        return None
    stated = json.loads(file.read_text(encoding="utf-8"))
    return Recipe(**{**stated, "platforms": tuple(stated["platforms"])})


def found(recipe: Recipe) -> tuple[Town, dict[str, Store]]:
    """The people of a city on its first night, and what each platform that lists people holds of them."""
    known, _ = read_platforms()
    town = found_town(recipe.seed, recipe.residents, FIRST_NIGHT)
    stores = _empty({slug: known[slug] for slug in recipe.platforms}, recipe.seed, recipe.noise)
    for store in stores.values():
        store.fill(town)
    return town, stores


def _empty(platforms: Mapping[str, Platform], seed: int, noise: float) -> dict[str, Store]:
    return {slug: Store(one, seed, noise) for slug, one in platforms.items() if one.about == "person"}


def places_of(recipe: Recipe) -> list[Platform]:
    """The platforms that list no people."""
    known, _ = read_platforms()
    return [known[slug] for slug in recipe.platforms if known[slug].about != "person"]


def make_city(
    root: Path,
    *,
    residents: int = 5000,
    nights: int = 1,
    seed: int = 7,
    platforms: Sequence[str] | None = None,
    noise: float = 1.0,
    people: Path | None = None,
) -> CitySummary:
    """Make a site in `root` with the exports of so many nights and the truth about them; same arguments, same city.

    `people`: a parquet file with people and what each source says of them; residents, noise and later nights are then
    the file's own affair, and one night is made.

    Raises:
        NoSuchPlatform: a slug that is not in the catalogue.
        NotPeople: the file of people cannot be used.
    """
    chosen = chosen_platforms(platforms)
    if people is not None:
        return _city_of_others(root, people, _empty(chosen, seed, noise), seed)
    recipe = Recipe(residents, seed, noise, tuple(chosen), nights)
    town, stores = found(recipe)
    site = create_site(root, name="合成城市", area=town.city.area, seed=seed)
    recipe.write(site)
    return _nights(site, town, stores, places_of(recipe), nights, Dice(seed, "events"))


def chosen_platforms(asked: Sequence[str] | None) -> dict[str, Platform]:
    """The platforms asked for; None: all of the catalogue."""
    known, _ = read_platforms()
    if asked is None:
        return known
    unknown = [slug for slug in asked if slug not in known]
    if unknown:
        raise NoSuchPlatform(unknown, list(known))
    return {slug: known[slug] for slug in known if slug in asked}


def _nights(
    site: Site, town: Town, stores: dict[str, Store], places: Sequence[Platform], nights: int, dice: Dice
) -> CitySummary:
    records: list[tuple[object, ...]] = []
    listed: list[tuple[object, ...]] = []
    people: list[tuple[object, ...]] = []
    events: list[Event] = []
    pending: list[tuple[date, Store, Event]] = []
    counts: dict[str, int] = {}
    for turn in range(nights):
        if turn:
            happened = live_a_night(dice, town)
            tell(list(stores.values()), town, happened, pending)
            events += happened + [event for store in stores.values() for event in correct(store, town)]
        for slug, store in stores.items():
            written = write_export(site, store, stores, town.today)
            rows = truth.record_rows(town.today, slug, *written.of(town))
            counts[slug] = len(rows)
            records += rows
        for platform in places:
            rows = write_places(site, platform, town)
            counts[platform.slug] = len(rows)
            listed += rows
        people += truth.resident_rows(town.today, town)
    truth.write_table(records, truth.RECORDS, site.truth / "records.parquet")
    truth.write_table(listed, truth.PLACES, site.truth / "places.parquet")
    truth.write_table(people, truth.resident_schema(), site.truth / "residents.parquet")
    truth.write_table(truth.event_rows(town, events), truth.EVENTS, site.truth / "events.parquet")
    made = tuple(FIRST_NIGHT + timedelta(days=turn) for turn in range(nights))
    return CitySummary(site.root, len(people) // max(nights, 1), made, counts, len(events))


class Written(NamedTuple):
    """The records of an export: source key, record id and person of each."""

    keys: list[str]
    ids: list[str]
    people: list[int]

    def of(self, town: Town) -> tuple[list[str], list[str], list[Person]]:
        """The same with the people themselves."""
        return self.keys, self.ids, [town.people[one] for one in self.people]


def write_export(site: Site, store: Store, stores: dict[str, Store], night: date) -> Written:
    """Write one platform's export of one night into the inbox."""
    platform = store.platform
    if not store.entries:
        return Written([], [], [])  # a platform that holds nobody exports nothing
    rows = write_store(store, stores, site.inbox, night)
    if platform.export.key is None:
        path = site.inbox / night.isoformat() / platform.slug / file_name(platform, night)
        placed = keys_by_place(site, platform, path, night, rows)
        return Written(*(list(column) for column in zip(*placed, strict=True)))
    keys = [entry.key for entry in store.entries]
    return Written(keys, record_ids(site.key, platform.slug, keys), [entry.person for entry in store.entries])


def _city_of_others(root: Path, people: Path, stores: dict[str, Store], seed: int) -> CitySummary:
    """A city whose people, and what is said of them, come from a file."""
    sources = read_people(people)
    dealt = deal(sources, {slug: store.platform for slug, store in stores.items()})
    site = create_site(root, name="外来数据城市", area=Area(**addresses.facts()["area"]), seed=seed)
    records: list[tuple[object, ...]] = []
    counts: dict[str, int] = {}
    for slug, outsiders in dealt.items():
        take_in(stores[slug], outsiders, FIRST_NIGHT)
        keys, ids, places = write_export(site, stores[slug], {}, FIRST_NIGHT)
        counts[slug] = len(keys)
        records += [
            (FIRST_NIGHT, slug, key, record, who.person, who.household, who.household, None)
            for key, record, who in zip(keys, ids, (outsiders[place] for place in places), strict=True)
        ]
    everybody = {who.person: who for outsiders in dealt.values() for who in outsiders}
    truth.write_table(records, truth.RECORDS, site.truth / "records.parquet")
    truth.write_table(_strangers(everybody), truth.resident_schema(), site.truth / "residents.parquet")
    truth.write_table([], truth.EVENTS, site.truth / "events.parquet")
    return CitySummary(site.root, len(everybody), (FIRST_NIGHT,), counts, 0)


def _strangers(everybody: dict[str, Outsider]) -> list[tuple[object, ...]]:
    """Of people from outside only the households are known to be true."""
    unknown = [None] * (len(truth.resident_schema()) - 5)
    return [
        (FIRST_NIGHT, person, *unknown, who.household, who.household, None)
        for person, who in everybody.items()
    ]
