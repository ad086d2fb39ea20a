"""The catalogue of defects: all there, and every one that a normaliser decides is decided as written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dedup.normalise.area import Area, Estate
from dedup.normalise.read import read

CATALOGUE = tomllib.loads(
    (Path(__file__).parents[2] / "cases" / "messiness.toml").read_text(encoding="utf-8")
)
CASES = CATALOGUE["case"]
VALUES = [(case["id"], value) for case in CASES for value in case.get("values", [])]
ESTATES = tuple(Estate(**estate) for estate in CATALOGUE["area"]["estates"])
AREA = Area(**{**CATALOGUE["area"], "estates": ESTATES})


def test_all_66_defects_are_in_the_catalogue_once_and_in_order() -> None:
    assert [case["id"] for case in CASES] == [f"M{number:02}" for number in range(1, 67)]


def test_every_defect_has_a_story_and_somebody_who_handles_it_with_something_to_test() -> None:
    for case in CASES:
        assert len(case["story"]) > 30, case["id"]
        assert case["handled_by"].split(".")[0] in {"connectors", "dedup", "warehouse", "stewardship"}, case[
            "id"
        ]
        assert case["values"] if case["handled_by"] == "dedup.normalise" else case["rows"], case["id"]


@pytest.mark.parametrize(
    ("case", "value"), VALUES, ids=[f"{case}:{value['stated']}" for case, value in VALUES]
)
def test_a_stated_value_is_read_as_the_catalogue_says(case: str, value: dict[str, Any]) -> None:
    found = read(
        value["kind"],
        value["stated"],
        numeric_cell=value.get("numeric_cell", False),
        area=AREA,
        table=value.get("table"),
        codes=value.get("codes", {}),
    )
    assert found == (value.get("key"), value["quality"]), case
