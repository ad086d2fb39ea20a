"""Sending a night's batches, each exactly once: what the ledger says before anything leaves, and after.

Belongs here: the order (the file, the line `sending`, the wire, the line that says what became of it), finding out about
batches of an earlier run, and what a person has to know.
Lives elsewhere: the wire (`connectors/send`), the lines (`warehouse/batches.py`), the files (`outbound.py`), receipts in
files (`receipts.py`), a person's word on a batch in doubt (`stewardship/approving.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.send import Parcel, can_tell, tell_all, transport
from connectors.send.parcel import ROWS, Heard, Packed, pack, unpack
from connectors.write.draft import Draft
from pipelines.night import Night, Remark, Sent
from warehouse.batches import (
    Batch,
    BatchState,
    conclude,
    in_doubt,
    note,
    note_answers,
    overtaken,
    read_batches,
    unfinished,
)
from warehouse.ledger import Ledger
from warehouse.told import last_exports

_SENT: dict[BatchState, Sent] = {"sent": "sent", "unsent": "unsent", "sending": "in_doubt"}


@dataclass(frozen=True, slots=True)
class Ready:
    """A batch whose file is written and that is to go out."""

    batch: Batch
    draft: Draft
    template: Path


def send(night: Night, ledger: Ledger, ready: Iterable[Ready]) -> None:
    """Send tonight's batches: over the wire where the site can, else they are sent when they lie in the outbox.

    What a clerk makes of a file, and what a platform really did, its next export tells.
    """
    wired: list[Parcel] = []
    for one in ready:
        platform = one.draft.platform
        if can_tell(night.site, platform):
            packed = pack(one.template.parent, one.draft, one.template)
            records = tuple(row.record_id for row in one.draft.rows)
            wired.append(Parcel(platform, one.batch.name, packed, records))
        else:
            note(ledger, "sent", one.batch, (), route="by_hand", **_grounds(platform))
            night.outcomes[platform.slug].sent = "by_hand"
    if wired:
        _tell(night, ledger, wired, read_batches(ledger, night.date))


def resume(night: Night, ledger: Ledger) -> None:
    """Find out what became of batches that an earlier run may have sent, before anything else is decided.

    Nothing goes out blindly again: the platform is asked, or, where it honours the name of a batch, told under the same
    name. A platform that is in shadow again, held back tonight, or was told something newer since is only asked.
    """
    if not unfinished(ledger):
        return
    batches = read_batches(ledger, night.date)
    doubted: list[Parcel] = []
    for batch in in_doubt(batches.values(), last_exports(night.con)):
        platform = night.platforms.get(batch.platform)
        if platform is None or not can_tell(night.site, platform):
            _remark(night, batch, "sending_in_doubt", _NOBODY_TO_ASK)
            continue
        folder = night.site.outbox / batch.night.isoformat() / batch.folder
        packed = Packed(folder / ROWS, batch.payload)
        try:
            records = tuple(row.record_id for row in unpack(packed).rows)
        except Unreadable as gone:
            _remark(night, batch, "sending_in_doubt", f"{gone.problem}。{gone.next_move}")
            continue
        held_back = batch.platform not in night.live or batch.platform in night.stopped
        resend = not held_back and not overtaken(batch, batches.values())
        doubted.append(Parcel(platform, batch.name, packed, records, again=True, resend=resend))
    _tell(night, ledger, doubted, batches)


_NOBODY_TO_ASK = "站点或平台文件里没有能问它的路"


def _tell(night: Night, ledger: Ledger, parcels: Sequence[Parcel], batches: dict[str, Batch]) -> None:
    def begin(parcel: Parcel) -> None:
        if not parcel.again:
            words = {"route": transport(parcel.platform.send), "payload": parcel.packed.sha256}
            note(ledger, "sending", batches[parcel.batch], (), **words, **_grounds(parcel.platform))

    for parcel, heard in tell_all(night.site, parcels, beginning=begin):
        batch = batches[parcel.batch]
        state = _note(ledger, batch, parcel, heard)
        if batch.night == night.date:
            night.outcomes[batch.platform].sent = _SENT[state]
        _remark_on(night, batch, state, heard)


def _note(ledger: Ledger, batch: Batch, parcel: Parcel, heard: Heard) -> BatchState:
    """The lines that say what became of a batch: first what the platform said of single rows."""
    note_answers(ledger, "refused", batch, ((parcel.records[at], words) for at, words in heard.refused))
    note_answers(ledger, "unclear", batch, ((parcel.records[at], words) for at, words in heard.unclear))
    fates = list(zip(parcel.records, heard.fates, strict=True))
    return conclude(
        ledger,
        batch,
        missed={record for record, fate in fates if fate == "missed"},
        doubtful={record for record, fate in fates if fate == "doubtful"},
        route=transport(parcel.platform.send),
        **_grounds(parcel.platform),
    )


def _remark_on(night: Night, batch: Batch, state: BatchState, heard: Heard) -> None:
    why = f"{heard.problem}。{heard.next_move}"
    if state == "sending":
        _remark(night, batch, "sending_in_doubt", why)
    elif heard.problem:
        _remark(night, batch, "sending_unsent" if state == "unsent" else "sending_in_part", why)
    if heard.refused:
        _remark(night, batch, "sending_refused", "", rows=len({at for at, _ in heard.refused}))
    if odd := len(heard.unclear) + heard.silent + heard.stray:
        _remark(night, batch, "sending_unclear", "", rows=odd)


def _remark(night: Night, batch: Batch, sentence: str, why: str, rows: int = 0) -> None:
    words = {
        "batch": batch.name,
        "cells": len(batch.cells),
        "rows": rows,
        "why": why,
        "site": night.site.root,
    }
    night.remarks.append(Remark(batch.platform, sentence, words))


def _grounds(platform: Platform) -> dict[str, str]:
    return {"purpose": platform.receive.purpose, "basis": platform.receive.basis}
