"""The city's records as one table of raw stated values with the truth beside them: for matching without platform files.

Belongs here: the same people, habits and mistakes as a city on disk, undone from the layout of its files, and many
sources of one habit. Lives elsewhere: what a platform holds (`exports.py`), a whole city on disk (`city.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from connectors.platform import read_platforms
from connectors.write.cell import Cell
from synthetic_city.city import FIRST_NIGHT
from synthetic_city.exports import Store
from synthetic_city.files import DITTO, export_rows
from synthetic_city.outside import RAW
from synthetic_city.people import Town
from synthetic_city.settling import found_town
from synthetic_city.truth import whereabouts
from warehouse.ids import record_ids

SCHEMA = pa.schema(
    (name, pa.string())
    for name in (
        "record_id",
        "source",
        *RAW,
        "former_name",
        "person_id",
        "household_living",
        "household_registered",
    )
)
# The sources that figures are measured on: a platform added to the catalogue changes none of them.
TWELVE = (
    "actual_population", "all_population", "community_ledger", "elderly_care", "governance", "grid",
    "minimum_living", "one_table", "public_rental", "resident_points", "social_card", "veterans",
)  # fmt: skip
NEARLY_EVERYBODY = 0.98  # coverage of each of several sources of one habit
TAKEN_ANEW = 0.05  # of its records each further source of one habit writes down itself; it copies the others


class OddSources(ValueError):
    """A number of sources that the habits of `TWELVE` cannot be shared out over."""

    def __init__(self, sources: int, habits: int) -> None:
        super().__init__(
            f"{sources} sources cannot share {habits} habits evenly: take a multiple of {habits}"
        )


def stated_records(*, residents: int, seed: int, noise: float = 1.0, sources: int = 12) -> pa.Table:
    """What all sources state about a town's residents, with the truth: the columns of `SCHEMA`, ordered by record id.

    Twelve sources are the platforms of `TWELVE`, and say what their files say in a city of the same residents, seed and
    noise. With more, each platform's habits are shared by several sources that hold nearly everybody, each a copy of
    the one before with some of its records taken anew. Record ids tell nothing, so neither does the order.

    Raises:
        OddSources: not a multiple of twelve.
    """
    known, _ = read_platforms()
    platforms = {slug: known[slug] for slug in TWELVE}
    copies, odd = divmod(sources, len(platforms))
    if odd or copies < 1:
        raise OddSources(sources, len(platforms))
    town = found_town(seed, residents, FIRST_NIGHT)
    key = hashlib.sha256(f"records\x1f{seed}".encode()).digest()
    copied_from = {slug for platform in platforms.values() for slug in platform.feeds}
    feeding: dict[str, Store] = {}
    parts: list[pa.Table] = []
    for slug, platform in platforms.items():  # one at a time: a store of a million entries takes gigabytes
        store = Store(platform, seed, noise)
        if slug in copied_from:
            feeding[slug] = store
        parts += _sources(store, feeding, town, key, copies)
    return pa.concat_tables(parts).sort_by("record_id").combine_chunks()


def _sources(
    store: Store, feeding: Mapping[str, Store], town: Town, key: bytes, copies: int
) -> Iterator[pa.Table]:
    """The records of one platform, or of the several sources that share its habits."""
    slug = store.platform.slug
    if copies == 1:
        store.fill(town)
        yield _table(slug, store, feeding, town, key)
        return
    store.habits = replace(store.habits, coverage=NEARLY_EVERYBODY, among="all", unit="person")
    store.fill(town)
    for copy in range(copies):
        if copy:
            _take_anew(store, town)
        yield _table(f"{slug}-{copy + 1}", store, feeding, town, key)


def _take_anew(store: Store, town: Town) -> None:
    for entry in store.entries:
        if store.dice.chance(TAKEN_ANEW):
            store.write(town, entry, store.platform.fields)


def _table(source: str, store: Store, feeding: Mapping[str, Store], town: Town, key: bytes) -> pa.Table:
    """One source's records in the order of its file."""
    fields = store.platform.fields
    columns = [(name, fields[name].column) for name in SCHEMA.names if name in fields]
    said: dict[str, list[str | None]] = {name: [] for name, _ in columns}
    numbers: list[int] = []
    for number, cells in _persons(store, feeding):
        numbers.append(number)
        for name, header in columns:
            said[name].append(_text(cells.get(header)))
    people = [town.people[number] for number in numbers]
    wheres = {number: whereabouts(town.people[number]) for number in numbers}
    truth = {
        "person_id": [person.resident for person in people],
        "household_living": [wheres[number][0] for number in numbers],
        "household_registered": [wheres[number][1] for number in numbers],
    }
    ids = record_ids(key, source, map(str, range(len(numbers))))
    made = {"record_id": ids, "source": [source] * len(numbers), **said, **truth}
    nothing: list[str | None] = [None] * len(numbers)
    return pa.table([pa.array(made.get(name, nothing), pa.string()) for name in SCHEMA.names], schema=SCHEMA)


def _persons(store: Store, feeding: Mapping[str, Store]) -> Iterator[tuple[int, Mapping[str, Cell]]]:
    """Each person of an export with the cells that speak of the person: 同上 is what it means, a shared row is several.

    Of a row that states several people the address speaks of all of them, and anything else of the first.
    """
    name, address = (store.platform.fields[field].column for field in ("name", "address"))
    above: Cell = None
    for people, cells in export_rows(store, feeding):
        if cells.get(address) in DITTO:
            cells[address] = above
        above = cells.get(address)
        if len(people) == 1:
            yield people[0], cells
            continue
        for place, (number, alone) in enumerate(zip(people, str(cells[name]).split("、"), strict=True)):
            yield number, {**(cells if place == 0 else {address: above}), name: alone}


def _text(cell: Cell) -> str | None:
    """A cell as a table of text shows it; a number cell keeps the digits that it lost."""
    return None if cell is None or cell == "" else str(cell)
