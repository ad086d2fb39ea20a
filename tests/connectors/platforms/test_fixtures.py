"""Every platform's small export is staged as it was when it was last looked at; `python -m synthetic_city.fixtures` writes both anew."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from connectors.platform import read_platforms
from synthetic_city.fixtures import FOLDER, HEADER, STAGED, small_town, staged_lines
from synthetic_city.people import Town

PLATFORMS = read_platforms()[0]


@pytest.fixture(scope="module")
def town() -> Town:
    return small_town()


def _export(slug: str) -> Path:
    (file,) = (path for path in (FOLDER / slug).iterdir() if path.name != STAGED)
    return file


def _golden(slug: str) -> list[tuple[str, ...]]:
    with (FOLDER / slug / STAGED).open(encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file)]


def test_every_platform_has_a_small_export_and_no_other_is_left() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == PLATFORMS.keys()
    assert all(_export(slug).suffix == Path(PLATFORMS[slug].export.file).suffix for slug in folders)


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_a_small_export_is_staged_as_before(slug: str, town: Town) -> None:
    found = [HEADER, *staged_lines(PLATFORMS[slug], _export(slug), town)]
    assert found == _golden(slug)


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_a_small_export_states_most_fields_of_several_people(slug: str) -> None:
    _, *lines = _golden(slug)
    stated = {line[2] for line in lines}
    assert 3 * len(PLATFORMS[slug].fields.keys() & stated) >= 2 * len(PLATFORMS[slug].fields)
    assert len({line[1] for line in lines} - {""}) >= 5
