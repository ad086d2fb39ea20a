"""Writing a night's changes into the platforms' own templates, under `outbox/<night>/<platform>/`.

Belongs here: handing each platform its changes and what it holds beside them.
Lives elsewhere: which cells change (`warehouse/publish.py`), the template and its manifest (`connectors/write`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import duckdb

from connectors.platform import Platform
from connectors.write import manifest as told
from connectors.write.outbox import Held, write_outbox
from pipelines.night import Night
from warehouse.publish import Change, changes


def write_templates(night: Night, fresh: Iterable[Change]) -> int:
    """Write every platform's file of tonight; how many of the fresh cells stand in one.

    Not the fresh cells alone: a night that was killed after its ledger line still owes its files.
    """
    new = {(change.record_id, change.field) for change in fresh}
    tonight = [change for change in changes(night.con) if change.night == night.date]
    for slug, theirs in groupby(tonight, key=lambda change: change.platform):
        outcome = night.outcomes[slug]
        outcome.changes = len(new & _write_one(night, night.platforms[slug], list(theirs)))
    return sum(outcome.changes for outcome in night.outcomes.values())


def _write_one(night: Night, platform: Platform, stated: Sequence[Change]) -> set[tuple[str, str]]:
    """Write one platform's file; the cells that stand in it."""
    folder = night.site.outbox / night.date.isoformat() / platform.slug
    held = _held(night.con, platform, [change.record_id for change in stated])
    cells = [told.Change(one.record_id, one.source_key, one.field, one.value, one.kind) for one in stated]
    manifest = write_outbox(folder, platform, night.date, cells, held, shadow=night.site.shadow)
    if manifest is None:
        return set()
    return {(entry.record_id, field) for entry in manifest.records for field in (*entry.fill, *entry.correct)}


def _held(con: duckdb.DuckDBPyConnection, platform: Platform, records: Sequence[str]) -> Held:
    """What the platform states today in the columns that its template wants beside a change."""
    needed = {name for name, column in platform.fields.items() if column.required}
    rows = con.execute(
        "select record_id, field, stated from staged.claim where platform = $platform and until is null"
        " and stated is not null and list_contains($fields, field)"
        " and record_id in (select unnest($records))",
        {
            "platform": platform.slug,
            "fields": sorted(needed | {"name", "household_number"}),
            "records": list(records),
        },
    ).fetchall()
    held: dict[str, dict[str, str]] = {}
    for record_id, field, stated in rows:
        held.setdefault(record_id, {})[field] = stated
    return held
