"""Linking a file of raw records: what comes out, and what is refused with nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from dedup.link import link
from dedup.model import ModelError, built_in, parse_model, read_model
from dedup.records import RecordsError

HOME = "浙江省杭州市上城区望江街道近江社区近江家园5幢2单元301室"
PEOPLE: list[dict[str, Any]] = [
    {"record_id": "a1", "source": "grid", "name": "王玮珺", "id_number": "330102198503071224", "birth_date": "19850307",
     "phone": "13812345601", "address": HOME},
    {"record_id": "a2", "source": "card", "name": "王 玮珺", "birth_date": "1985-3-7", "phone": "+86 138-1234-5601",
     "address": "近江家园5栋2单元301"},
    {"record_id": "b1", "source": "grid", "name": "李国栋", "birth_date": "1983.11.2", "phone": "13812345601",
     "address": HOME},
    {"record_id": "b2", "source": "card", "name": "李国栋", "birth_date": "1983年11月2日", "address": "近江家园5-2-301"},
    {"record_id": "c1", "source": "card", "name": "赵晓"},
]  # fmt: skip


def records(path: Path, rows: list[dict[str, Any]] = PEOPLE) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    if path.suffix == ".csv":
        pcsv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


def clusters(path: Path) -> list[set[str]]:
    found: dict[str, set[str]] = {}
    for row in pq.read_table(path).to_pylist():
        found.setdefault(row["cluster_id"], set()).add(row["record_id"])
    assert all(name == min(members) for name, members in found.items())
    return sorted(found.values(), key=min)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_each_record_is_in_one_cluster_also_the_lonely_ones(tmp_path: Path, kind: str) -> None:
    done = link(built_in("resident"), records(tmp_path / f"in.{kind}"), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"a1", "a2"}, {"b1", "b2"}, {"c1"}]
    assert (done.records, done.clusters) == (5, 3)


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    link(built_in("resident"), records(tmp_path / "in.parquet"), tmp_path / "one.parquet")
    link(built_in("resident"), records(tmp_path / "in2.parquet", PEOPLE[::-1]), tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_pairs_say_the_probability_the_points_and_the_reason_in_words(tmp_path: Path) -> None:
    link(
        built_in("resident"),
        records(tmp_path / "in.csv"),
        tmp_path / "out.parquet",
        tmp_path / "pairs.parquet",
    )
    pairs = {
        (row["left"], row["right"]): row for row in pq.read_table(tmp_path / "pairs.parquet").to_pylist()
    }
    pair = pairs["a1", "a2"]
    assert pair["band"] == "link" and pair["probability"] > 0.99
    assert "姓名一致 +17.0" in pair["reason"] and "电话与住址都一致" in pair["reason"]
    points = sum(value for name, value in pair.items() if name.endswith("_points"))
    assert pair["points"] == pytest.approx(built_in("resident").prior + points)


def test_a_household_is_everybody_behind_one_door(tmp_path: Path) -> None:
    link(built_in("household"), records(tmp_path / "in.csv"), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"a1", "a2", "b1", "b2"}, {"c1"}]


def test_people_without_an_address_live_with_those_of_their_book(tmp_path: Path) -> None:
    rows = [{**PEOPLE[0], "household_number": "7"}, {**PEOPLE[4], "source": "grid", "household_number": "7"}]
    link(built_in("household"), records(tmp_path / "in.csv", rows), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"a1", "c1"}]


def test_two_people_of_one_name_with_two_sound_numbers_stay_apart(tmp_path: Path) -> None:
    rows = [
        {**PEOPLE[0], "record_id": "x"},
        {**PEOPLE[0], "record_id": "y", "id_number": "330102198503071240"},
    ]
    link(built_in("resident"), records(tmp_path / "in.csv", rows), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"x"}, {"y"}]


def test_records_outside_china_are_linked_by_the_person_model(tmp_path: Path) -> None:
    rows = [
        {"record_id": "1", "given_name": "Michaela", "surname": "Neumann", "date_of_birth": "19151111",
         "soc_sec_id": "5304218", "suburb": "Winston Hills"},
        {"record_id": "2", "given_name": "neumann", "surname": "michaela", "date_of_birth": "19151111",
         "soc_sec_id": "5304281", "suburb": "winston hills"},
        {"record_id": "3", "given_name": "Courtney", "surname": "Painter", "date_of_birth": "19161214",
         "soc_sec_id": "4066625", "suburb": "Richlands"},
    ]  # fmt: skip
    link(built_in("person"), records(tmp_path / "in.csv", rows), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"1", "2"}, {"3"}]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"name": ["王玮珺"]}), "没有 record_id 列"),
        (pa.table({"record_id": ["1", "1"], "name": ["王", "李"]}), "record_id 有重复"),
        (pa.table({"record_id": ["1", None], "name": ["王", "李"]}), "record_id 有空值"),
        (pa.table({"record_id": ["1"], "id_number": [330102198503071224]}), "列 id_number 的类型是 int64"),
        (pa.table({"record_id": pa.array([], pa.string())}), "没有记录"),
    ],
)
def test_a_file_that_cannot_be_linked_is_refused_whole(tmp_path: Path, table: pa.Table, said: str) -> None:
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(RecordsError, match=said):
        link(
            built_in("resident"),
            tmp_path / "in.parquet",
            tmp_path / "out.parquet",
            tmp_path / "pairs.parquet",
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet"]


def test_an_empty_csv_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"")
    with pytest.raises(RecordsError, match="文件是空的"):
        link(built_in("resident"), tmp_path / "in.csv", tmp_path / "out.parquet")
    with pytest.raises(RecordsError, match="找不到文件"):
        link(built_in("resident"), tmp_path / "none.csv", tmp_path / "out.parquet")


MODEL = """
version = "1"
reads = "text"
prior = -3.0
link = 1.0
review = 0.0
[columns]
name = "text"
[[comparison]]
name = "name"
compares = "equal"
columns = ["name"]
[comparison.levels]
equal = { points = 5.0, zh = "一致" }
differ = { points = -5.0, zh = "不同" }
[[block]]
columns = ["name"]
budget = 10
"""


def test_a_model_of_ones_own_links_by_its_own_columns(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(MODEL, encoding="utf-8")
    rows = [
        {"record_id": "1", "name": "Ann"},
        {"record_id": "2", "name": "ann"},
        {"record_id": "3", "name": "Bo"},
    ]
    link(read_model(str(tmp_path / "own.toml")), records(tmp_path / "in.csv", rows), tmp_path / "out.parquet")
    assert clusters(tmp_path / "out.parquet") == [{"1", "2"}, {"3"}]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('version = "1"', 'version = "1"\nthreshold = 3', "threshold"),
        ('compares = "equal"', 'compares = "soundex"', "soundex"),
        ('columns = ["name"]\nbudget', 'columns = ["nom"]\nbudget', "nom"),
        ("differ = {", "different = {", "differ"),
        ("link = 1.0", "link = -1.0", "review 须小于 link"),
        ("prior = -3.0", "prior = ", "不是有效的 TOML"),
    ],
)
def test_a_model_with_a_fault_is_refused_by_name(before: str, after: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        parse_model("own", MODEL.replace(before, after))
