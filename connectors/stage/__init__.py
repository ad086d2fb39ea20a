"""From landed cells to records and claims: which column is what, and which rows cannot be used.

Belongs here: the order of the steps, the balance of rows, and refusing an export as a whole.
`load.py` finds the rows, `fill.py`, `sheets.py` and `people.py` bring them into one row per person, `claims.py` reads
the values, `keys.py` names the records, `quarantine.py` keeps what cannot be used.
Lives elsewhere: keeping the cells (`connectors/land`), what a value means (`dedup/normalise`), the tables that remember
(`warehouse`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path

import numpy as np
import pyarrow as pa

from connectors.errors import ExportRefused, Unreadable
from connectors.platform import Platform
from connectors.read.layout import parts
from connectors.stage.block import Block
from connectors.stage.claims import claims_table, read_fields, unusable
from connectors.stage.keys import source_keys
from connectors.stage.load import load_cells, load_part
from connectors.stage.people import split_people
from connectors.stage.quarantine import Quarantine
from connectors.stage.sheets import join_households, without_members
from dedup.normalise.area import Area
from warehouse.ids import record_ids


@dataclass(frozen=True, slots=True)
class Staged:
    """An export as records, what they claim, and the rows put aside; rows_in = staged + quarantined source rows."""

    records: pa.Table  # record_id, source_key, sheet, row, part
    claims: pa.Table  # record_id, field, stated, key, quality, column, as_of
    quarantine: pa.Table  # sheet, row, column, reason, message, stated
    rows_in: int
    staged: int
    quarantined: int


def stage(platform: Platform, cells_path: Path, *, area: Area, key: bytes, source: str, night: Day) -> Staged:
    """Stage one landed export. `key`: the site's, for record ids; `source`: the file's name, for messages.

    Raises:
        ExportRefused: the export as a whole cannot be taken in; the last good one stays in force.
    """
    quarantine = Quarantine(source)
    try:
        block, rows_in, households = _rows(platform, cells_path, quarantine)
    except Unreadable as error:
        raise error.of(platform.slug, source) from error
    block = split_people(block, platform, quarantine)
    values = read_fields(block, platform, area, night)
    stays = unusable(values, block, platform, quarantine)
    block, values = block.keep(stays), {name: value.keep(stays) for name, value in values.items()}
    keys = source_keys(block, values, platform, key)
    ids = record_ids(key, platform.slug, keys)
    staged = len(set(zip(block.sheets, block.rows.tolist(), strict=True))) + households
    if rows_in != staged + len(quarantine):
        raise RuntimeError(
            f"{platform.slug}: {rows_in} rows in, {staged} staged, {len(quarantine)} put aside"
        )
    return Staged(
        records=_records(block, ids, keys),
        claims=claims_table(values, ids, platform),
        quarantine=quarantine.table(),
        rows_in=rows_in,
        staged=staged,
        quarantined=len(quarantine),
    )


def refuse_shrunken(platform: Platform, rows: int, rows_before: int | None, *, source: str = "") -> None:
    """Refuse an export that lost more than a third of its rows against the last one accepted.

    Raises:
        ExportRefused: with both numbers and how to accept the drop.
    """
    if rows_before and rows * 3 < rows_before * 2:
        raise ExportRefused(
            platform.slug,
            source,
            "",
            "",
            f"只有 {rows} 行，上一次有 {rows_before} 行，少了三分之一以上；上一次的数据继续有效",
            f"请核对导出条件；确属减少时运行 {how_to_accept(platform.slug)}",
        )


def how_to_accept(slug: str) -> str:
    """The command by which a person takes responsibility for an export of unusual size.

    >>> how_to_accept("grid")
    'enter-once gate accept grid --site DIR --because 理由'
    """
    return f"enter-once gate accept {slug} --site DIR --because 理由"


def _rows(platform: Platform, cells_path: Path, quarantine: Quarantine) -> tuple[Block, int, int]:
    """One row per source row of a person, the number of source rows, and of household rows among them that served."""
    export = platform.export
    sheets = load_cells(cells_path)
    people, *other = parts(export)
    block, rows_in = load_part(people, sheets, platform, quarantine)
    _check_rows(rows_in, platform)
    households = 0
    for part in other:
        assert export.two_sheets is not None
        block_of_households, more = load_part(part, sheets, platform, quarantine)
        block, households = join_households(block, block_of_households, export.two_sheets, quarantine)
        rows_in += more
    block = quarantine.take_out(block, without_members(block, export), "empty_household")
    return block, rows_in, households


def _check_rows(rows: int, platform: Platform) -> None:
    fewest, most = platform.export.rows
    if fewest <= rows <= most:
        return
    if rows == 0:
        raise Unreadable("只有表头，没有数据", "请核对导出条件后重新导出")
    raise Unreadable(
        f"有 {rows} 行数据，不在正常范围 {fewest}～{most} 行之内",
        f"请核对导出条件；只有这一份确属如此时运行 {how_to_accept(platform.slug)}；"
        "范围本身不对时，请修改平台文件里的 export.rows",
    )


def _records(block: Block, ids: list[str], keys: list[str]) -> pa.Table:
    return pa.table(
        {
            "record_id": pa.array(ids, pa.string()),
            "source_key": pa.array(keys, pa.string()),
            "sheet": pa.array(block.sheets, pa.string()),
            "row": pa.array(block.rows, pa.int32()),
            "part": pa.array(np.asarray(block.parts), pa.int32()),
        }
    )
