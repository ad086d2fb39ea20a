"""A small export of every platform and what staging makes of it, kept beside the tests: a change of either shows as a diff.

    python -m synthetic_city.fixtures [SLUG ...]      writes tests/connectors/platforms/<slug>/ anew

Belongs here: which people stand in the small export, and the table of what is staged of it.
Lives elsewhere: what a platform holds and how it writes it (`exports.py`, `files.py`), the test that reads them
(`tests/connectors/platforms`).
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from connectors.land.cells import keep_cells
from connectors.platform import Platform, read_platforms
from connectors.stage import Staged, stage
from connectors.write import write_export
from connectors.write.cell import Cell
from synthetic_city.city import FIRST_NIGHT
from synthetic_city.exports import Entry, Store
from synthetic_city.files import fitted_rows
from synthetic_city.people import Town
from synthetic_city.places import place_rows
from synthetic_city.settling import found_town

FOLDER = Path(__file__).parent.parent / "tests" / "connectors" / "platforms"
STAGED = "staged.csv"
HEADER = ("row", "source_key", "field", "stated", "key", "quality")
PEOPLE = 10  # or places, in one small export; a household is not torn apart
SEED = 20
RESIDENTS = 3000
_KEY = b"fixture".ljust(32, b".")
_NEARLY_ALL = 0.9  # of a group: a platform of few people still fills its small export


def write_fixture(platform: Platform, town: Town, folder: Path) -> None:
    """Write `export.<ext>` and `staged.csv` of one platform, in place of what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    path = folder / f"export{Path(platform.export.file).suffix}"
    rows = _people(platform, town) if platform.about == "person" else place_rows(platform, town.city)[:PEOPLE]
    write_export(platform, rows, path)
    with (folder / STAGED).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([HEADER, *staged_lines(platform, path, town)])


def _people(platform: Platform, town: Town) -> list[dict[str, Cell]]:
    """Rows of the first people that a platform holds."""
    store = Store(platform, SEED, 1.0)
    store.habits = replace(store.habits, coverage=_NEARLY_ALL)
    store.fill(town)
    store.entries = _first(store.entries)
    return fitted_rows(store, {})


def staged_lines(platform: Platform, path: Path, town: Town) -> Iterator[tuple[str, ...]]:
    """Every claim of an export in the order of its rows: where it stands, whose it is, as stated and as understood."""
    staged = _staged(platform, path, town)
    keys = {record["record_id"]: record for record in staged.records.to_pylist()}
    order = {name: place for place, name in enumerate(platform.fields)}
    lines = [
        (
            (keys[claim["record_id"]]["row"], keys[claim["record_id"]]["part"], order[claim["field"]]),
            (keys[claim["record_id"]]["source_key"], claim["field"], claim["stated"], claim["key"] or ""),
            claim["quality"],
        )
        for claim in staged.claims.to_pylist()
    ]
    for (row, _, _), cells, quality in sorted(lines):
        yield (str(row), *cells, quality)
    for put_aside in staged.quarantine.to_pylist():
        yield (str(put_aside["row"]), "", "", put_aside["stated"], "", put_aside["reason"])


def _staged(platform: Platform, path: Path, town: Town) -> Staged:
    with tempfile.TemporaryDirectory() as folder:
        cells = Path(folder) / "cells.parquet"
        keep_cells(path, platform, cells)
        return stage(platform, cells, area=town.city.area, key=_KEY, source=path.name, night=FIRST_NIGHT)


def _first(entries: Sequence[Entry]) -> list[Entry]:
    last = entries[:PEOPLE][-1].household
    return [entry for at, entry in enumerate(entries) if at < PEOPLE or entry.household == last][: PEOPLE + 5]


def small_town() -> Town:
    """The town whose people stand in the small exports."""
    return found_town(SEED, RESIDENTS, FIRST_NIGHT)


def main(asked: Sequence[str]) -> None:
    """Write the fixtures of these platforms, or of all."""
    platforms, town = read_platforms()[0], small_town()
    for slug in asked or platforms:
        write_fixture(platforms[slug], town, FOLDER / slug)


if __name__ == "__main__":
    main(sys.argv[1:])
