"""People who come from a file: every record finds a place in some platform's file, and the truth names its person."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.land.cells import write_cells
from connectors.platform import read_platforms
from connectors.read import read_export
from connectors.stage import stage
from synthetic_city.city import FIRST_NIGHT, make_city
from synthetic_city.outside import NotPeople
from warehouse.site import read_site

PLATFORMS = read_platforms()[0]
SOURCES = 14  # more than there are platforms: some share one


def _people(path: Path) -> Path:
    rows = [
        {
            "record_id": f"{source}-{person}",
            "source": f"来源{source:02d}",
            "person_id": f"人{person}",
            "household_id": f"户{person // 3}",
            "name": "王" + "伟静芳磊洋"[person % 5] + "一二三四五六七八"[person // 5],
            "sex": "男" if person % 2 else "2",
            "id_number": None if person % 4 == 0 else f"33010219{60 + person:02d}010112{person % 10}X",
            "birth_date": f"19{60 + person:02d}年1月1日",
            "phone": f"138000{person:05d}",
            "address": f"近江家园5幢2单元{person // 3 + 1}01室",
            "community": "近江社区",
            "relation": "户主" if person % 3 == 0 else "子",
            "household_number": str(person // 3),
        }
        for source in range(SOURCES)
        for person in range(30)
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_records_from_outside_stand_in_platform_files_and_keep_their_person(tmp_path: Path) -> None:
    city = make_city(tmp_path / "site", people=_people(tmp_path / "people.parquet"))
    assert sum(city.records.values()) == SOURCES * 30
    site, names = read_site(city.root), {}
    for folder in (site.inbox / FIRST_NIGHT.isoformat()).iterdir():
        (file,) = folder.iterdir()
        cells = tmp_path / "cells.parquet"
        write_cells(read_export(file, PLATFORMS[folder.name].export), cells)
        staged = stage(
            PLATFORMS[folder.name], cells, area=site.area, key=site.key, source=file.name, night=FIRST_NIGHT
        )
        assert staged.quarantined == 0
        names |= {
            claim["record_id"]: claim["key"]
            for claim in staged.claims.to_pylist()
            if claim["field"] == "name"
        }
    truth = pq.read_table(city.root / "truth" / "records.parquet").to_pylist()
    said: dict[str, set[str]] = {}
    for row in truth:
        said.setdefault(row["resident"], set()).add(names[row["record_id"]])
    assert len(said) == 30
    assert all(len(words) == 1 for words in said.values())
    assert {row["household_living"] for row in truth} == {f"户{number}" for number in range(10)}


def test_a_file_without_the_needed_columns_is_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"record_id": ["1"], "name": ["王伟"]}), tmp_path / "people.parquet")
    with pytest.raises(NotPeople, match="source、person_id、household_id"):
        make_city(tmp_path / "site", people=tmp_path / "people.parquet")
