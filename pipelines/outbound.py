"""Writing a night's changes into the platforms' own templates, under `outbox/<night>/<platform>/`.

Belongs here: handing each platform its changes and what it holds beside them; the ledger before the files.
Lives elsewhere: which cells change (`warehouse/publish.py`), which of them a template can hold, the file and its
manifest (`connectors/write`), sending the files (`sending.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import duckdb

from connectors.errors import ExportRefused
from connectors.platform import Platform
from connectors.write import manifest as told
from connectors.write.cell import CannotWrite
from connectors.write.draft import Draft, Held, Homes, draft
from connectors.write.notice import write_notices
from connectors.write.outbox import write_outbox
from connectors.write.shared import household_columns
from connectors.write.template import read_blank
from connectors.write.xlsx import Blank
from pipelines.night import Night
from pipelines.sending import Ready, send
from warehouse.approvals import live_platforms
from warehouse.ledger import Ledger
from warehouse.notices import Notice, note_told, open_notices, told_on
from warehouse.publish import Change, decide, note_prepared, take_stock, true_of_households


def write_templates(night: Night, ledger: Ledger) -> int:
    """Draft every platform's file of tonight, note in the ledger what stands in one, write them, and send those of
    platforms that are live; the new cells.

    Not the new cells alone are written: a night that was killed after its ledger lines still owes its files.
    """
    asked: dict[str, list[Change]] = {
        slug: []
        for slug, platform in night.platforms.items()
        if platform.receive.fields and slug not in night.stopped
    }
    for change in decide(night.con, ledger, night.date):
        asked[change.platform].append(change)
    own = _own_workbooks(night, asked)
    drafts = {
        slug: _draft(night.con, night.platforms[slug], theirs, own.get(slug))
        for slug, theirs in asked.items()
    }
    prepared = note_prepared(
        night.con,
        ledger,
        night.date,
        {slug: _standing(drafts[slug], theirs) for slug, theirs in asked.items()},
        [(slug, out.record_id, out.field, out.reason) for slug, d in drafts.items() for out in d.left_out],
    )
    cells = Counter(change.platform for change in prepared.new)
    ready: list[Ready] = []
    for slug, drafted in drafts.items():
        batch, outcome = prepared.batches[slug], night.outcomes[slug]
        outcome.changes, outcome.left_out = cells[slug], len(drafted.left_out)
        folder = night.site.outbox / night.date.isoformat() / batch.folder
        if batch.turn > 1 and not drafted.rows:
            continue  # what the night had to say has been sent
        try:
            written = write_outbox(
                folder, drafted, night.date, batch=batch.name, live=batch.live, own=own.get(slug)
            )
        except (CannotWrite, ExportRefused) as fault:
            # One platform's file is this platform's trouble; its cells stay noted, and the next run owes the file.
            outcome.status, outcome.message = "refused", str(fault)
            continue
        if batch.live and drafted.rows and written is not None and written.file is not None:
            ready.append(Ready(batch, drafted, folder / written.file))
    give_notices(night, ledger)
    send(night, ledger, ready)
    take_stock(night.con, ledger, night.date)
    return len(prepared.new)


def give_notices(night: Night, ledger: Ledger) -> None:
    """Note the notices that somebody agreed to as told, then write them; those of an earlier run of tonight are owed too.

    A clerk carries the sheet, also where rows go over a wire.
    """
    takers = {
        slug: platform
        for slug, platform in night.platforms.items()
        if platform.receive.notices is not None and slug not in night.stopped
    }
    live = live_platforms(ledger)
    asked = [platform for slug, platform in takers.items() if slug in live]
    agreed = [one for one in open_notices(night.con, ledger, asked) if one.word == "approved"]
    note_told(ledger, night.date, agreed)
    tonight: dict[str, list[Notice]] = {}
    for one in told_on(ledger, night.date):
        tonight.setdefault(one.platform, []).append(one)
    for slug in takers.keys() & tonight.keys():
        try:
            write_notices(takers[slug], tonight[slug], night.site.outbox / night.date.isoformat() / slug)
        except CannotWrite as fault:
            night.outcomes[slug].status, night.outcomes[slug].message = "refused", str(fault)


def _own_workbooks(night: Night, asked: dict[str, list[Change]]) -> dict[str, Blank]:
    """The platforms' own workbooks, of those that are told something tonight. A platform whose workbook cannot be used is told
    nothing: it leaves `asked`, before anything is noted."""
    found: dict[str, Blank] = {}
    for slug in [slug for slug, theirs in asked.items() if theirs]:
        file = night.site.templates / f"{slug}.xlsx"
        if night.platforms[slug].receive.returns != "template" or not file.exists():
            continue
        try:
            found[slug] = read_blank(night.platforms[slug], file)
        except ExportRefused as fault:
            night.outcomes[slug].status, night.outcomes[slug].message = "refused", str(fault)
            del asked[slug]
    return found


def _draft(
    con: duckdb.DuckDBPyConnection, platform: Platform, asked: Sequence[Change], own: Blank | None
) -> Draft:
    if not asked:
        return Draft(platform, (), ())
    cells = [told.Change(one.record_id, one.source_key, one.field, one.told, one.kind) for one in asked]
    held = _held(con, platform, sorted({change.record_id for change in asked}))
    numbers = {stated["household_number"] for stated in held.values() if "household_number" in stated}
    return draft(platform, cells, held, _homes(con, platform, numbers), own.issued if own else None)


def _standing(drafted: Draft, asked: Sequence[Change]) -> list[Change]:
    stands = drafted.cells
    return [change for change in asked if (change.record_id, change.field) in stands]


def _held(con: duckdb.DuckDBPyConnection, platform: Platform, records: Sequence[str]) -> Held:
    """What the platform states today in the columns that its template wants beside a change.

    A value that its export masked, cut off or garbled is not what the platform holds: written back, it would destroy
    the good one. Words of the platform's own, such as a code that we cannot read, are its own to repeat.
    """
    needed = {name for name, column in platform.fields.items() if column.required}
    rows = con.execute(
        """
        select c.record_id, c.field, c.stated
        from staged.claim as c
        join facts.field as f on f.field = c.field
        left join facts.quality as q on q.quality = c.quality and q.golden
        where c.platform = $platform and c.until is null and c.stated is not null and c.quality <> 'empty'
            and list_contains($fields, c.field) and c.record_id in (select unnest($records))
            and (f.kind in ('code', 'flag', 'text', 'identifier') or c.quality = 'none' or q.quality is not null)
            and not (f.kind = 'name' and c.quality = 'partial')
        """,
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


def _homes(con: duckdb.DuckDBPyConnection, platform: Platform, numbers: Collection[str]) -> Homes:
    """What is true of everybody whom the platform keeps under these household numbers, in the fields that its file states once
    for a household."""
    shared = household_columns(platform)
    if not shared:
        return {}
    names = [name for name, column in platform.fields.items() if column.column in shared]
    return true_of_households(con, platform.slug, names, numbers)
