"""What becomes of a batch: the lines of the ledger that say what was prepared for a platform, sent, and answered.

Belongs here: the words of these lines, and what stands in which batch.
Lives elsewhere: which cells belong into a batch (`publish.py`), writing and sending it (`connectors`).

A batch is what one platform is told at once: one file, or one call. It is called after platform, night and turn, so that a
rerun finds it again. Its lines:

    prepared   live or not, and its cells; the file is written after the line
    withdrawn  cells that stand in it no more: the night was run again before it was sent, or they certainly did not arrive
    sending    the platform is about to be told; whatever happens next, it may have been
    arrived    cells that the platform has, while of others of the batch nobody knows
    sent       it left the house: the platform said so, or the file lies where its clerk collects it
    unsent     it is certain that nothing arrived
    refused    cells that the platform did not take, and its own words, kept beside the chain
    unclear    cells of which the platform said what nobody here understands; its words are kept likewise

Between `sending` and the next line nobody knows whether the platform was told, and it counts as told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from warehouse.ledger import Cell, Ledger, Line

BatchState = Literal["prepared", "sending", "sent", "unsent"]
Place = tuple[str, str]  # record, field

_STATES: dict[str, BatchState] = {
    "prepared": "prepared",
    "sending": "sending",
    "sent": "sent",
    "unsent": "unsent",
}
_KINDS = (*_STATES, "withdrawn", "arrived", "refused")


class Told(NamedTuple):
    """One cell of one batch."""

    line: int  # the one that put it there
    batch: str
    platform: str
    night: date
    state: BatchState
    live: bool
    record_id: str
    field: str
    digest: str
    kind: str
    taken_from: str
    refused: str | None  # the platform's words, if it did not take the cell


@dataclass(slots=True)
class Batch:
    """A batch as its lines tell it."""

    name: str
    platform: str
    night: date
    live: bool
    state: BatchState = "prepared"
    cells: dict[Place, tuple[int, Cell]] = field(default_factory=dict)
    refused: dict[Place, str] = field(default_factory=dict)
    arrived: set[Place] = field(
        default_factory=set
    )  # of a batch in doubt, what the platform is known to have
    payload: str = ""  # SHA-256 of the file that says what was sent, where it went over a line
    purpose: str = ""  # what the platform was told it for, and on which legal basis, when it was
    basis: str = ""

    @property
    def turn(self) -> int:
        """The how-manieth of its platform and night it is."""
        return int(self.name.rsplit("-", 1)[1])

    @property
    def folder(self) -> str:
        """Where its file lies under the night's outbox; a later batch of the night never replaces what was sent."""
        return self.platform if self.turn == 1 else f"{self.platform}.{self.turn}"

    @property
    def open(self) -> bool:
        """Whether it can still change: the platform cannot have seen it."""
        return self.state in ("prepared", "unsent")


def read_batches(ledger: Ledger, until: date) -> dict[str, Batch]:
    """Every batch up to a night, by name, in the order in which they were first prepared."""
    spoken: dict[int, list[Cell]] = {}
    for seq, cell in ledger.cells_of(*_KINDS):
        spoken.setdefault(seq, []).append(cell)
    found: dict[str, Batch] = {}
    for line in ledger.lines(*_KINDS):
        if date.fromisoformat(line.body["night"]) <= until:
            _follow(found, ledger, line, spoken.get(line.seq, []))
    return found


def _follow(found: dict[str, Batch], ledger: Ledger, line: Line, cells: Sequence[Cell]) -> None:
    """What one line changes."""
    body = line.body
    name = body["batch"]
    if name not in found:
        found[name] = Batch(name, body["platform"], date.fromisoformat(body["night"]), body["live"])
    batch = found[name]
    places = [(cell.record_id, cell.field) for cell in cells]
    if line.kind == "withdrawn":
        for place in places:
            batch.cells.pop(place, None)
    elif line.kind == "arrived":
        batch.arrived.update(places)
    elif line.kind == "refused":
        words = ledger.recall(body["words"]) or ""
        batch.refused.update(dict.fromkeys(places, words))
    else:
        batch.state = _STATES[line.kind]
        batch.payload = body.get("payload", batch.payload)
        batch.purpose, batch.basis = body.get("purpose", batch.purpose), body.get("basis", batch.basis)
        batch.cells.update((place, (line.seq, cell)) for place, cell in zip(places, cells, strict=True))


