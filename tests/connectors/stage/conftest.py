"""Staging rows given as lists of cells, without the trouble of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date as Day

import pytest
from pages import HEAD

from connectors.land.cells import write_cells
from connectors.platform import Platform, read_platform
from connectors.read.sheet import Reading, Row, Sheet, text_row
from connectors.stage import Staged, stage
from dedup.normalise.area import Area
from warehouse.overrides import Override

NIGHT = Day(2026, 11, 1)
AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
EXPORT = """
[export]
format = "xlsx"
file = "*.xlsx"
key = "编号"
columns = ["编号", "姓名", "身份证号", "出生日期", "联系电话", "地址"]
[fields]
name = "姓名"
id_number = "身份证号"
birth_date = "出生日期"
phone = "联系电话"
address = "地址"
"""
Rows = Sequence[Sequence[str] | Row]


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Platform]:
    """A platform from the part of its TOML that a test is about."""

    def platform(export: str = EXPORT, entities: str = 'entities = ["person"]') -> Platform:
        path = tmp_path_factory.mktemp("platform") / "trial.toml"
        household = 'household = "living"\n' if "household_number" in export else ""
        head = HEAD.replace('entities = ["person"]', entities)
        path.write_text(head + household + export, encoding="utf-8")
        return read_platform(path)

    return platform


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Staged]:
    """Stage sheets of rows; a row is a list of texts, or a `Row` where types matter."""
    path = tmp_path_factory.mktemp("cells") / "trial.cells.parquet"

    def staged(
        platform: Platform, rows: Rows | None = None, *, overrides: Sequence[Override] = (), **sheets: Rows
    ) -> Staged:
        found = sheets if rows is None else {"": rows}
        reading = Reading(
            [
                Sheet(
                    name,
                    [
                        row if isinstance(row, Row) else text_row(at, row)
                        for at, row in enumerate(given, start=1)
                    ],
                )
                for name, given in found.items()
            ]
        )
        write_cells(reading, path)
        return stage(
            platform,
            path,
            area=AREA,
            key=b"site key",
            source="export.xlsx",
            night=NIGHT,
            overrides=overrides,
        )

    return staged
