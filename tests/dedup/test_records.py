"""Files of records: what is wrong is said by file, row or column, before anything is written; a value is never quoted."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.link import link
from dedup.model import built_in
from dedup.records import RecordsError, read_records

RESIDENT = built_in("resident")

BAD_CSV = {
    "a value too many": ("record_id,name\n1,王玮珺\n2,李珺玮,x\n", "第 3 行有 3 个值，应为 2 个"),
    "a value missing": ("record_id,name\n1\n", "第 2 行有 1 个值，应为 2 个"),
    "one column twice": ("record_id,name,name\n1,王玮珺,李珺玮\n", "列 name 有两个"),
    "only columns of somebody else": ("record_id,naem\n1,王玮珺\n", "没有模型认得的列"),
    "headers alone": ("record_id,name\n", "没有记录"),
    "an id twice": ("record_id,name\n1,王玮珺\n1,李珺玮\n", "record_id 有重复"),
    "an id left out": ("record_id,name\n,王玮珺\n", "record_id 有空值"),
}


@pytest.mark.parametrize("story", BAD_CSV)
def test_a_csv_that_cannot_be_read_is_refused_by_what_is_wrong(tmp_path: Path, story: str) -> None:
    content, said = BAD_CSV[story]
    (tmp_path / "in.csv").write_text(content, encoding="utf-8")
    with pytest.raises(RecordsError, match=said) as refused:
        link(RESIDENT, tmp_path / "in.csv", tmp_path / "out.parquet")
    assert "玮" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("content", ["record_id,name\n1,王玮珺\n".encode("gb18030"), b"\xff\xfe1\x00"])
def test_a_csv_in_another_encoding_is_refused_as_that(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(RecordsError, match="UTF-8"):
        read_records(tmp_path / "in.csv", RESIDENT)


def test_another_kind_of_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "in.xlsx").write_bytes(b"PK")
    with pytest.raises(RecordsError, match="只读 csv 与 parquet"):
        read_records(tmp_path / "in.xlsx", RESIDENT)


def test_a_single_record_is_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "IN.CSV").write_text("name,record_id,other\n王玮珺,1,x\n", encoding="utf-8")
    found = read_records(tmp_path / "IN.CSV", RESIDENT)
    assert found.num_rows == 1 and "other" not in found.column_names


def test_records_are_put_in_the_order_of_their_ids(tmp_path: Path) -> None:
    pq.write_table(pa.table({"record_id": ["b", "c", "a"], "name": ["2", "3", "1"]}), tmp_path / "in.parquet")
    found = read_records(tmp_path / "in.parquet", RESIDENT)
    assert found.select(["record_id", "name"]).to_pydict() == {
        "record_id": ["a", "b", "c"],
        "name": ["1", "2", "3"],
    }


@pytest.mark.parametrize(
    ("out", "pairs", "said"),
    [
        ("none/out.parquet", None, "没有这个文件夹"),
        ("out.parquet", "none/pairs.parquet", "没有这个文件夹"),
        ("folder", None, "是文件夹"),
        ("out.parquet", "folder/../out.parquet", "不能两份写到一处"),
        ("in.csv", None, "不能写到记录文件上"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_any_work(
    tmp_path: Path, out: str, pairs: str | None, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "in.csv").write_text("record_id,name\n1,王玮珺\n", encoding="utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(RecordsError, match=said):
        link(RESIDENT, tmp_path / "in.csv", tmp_path / out, tmp_path / pairs if pairs else None)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "in.csv").read_text(encoding="utf-8").startswith("record_id")
