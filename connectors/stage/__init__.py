"""From landed cells to records and claims: which column is what, and which rows cannot be used.

Belongs here: the order of the steps, and the balance of rows.
`load.py` finds the rows, `fill.py`, `sheets.py` and `people.py` bring them into one row per person, `claims.py` reads
the values, `keys.py` names the records, `quarantine.py` keeps what cannot be used, `overrides.py` applies what people
said of single rows, `profile.py` measures the whole.
Lives elsewhere: keeping the cells (`connectors/land`), what a value means (`dedup/normalise`), the tables that remember
(`warehouse`), whether an export is too different from earlier ones (`expectations/gate.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path

import numpy as np
import pyarrow as pa

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.read.layout import parts
from connectors.stage.block import Block
from connectors.stage.cells import load_cells
from connectors.stage.claims import Values, claims_table, read_fields, unusable
from connectors.stage.keys import source_keys
from connectors.stage.load import load_part, stated_in
from connectors.stage.overrides import Overrides
from connectors.stage.people import split_people
from connectors.stage.profile import DateChange, Profile, date_changes, fills, unknown_codes
from connectors.stage.quarantine import Quarantine
from connectors.stage.references import References
from connectors.stage.sheets import join_households, without_members
from dedup.normalise.area import Area
from warehouse.ids import record_ids
from warehouse.overrides import Override

__all__ = ["Profile", "Staged", "stage", "stated_in"]


@dataclass(frozen=True, slots=True)
class Staged:
    """An export as records, what they claim, and the rows put aside; rows_in = staged + quarantined source rows."""

    records: pa.Table  # record_id, source_key, sheet, row, part
    claims: pa.Table  # record_id, field, stated, key, quality, column, as_of
    quarantine: pa.Table  # sheet, row, column, reason, message, stated, reference, source_key
    overridden: pa.Table  # line, record_id, column: which line of the ledger was used where
    profile: Profile
    rows_in: int  # without the rows of which a person said that they are nothing
    staged: int
    quarantined: int


def stage(
    platform: Platform,
    cells_path: Path,
    *,
    area: Area,
    key: bytes,
    source: str,
    night: Day,
    overrides: Sequence[Override] = (),
) -> Staged:
    """Stage one landed export. `key`: the site's, for record ids; `source`: the file's name, for messages.

    Raises:
        ExportRefused: the export as a whole cannot be taken in; the last good one stays in force.
    """
    quarantine = Quarantine(source, References(platform, key))
    said = Overrides(overrides)
    try:
        block, rows_in, households = _rows(platform, cells_path, quarantine, said)
    except Unreadable as error:
        raise error.of(platform.slug, source) from error
    block = split_people(block, platform, quarantine)
    values = read_fields(block, platform, area, night)
    profile = _profile(block, values, platform, rows_in, quarantine)
    stays = unusable(values, block, platform, quarantine)
    block, values = block.keep(stays), {name: value.keep(stays) for name, value in values.items()}
    keys = source_keys(block, values, platform, key)
    ids = record_ids(key, platform.slug, keys)
    rows_in -= quarantine.leave_out_nothing(said)
    staged = len(set(zip(block.sheets, block.rows.tolist(), strict=True))) + households
    if rows_in != staged + len(quarantine):
        raise RuntimeError(
            f"{platform.slug}: {rows_in} rows in, {staged} staged, {len(quarantine)} put aside"
        )
    return Staged(
        records=_records(block, ids, keys),
        claims=claims_table(values, ids, platform),
        quarantine=quarantine.table(),
        overridden=_overridden(said, block, ids),
        profile=profile,
        rows_in=rows_in,
        staged=staged,
        quarantined=len(quarantine),
    )


def _rows(
    platform: Platform, cells_path: Path, quarantine: Quarantine, overrides: Overrides
) -> tuple[Block, int, int]:
    """One row per source row of a person, the number of source rows, and of household rows among them that served."""
    export = platform.export
    sheets = load_cells(cells_path)
    people, *other = parts(export)
    block, rows_in = load_part(people, sheets, platform, quarantine, overrides)
    if not rows_in:
        raise Unreadable("只有表头，没有数据", "请核对导出条件后重新导出")
    households = 0
    for part in other:
        assert export.two_sheets is not None
        block_of_households, more = load_part(part, sheets, platform, quarantine, overrides)
        block, households = join_households(block, block_of_households, export.two_sheets, quarantine)
        rows_in += more
    block = quarantine.take_out(block, without_members(block, export), "empty_household")
    return block, rows_in, households


def _profile(
    block: Block, values: Mapping[str, Values], platform: Platform, rows_in: int, quarantine: Quarantine
) -> Profile:
    """What the export looks like; rows whose dates cannot be read for a change of format are put aside."""
    dates: list[DateChange] = []
    for change, ambiguous in date_changes(block, values, platform):
        quarantine.take_out(block, ambiguous, "ambiguous_date", change.column)
        dates.append(change)
    return Profile(
        rows=rows_in,
        fills=tuple(fills(block, values, platform)),
        codes=tuple(unknown_codes(values, platform)),
        dates=tuple(dates),
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


def _overridden(overrides: Overrides, block: Block, ids: list[str]) -> pa.Table:
    """Each use of an override beside the records that its row became; none if it became none."""
    wanted = {(use.sheet, use.row) for use in overrides.used}
    records: dict[tuple[str, int], list[str]] = {}
    if wanted:
        for sheet, row, record in zip(block.sheets, block.rows.tolist(), ids, strict=True):
            if (sheet, row) in wanted:
                records.setdefault((sheet, row), []).append(record)
    found = [
        (use.line, record, use.column)
        for use in overrides.used
        for record in records.get((use.sheet, use.row), [None])
    ]
    return pa.table(
        {
            "line": pa.array([line for line, _, _ in found], pa.int64()),
            "record_id": pa.array([record for _, record, _ in found], pa.string()),
            "column": pa.array([column for _, _, column in found], pa.string()),
        }
    )