def unfinished(ledger: Ledger) -> bool:
    """Whether any batch was about to be sent and nothing was noted of it since; to ask costs less than to read them all."""
    last = {line.body["batch"]: line.kind for line in ledger.lines("sending", "sent", "unsent")}
    return "sending" in last.values()


def in_doubt(batches: Iterable[Batch], exported: Mapping[str, date]) -> list[Batch]:
    """The batches of which nobody knows whether they arrived, and of which no export has told since.

    `exported`: the night of each platform's last export. What came after a batch shows of each cell what became of it.
    """
    return [
        one for one in batches if one.state == "sending" and exported.get(one.platform, date.min) <= one.night
    ]


def overtaken(batch: Batch, batches: Iterable[Batch]) -> bool:
    """Whether a later batch of the platform tells one of its cells: sent again, the older value would come last."""
    later = (one for one in batches if one.platform == batch.platform and one.live and not one.open)
    order = (batch.night, batch.turn)
    return any((one.night, one.turn) > order and one.cells.keys() & batch.cells.keys() for one in later)


def told(batches: Iterable[Batch]) -> list[Told]:
    """Every cell that stands in a batch."""
    return [
        Told(line, b.name, b.platform, b.night, b.state, b.live, *cell, b.refused.get(place))
        for b in batches
        for place, (line, cell) in b.cells.items()
    ]


def batch_name(platform: str, night: date, turn: int) -> str:
    """
    >>> batch_name("grid", date(2026, 11, 16), 1)
    'grid-20261116-1'
    """
    return f"{platform}-{night:%Y%m%d}-{turn}"


def is_named(name: str, text: str) -> bool:
    """Whether a text, such as the name of a file, holds the name of a batch.

    >>> is_named("grid-20261116-1", "回执 grid-20261116-1.xlsx"), is_named("grid-20261116-1", "grid-20261116-12.xlsx")
    (True, False)
    """
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![0-9])", text) is not None


def open_batch(batches: dict[str, Batch], platform: str, night: date, *, live: bool) -> Batch:
    """The batch of a platform that tonight's cells go into: the last of the night while it can still change, else a new
    one."""
    tonight = [one for one in batches.values() if one.platform == platform and one.night == night]
    if tonight and tonight[-1].open and tonight[-1].live == live:
        return tonight[-1]
    return Batch(batch_name(platform, night, len(tonight) + 1), platform, night, live)


def note(ledger: Ledger, kind: str, batch: Batch, cells: Iterable[Cell] = (), **words: str) -> int:
    """Add a line about a batch; its number."""
    body = {"batch": batch.name, "platform": batch.platform, "night": batch.night.isoformat()}
    return ledger.append(kind, body | {"live": batch.live} | words, list(cells))


def note_answers(
    ledger: Ledger, kind: Literal["refused", "unclear"], batch: Batch, said: Iterable[tuple[str, str]]
) -> None:
    """Note what the platform said of records, in its words: that it did not take them, or what nobody here understands.

    A line for each of its sentences. They may hold personal values and are kept beside the chain.
    """
    cells: dict[str, list[Cell]] = {}
    for (record_id, _), (_, cell) in batch.cells.items():
        cells.setdefault(record_id, []).append(cell)
    by_words: dict[str, list[Cell]] = {}
    for record_id, words in said:
        by_words.setdefault(words, []).extend(cells.get(record_id, ()))
    for words, theirs in by_words.items():
        note(ledger, kind, batch, theirs, words=ledger.remember(words))


def conclude(
    ledger: Ledger, batch: Batch, missed: Collection[str], doubtful: Collection[str], **words: str
) -> BatchState:
    """Note what is known of a batch that was on its way; what it is now.

    `missed`: records whose cells certainly did not arrive; `doubtful`: those of which nobody knows; the platform has the
    others. What was known to have arrived is not doubted again. Cells that did not arrive leave a batch of which others
    did: they are wanted again, and go with a later one.
    """
    cells = {place: cell for place, (_, cell) in batch.cells.items()}
    open_places = cells.keys() - batch.arrived
    lost = [cells[place] for place in open_places if place[0] in missed]
    unknown = [cells[place] for place in open_places if place[0] in doubtful]
    there = cells.keys() - {(one.record_id, one.field) for one in (*lost, *unknown)}
    if not unknown and not there:
        note(ledger, "unsent", batch, (), **words)
        return "unsent"
    if unknown and there:
        note(ledger, "arrived", batch, [cells[place] for place in there])
    if lost:
        note(ledger, "withdrawn", batch, lost)
    if unknown:
        return "sending"
    note(ledger, "sent", batch, (), **words)
    return "sent"
