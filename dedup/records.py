"""Files of records to be linked: csv or parquet of raw stated values.

Belongs here: reading one, and saying what is wrong with one; where results may be written. Lives elsewhere: what the values
mean (`dedup/normalise`), linking them (`link.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from dedup.model import Model

RESIDENT_COLUMNS = (
    "name", "former_name", "sex", "id_number", "birth_date", "phone", "address", "community",
)  # fmt: skip
HOUSEHOLD_COLUMNS = ("source", "household_number")  # which people one source has under one number


class RecordsError(ValueError):
    """A record file that cannot be linked: which file, which row or column, and what is expected."""


def read_records(path: Path, model: Model) -> pa.Table:
    """The records as text columns, ordered by record id; columns the model knows and the file lacks are all missing.

    Raises:
        RecordsError: no file, no rows, no `record_id`, one that is empty or stands twice, a column of the wrong type.
    """
    wanted = _wanted(model)
    table = _read(path, ("record_id", *wanted))
    if "record_id" not in table.column_names:
        raise RecordsError(f"{path}：没有 record_id 列。请给每条记录一个唯一编号")
    if table.num_columns == 1 and table.num_rows:
        raise RecordsError(f"{path}：除 record_id 外没有模型认得的列。认得的列：{'、'.join(wanted)}")
    columns = {"record_id": _as_text(path, table, "record_id", whole_numbers=True)}
    for name in wanted:
        known = name in table.column_names
        columns[name] = _as_text(path, table, name) if known else pa.nulls(table.num_rows, pa.string())
    found = pa.table(columns)
    ids = found.column("record_id")
    if found.num_rows == 0:
        raise RecordsError(f"{path}：没有记录")
    if ids.null_count or pc.any(pc.equal(ids, "")).as_py():
        raise RecordsError(f"{path}：record_id 有空值。请给每条记录一个唯一编号")
    if not _ascend(ids):
        found = found.take(pc.sort_indices(ids))
        if not _ascend(found.column("record_id")):
            raise RecordsError(f"{path}：record_id 有重复。请给每条记录一个唯一编号")
    return found


def _wanted(model: Model) -> tuple[str, ...]:
    if model.reads != "resident":
        return tuple(model.columns)
    return RESIDENT_COLUMNS + (HOUSEHOLD_COLUMNS if model.groups == "home" else ())


def _ascend(ids: pa.ChunkedArray) -> bool:
    """Whether each id is greater than the one before it."""
    return bool(pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py())


def _read(path: Path, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns that the file has."""
    if not path.is_file():
        raise RecordsError(f"{path}：找不到文件")
    reader = {".csv": _read_csv, ".parquet": _read_parquet}.get(path.suffix.lower())
    if reader is None:
        raise RecordsError(f"{path}：只读 csv 与 parquet。请先另存为其中一种")
    try:
        return reader(path, wanted)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise RecordsError(
            f"{path}：读不出来，应为 UTF-8 的 csv 或 parquet（{type(error).__name__}）"
        ) from error


def _read_parquet(path: Path, wanted: Sequence[str]) -> pa.Table:
    present = _present(path, pq.read_schema(path).names, wanted)
    return pq.read_table(path, columns=present, pre_buffer=False)  # read ahead for the sake of slow networks


def _read_csv(path: Path, wanted: Sequence[str]) -> pa.Table:
    names = _header(path)
    text = pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        include_columns=_present(path, names, wanted),
    )
    try:
        return pcsv.read_csv(
            path, parse_options=pcsv.ParseOptions(newlines_in_values=True), convert_options=text
        )
    except pa.ArrowInvalid:
        _refuse_ragged(path)
        raise


def _present(path: Path, names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The wanted columns among those of a file, each there once."""
    if twice := [name for name in wanted if names.count(name) > 1]:
        raise RecordsError(f"{path}：列 {'、'.join(twice)} 有两个。请只留一个")
    return [name for name in wanted if name in names]


def _refuse_ragged(path: Path) -> None:
    """Say which row of a csv has too many or too few values; the row itself is not quoted."""
    odd: list[pcsv.InvalidRow] = []

    def note(row: pcsv.InvalidRow) -> str:
        odd.append(row)
        return "error"

    parse = pcsv.ParseOptions(newlines_in_values=True, invalid_row_handler=note)
    one_by_one = pcsv.ReadOptions(use_threads=False)  # or rows are not numbered
    with suppress(pa.ArrowInvalid):
        pcsv.read_csv(path, read_options=one_by_one, parse_options=parse)
    if odd:
        raise RecordsError(
            f"{path}：第 {odd[0].number} 行有 {odd[0].actual_columns} 个值，应为 {odd[0].expected_columns} 个。"
            "含逗号或换行的值须用双引号括起"
        )


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as lines:
        first = lines.readline()
    if not first.strip():
        raise RecordsError(f"{path}：文件是空的")
    return next(csv.reader([first]))


def _as_text(path: Path, table: pa.Table, name: str, *, whole_numbers: bool = False) -> pa.ChunkedArray:
    column = table.column(name)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_date(kind) or (whole_numbers and pa.types.is_integer(kind)):
        return column.cast(pa.string())
    raise RecordsError(f"{path}：列 {name} 的类型是 {kind}，应为文本（数字型会丢失前导零和末位）")


def refuse_outputs(outputs: Sequence[Path], records: Path) -> None:
    """Refuse, before anything is read, places where nothing can or should be written.

    Raises:
        RecordsError: a folder that does not exist, a folder instead of a file, one place for two results, or the record
            file itself.
    """
    for out in outputs:
        if not out.parent.is_dir():
            raise RecordsError(f"{out.parent}：没有这个文件夹。请先建好，或换一个位置")
        if out.is_dir():
            raise RecordsError(f"{out}：是文件夹。请给出要写的文件名")
    places = [path.resolve() for path in (*outputs, records)]
    if len(set(places)) < len(places):
        raise RecordsError(f"{'、'.join(map(str, outputs))}：结果不能写到记录文件上，也不能两份写到一处")
