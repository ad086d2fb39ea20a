"""A model that does not fit its data is refused by name; one that does, and small data, is let pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.fit import refuse_misfit
from dedup.link import link, resident_keys
from dedup.model import Model, ModelError, built_in
from dedup.records import RESIDENT_COLUMNS
from synthetic_city.records import stated_records

BASE = built_in("resident")


def town(residents: int, seed: int = 41, noise: float = 1.0, sources: int = 12) -> pa.Table:
    records = stated_records(residents=residents, seed=seed, noise=noise, sources=sources)
    return records.select(["record_id", *RESIDENT_COLUMNS]).sort_by("record_id")


@pytest.fixture(scope="module")
def records() -> pa.Table:
    return town(1200)


@pytest.fixture(scope="module")
def keys(records: pa.Table) -> pa.Table:
    return resident_keys(records, BASE)


def with_points(comparison: str, points: Mapping[str, float]) -> Model:
    comparisons = tuple(
        replace(
            one,
            levels={
                name: replace(level, points=points.get(name, level.points))
                for name, level in one.levels.items()
            },
        )
        if one.name == comparison
        else one
        for one in BASE.comparisons
    )
    return replace(BASE, name="own", comparisons=comparisons)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (with_points("birth_date", {"equal": -5.5, "differ": 14.0}), "birth_date 说反了"),
        (with_points("sex", {"equal": -6.0, "differ": 0.9}), "sex 说反了"),
        (with_points("sex", {"equal": 0.0, "differ": 0.0}), "sex 分不出"),
        (with_points("contact", {"estate": 20.0}), "住址到小区一致.*20"),
        (with_points("name", {"homophone_long": -12.0}), "姓名同音.*-12"),
        (with_points("id_number", {"conflict": 25.0}), "两个可靠的身份证号不同.*25"),
        (replace(BASE, name="own", link=60.0), "归并阈值 link = \\+60.0"),
        (replace(BASE, name="own", link=-20.0, review=-21.0), "归并阈值 link = -20.0 太低"),
        (replace(BASE, name="own", review=-60.0), "复核阈值 review = -60.0"),
        (replace(BASE, name="own", prior=-2.0), "先验 prior = -2.0"),
        (replace(BASE, name="own", prior=-60.0), "先验 prior = -60.0"),
    ],
)
def test_each_misfit_is_named(keys: pa.Table, model: Model, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        refuse_misfit(keys, model)


def test_a_misfitting_model_writes_nothing(records: pa.Table, tmp_path: Path) -> None:
    pq.write_table(records, tmp_path / "in.parquet")
    with pytest.raises(ModelError, match="没有运行"):
        link(
            with_points("birth_date", {"equal": -5.5, "differ": 14.0}),
            tmp_path / "in.parquet",
            tmp_path / "out.parquet",
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize("noise", [1.0, 4.0])
@pytest.mark.parametrize(("residents", "sources"), [(300, 12), (300, 60), (1500, 12)])
def test_the_built_in_model_fits_a_village_and_a_town(residents: int, sources: int, noise: float) -> None:
    refuse_misfit(resident_keys(town(residents, seed=42, noise=noise, sources=sources), BASE), BASE)


def test_columns_that_nobody_fills_are_no_misfit(records: pa.Table) -> None:
    without = records
    for name in ("sex", "phone", "address"):
        place = without.column_names.index(name)
        without = without.set_column(place, name, pa.nulls(len(records), pa.string()))
    refuse_misfit(resident_keys(without, BASE), BASE)


def test_small_data_is_not_judged(keys: pa.Table) -> None:
    refuse_misfit(keys.slice(0, 150), with_points("birth_date", {"equal": -5.5, "differ": 14.0}))
