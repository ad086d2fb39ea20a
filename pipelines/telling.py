"""Which fields of a resident went to which platform, or into which form, when, for what and on which grounds: the sharing log.

Belongs here: reading it out of the ledger for one person, values masked; the notices among it that two records are one person.
Lives elsewhere: the lines (`warehouse/batches.py`, `notices.py`), what became of each cell (`warehouse/sql/outbox/receipt.sql`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from connectors.platform import read_platforms
from pipelines.messages import Language
from pipelines.published import published
from warehouse.batches import read_batches
from warehouse.forms import fillings
from warehouse.ledger import Ledger, open_ledger
from warehouse.newcomers import rows_about
from warehouse.notices import Kind, given_about
from warehouse.residents import resident_today
from warehouse.site import read_site
from warehouse.values import shown

Receipts = Mapping[tuple[str, str, str], str]  # record, field, batch -> what became of it


@dataclass(frozen=True, slots=True)
class Shared:
    """One cell that a platform was told, or that stood in a form: then `platform` is a dash.

    receipt: what became of the last telling; empty for those before it.
    """

    night: date
    platform: str
    title: str
    record_id: str
    field: str
    kind: str
    value: str  # masked; empty once it was erased
    taken_from: str
    batch: str
    purpose: str
    basis: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Notified:
    """A platform was told that two records are one person, or two after all: on which night, on whose word and why."""

    night: date
    platform: str
    title: str
    kind: Kind
    kept: str
    other: str
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Log:
    """The sharing log of one resident, by the id that they bear today; oldest first."""

    resident_id: str
    told: list[Shared]
    notices: list[Notified]


def told_of(root: Path, resident_id: str, speak: Language) -> Log:
    """All that platforms were told of the resident's records.

    What was told while another's record was taken for the resident's stands in the log of whose record it is today.

    Raises:
        NoWarehouse, UnknownResident: nothing has run, or nobody was ever called so.
    """
    site = read_site(root)
    with published(root, speak) as con:
        resident = resident_today(con, site.key, resident_id)
        records = _records_of(con, resident)
        receipts = _receipts(con, records)
    titles = {slug: platform.title for slug, platform in read_platforms()[0].items()}
    with open_ledger(site) as ledger:
        told = [*_told(ledger, records, receipts, titles), *_in_forms(ledger, records)]
        told.sort(key=lambda one: (one.night, one.platform, one.field))
        return Log(resident, told, _notified(ledger, records, titles))


def _records_of(con: duckdb.DuckDBPyConnection, resident: str) -> set[str]:
    """The records of a resident, and the rows that platforms may have inserted for them on our word."""
    query = "select record_id from resolved.record where resident_id = ?"
    return rows_about(record for (record,) in con.execute(query, [resident]).fetchall())


def _receipts(con: duckdb.DuckDBPyConnection, records: Collection[str]) -> Receipts:
    """What became of the last telling of each cell of these records."""
    query = (
        "select record_id, field, batch, receipt from outbox.receipt where list_contains($records, record_id)"
    )
    rows = con.execute(query, {"records": sorted(records)}).fetchall()
    return {(record, field, batch): receipt for record, field, batch, receipt in rows}


def _told(
    ledger: Ledger, records: Collection[str], receipts: Receipts, titles: Mapping[str, str]
) -> list[Shared]:
    """What went to platforms."""
    return [
        Shared(
            batch.night,
            batch.platform,
            titles.get(batch.platform, batch.platform),
            record_id,
            field,
            cell.kind,
            shown(field, ledger.recall(cell.digest)),
            cell.taken_from,
            batch.name,
            batch.purpose,
            batch.basis,
            receipts.get((record_id, field, batch.name), ""),
        )
        for batch in read_batches(ledger, date.max).values()
        if batch.live and not batch.open
        for (record_id, field), (_, cell) in batch.cells.items()
        if record_id in records
    ]


def _in_forms(ledger: Ledger, records: Collection[str]) -> list[Shared]:
    """What stood in forms: no platform was told, a person carried it to whoever asked."""
    return [
        Shared(
            one.on,
            "—",
            one.form,
            record_id,
            field,
            cell.kind,
            shown(field, ledger.recall(cell.digest)),
            cell.taken_from,
            f"form-{one.line}",
            one.purpose,
            one.basis,
            "form",
        )
        for one in fillings(ledger)
        for (record_id, field), cell in one.cells.items()
        if record_id in records
    ]


def _notified(ledger: Ledger, records: Collection[str], titles: Mapping[str, str]) -> list[Notified]:
    """The notices about these records."""
    return [
        Notified(
            one.night,
            one.notice.platform,
            titles.get(one.notice.platform, one.notice.platform),
            one.notice.kind,
            one.notice.kept,
            one.notice.other,
            one.by,
            one.because,
        )
        for one in given_about(ledger, records)
    ]
