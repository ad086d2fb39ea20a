"""One platform's share of a night: its own template, or a sheet to key from, with nothing but the changes, and a manifest.

Belongs here: writing a draft and what is said about it, and removing what an earlier run left there.
Lives elsewhere: which cells stand in the file (`draft.py`), what the manifest says (`manifest.py`), the bytes of each
format (`connectors/write`), the sheet to key from (`copy_sheet.py`), sending.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.errors import ExportRefused
from connectors.write.blank import write_filled
from connectors.write.cell import CannotWrite
from connectors.write.copy_sheet import copy_sheet
from connectors.write.draft import Draft, Row
from connectors.write.manifest import Entry, Manifest, describe
from connectors.write.note import NOTE, note
from connectors.write.xlsx import Blank

MANIFEST = "manifest.json"


def write_outbox(
    folder: Path, draft: Draft, night: date, *, batch: str, live: bool, own: Blank | None = None
) -> Manifest | None:
    """Write `<slug>.<ext>`, `manifest.json` and a note for the clerk into the folder; the same draft gives the same bytes.

    `own`: the platform's own workbook, where the site has it. A platform that takes no file gets `<slug>.html`, a
    sheet to print and key from, instead.

    Where nothing was asked nothing is written, and what an earlier run left there is removed. Where all that was asked
    was left out there is a manifest, and no file.

    Raises:
        CannotWrite, ExportRefused: the rows do not fit, or the platform's own workbook is another than its file says; then
            nothing lies there.
    """
    platform, rows = draft.platform, draft.rows
    template = folder / f"{platform.slug}{Path(platform.export.file).suffix}"
    sheet = folder / f"{platform.slug}.html"
    by_hand = platform.receive.returns == "copy_sheet"
    file = sheet if by_hand else template
    for stale in (template, sheet, folder / MANIFEST, folder / NOTE):
        stale.unlink(missing_ok=True)
    if not (rows or draft.left_out):
        return None
    if rows and by_hand:
        _private(file)
        file.write_text(copy_sheet(draft, night), encoding="utf-8")
    elif rows:
        _write_whole(draft, file, own)
    entries = [_entry(row) for row in rows]
    manifest = describe(platform, night, entries, draft.left_out, file if rows else None, batch, live)
    for name, text in ((MANIFEST, manifest.text()), (NOTE, note(platform, manifest))):
        _private(folder / name)
        (folder / name).write_text(text, encoding="utf-8")
    return manifest


def _write_whole(draft: Draft, file: Path, own: Blank | None) -> None:
    """The file, or none: half a file might be taken for the whole."""
    _private(file)
    try:
        write_filled(draft.platform, [row.cells for row in draft.rows], file, own)
    except (CannotWrite, ExportRefused):
        file.unlink()
        raise


def _entry(row: Row) -> Entry:
    kinds: dict[str, list[str]] = {}
    for change in row.changes:
        kinds.setdefault(change.kind, []).append(change.field)
    return Entry(row.record_id, **{kind: tuple(fields) for kind, fields in kinds.items()})


def _private(file: Path) -> None:
    """Personal values: for the owner's eyes only, from the first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
