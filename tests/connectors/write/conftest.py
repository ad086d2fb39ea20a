"""Reading a written file back the way a night does: the platform's reader, landing's cells, staging."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.land.cells import keep_cells
from connectors.platform import Platform
from connectors.stage import stage
from dedup.normalise.area import Area

AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
NIGHT = date(2026, 11, 23)
ReadBack = Callable[[Platform, Path], list[dict[str, tuple[str, str]]]]


@pytest.fixture(scope="session")
def read_back() -> ReadBack:
    """What is staged of a file, person by person in its order: field -> (stated, key); `""` holds the source key."""
    return _read_back


def _read_back(platform: Platform, path: Path) -> list[dict[str, tuple[str, str]]]:
    small = replace(platform, export=replace(platform.export, rows=(0, 1000)))
    staged = stage(small, _landed(path, small), area=AREA, key=b"k" * 32, source=path.name, night=NIGHT)
    assert staged.quarantined == 0
    records = sorted(staged.records.to_pylist(), key=lambda record: (record["row"], record["part"]))
    people: dict[str, dict[str, tuple[str, str]]] = {
        record["record_id"]: {"": (record["source_key"], "")} for record in records
    }
    for claim in staged.claims.to_pylist():
        if claim["key"] is not None:
            people[claim["record_id"]][claim["field"]] = (claim["stated"], claim["key"])
    return list(people.values())


def _landed(path: Path, platform: Platform) -> Path:
    cells = path.with_suffix(".cells.parquet")
    keep_cells(path, platform, cells)
    return cells
