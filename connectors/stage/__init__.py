"""From landed cells to records and claims: which column is what, and which rows cannot be used.

Belongs here: the order of the steps, and the balance of rows.
`load.py` finds the rows, `fill.py`, `sheets.py` and `people.py` bring them into one row per person, `claims.py` reads
the values, `keys.py` names the records, `tables.py` keeps them on disk, `quarantine.py` keeps what cannot be used, `overrides.py` applies what people
said of single rows, `profile.py` measures the whole.
Lives elsewhere: keeping the cells (`connectors/land`), what a value means (`dedup/normalise`), the tables that remember
(`warehouse`), whether an export is too different from earlier ones (`expectations/gate.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.read.layout import parts
from connectors.stage.block import Block
from connectors.stage.claims import claims_of, read_fields, unusable
from connectors.stage.keys import Names
from connectors.stage.load import Loader, stated_in
from connectors.stage.overrides import Overrides
from connectors.stage.people import split_people
from connectors.stage.profile import Asides, Measure, Profile
from connectors.stage.quarantine import Quarantine
from connectors.stage.references import References
from connectors.stage.sheets import Households, without_members
from connectors.stage.tables import RECORDS, Tables
from dedup.normalise.area import Area
from warehouse.overrides import Override

__all__ = ["Profile", "Staged", "stage", "stated_in"]


@dataclass(frozen=True, slots=True)
class Staged:
    """An export as records, what they claim, and the rows put aside; rows_in = staged + quarantined source rows.

    The tables lie on disk, mapped: they are there as long as somebody holds them.
    """

    records: pa.Table  # record_id, source_key, sheet, row, part
    claims: (
        pa.Table
    )  # record_id, field, stated, key, quality, column, as_of; at: the record's place among the records
    quarantine: pa.Table  # sheet, row, column, reason, message, stated, reference, source_key
    overridden: pa.Table  # line, record_id, column: which line of the ledger was used where
    profile: Profile
    rows_in: int  # without the rows of which a person said that they are nothing
    staged: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class _Landed:
    """One landed export and how it is read; as the arguments of `stage`."""

    platform: Platform
    cells: Path
    area: Area
    key: bytes
    source: str
    night: Day
    overrides: Sequence[Override]


def stage(
    platform: Platform,
    cells_path: Path,
    *,
    area: Area,
    key: bytes,
    source: str,
    night: Day,
    overrides: Sequence[Override] = (),
    scratch: Path | None = None,
) -> Staged:
    """Stage one landed export, whatever its size. `key`: the site's, for record ids; `source`: the file's name, for
    messages; `scratch`: a folder for what is made of it, the system's own by default.

    It is taken in batch by batch, into tables on disk: memory is bounded by `MEMORY_MB` of
    `connectors/read/batch.py`. What the first look at all of it
    shows to be in need of a second one (`profile.py`) is looked at again.

    Raises:
        ExportRefused: the export as a whole cannot be taken in; the last good one stays in force.
    """
    landed = _Landed(platform, cells_path, area, key, source, night, overrides)
    known = Asides()
    while True:
        with TemporaryDirectory(prefix="staging-", dir=scratch) as folder:
            look = _Look(Path(folder), landed, known)
            try:
                look.at_all()
            except Unreadable as error:
                raise error.of(platform.slug, source) from error
            known = look.measure.unknown()
            if known == Asides():
                return look.staged()


class _Look:
    """One look at all of an export, batch by batch."""

    def __init__(self, folder: Path, landed: _Landed, known: Asides) -> None:
        self._landed, platform = landed, landed.platform
        self._said = Overrides(landed.overrides)
        self._quarantine = Quarantine(landed.source, References(platform, landed.key, landed.cells))
        self._loader = Loader(platform, landed.cells, self._quarantine, self._said)
        self._names = Names(platform, landed.key)
        self._tables = Tables(folder)
        self.measure = Measure(platform, known)
        self._overridden: list[tuple[int, int | None, str | None, str]] = []  # line, place, record, column
        self._rows_in = self._staged = self._quarantined = self._nothing = 0

    def at_all(self) -> None:
        """Take in every batch, and name what can only be named then.

        Raises:
            Unreadable: the export as a whole cannot be taken in.
        """
        try:
            for block, rows_in, households in self._blocks():
                self._rows_in += rows_in
                self._take_in(block, households)
        finally:
            self._tables.close()
        if not self._rows_in:
            raise Unreadable("只有表头，没有数据", "请核对导出条件后重新导出")

    def staged(self) -> Staged:
        """What it came to."""
        renamed = self._names.settle(self._tables)
        profile = self.measure.profile(self._rows_in)
        rows_in = self._rows_in - self._nothing
        if rows_in != self._staged + self._quarantined:
            slug = self._landed.platform.slug
            raise RuntimeError(
                f"{slug}: {rows_in} rows in, {self._staged} staged, {self._quarantined} put aside"
            )
        return Staged(
            records=self._tables.mapped("records"),
            claims=self._tables.mapped("claims"),
            quarantine=self._tables.mapped("quarantine"),
            overridden=_uses(self._overridden, renamed),
            profile=profile,
            rows_in=rows_in,
            staged=self._staged,
            quarantined=self._quarantined,
        )

    def _blocks(self) -> Iterator[tuple[Block, int, int]]:
        """One row per source row of a person, the number of source rows, and of household rows among them that served."""
        export = self._landed.platform.export
        people, *other = parts(export)
        if not other:
            for block, rows_in in self._loader.batches(people):
                empty = without_members(block, export)
                yield self._quarantine.take_out(block, empty, "empty_household"), rows_in, 0
            return
        assert export.two_sheets is not None
        held, more = self._loader.whole(other[0])
        households, members = Households(held, export.two_sheets), 0
        for block, rows_in in self._loader.batches(people):
            members += rows_in
            last = households.join(block, self._quarantine)
            yield last, rows_in, 0
        if members:
            yield last.keep(np.zeros(len(last), dtype=np.bool_)), more, households.put_aside(self._quarantine)

    def _take_in(self, block: Block, households: int) -> None:
        """Records and claims of one batch, and its rows that cannot be used."""
        landed, quarantine = self._landed, self._quarantine
        platform = landed.platform
        block = split_people(block, platform, quarantine)
        values = read_fields(block, platform, landed.area, landed.night)
        for name, ambiguous in self.measure.add(block, values).items():
            quarantine.take_out(block, ambiguous, "ambiguous_date", platform.fields[name].column)
        stays = unusable(values, block, platform, quarantine)
        block, values = block.keep(stays), {name: value.keep(stays) for name, value in values.items()}
        first, ids = self._tables.size, pa.array([], pa.string())
        if len(block):
            keys, ids = self._names.add(block)
            self._tables.add(_records(block, ids, keys), claims_of(values, ids, first, platform))
        self._nothing += quarantine.leave_out_nothing(self._said)
        self._staged += int((block.parts == 1).sum()) + households
        self._quarantined += len(quarantine)
        self._overridden += _overridden(self._said, block, first, ids)
        self._tables.put_aside(quarantine.hand_over())


def _records(block: Block, ids: pa.StringArray, keys: pa.StringArray) -> pa.RecordBatch:
    return pa.record_batch(
        {
            "record_id": ids,
            "source_key": keys,
            "sheet": pa.array(block.sheets, pa.string()),
            "row": pa.array(block.rows, pa.int32()),
            "part": pa.array(np.asarray(block.parts), pa.int32()),
        },
        schema=RECORDS,
    )


def _overridden(
    overrides: Overrides, block: Block, first: int, ids: pa.StringArray
) -> Iterator[tuple[int, int | None, str | None, str]]:
    """Each use of an override in a batch beside the records that its row became; none if it became none."""
    wanted = {(use.sheet, use.row) for use in overrides.used}
    records: dict[tuple[str, int], list[int]] = {}
    if wanted:
        for at, place in enumerate(zip(block.sheets, block.rows.tolist(), strict=True)):
            if place in wanted:
                records.setdefault(place, []).append(at)
    for use in overrides.used:
        found = records.get((use.sheet, use.row))
        for at in found or ():
            yield use.line, first + at, ids[at].as_py(), use.column
        if not found:
            yield use.line, None, None, use.column
    overrides.used.clear()


def _uses(found: Sequence[tuple[int, int | None, str | None, str]], renamed: Mapping[int, str]) -> pa.Table:
    records = [record if at is None else renamed.get(at, record) for _, at, record, _ in found]
    return pa.table(
        {
            "line": pa.array([line for line, _, _, _ in found], pa.int64()),
            "record_id": pa.array(records, pa.string()),
            "column": pa.array([column for _, _, _, column in found], pa.string()),
        }
    )
