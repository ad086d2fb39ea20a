"""Reading the platforms' answers in files, `receipts/<platform>/…`: each once, matched to what was sent.

Belongs here: which files are new, whose rows they speak of, what is noted of them, and what a person has to know.
Lives elsewhere: reading a file (`connectors/receipts.py`), the lines (`warehouse/batches.py`, `warehouse/receipts.py`), answers
that come over the wire (`sending.py`).

A receipt that accepts a row confirms nothing: only the platform's next export does. Files stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path

from connectors.platform import Platform
from connectors.receipts import Line, Received, digest, receive, waiting
from pipelines.night import Night, Remark
from warehouse.batches import Batch, Place, conclude, is_named, note_answers, read_batches
from warehouse.ledger import Ledger
from warehouse.newcomers import is_newcomer
from warehouse.receipts import Counted, note_receipt, receipts_read

_SHOWN = 5  # rows of a receipt that a remark names


@dataclass
class Matched:
    """The rows of a receipt that speak of one batch, by the records they are about; rows that speak of nobody in it."""

    batch: Batch
    records: Mapping[str, str]  # the platform's key -> record, of those in the batch
    newcomers: Mapping[str, str]  # the ID number -> row, of those whom the platform had not numbered
    said: dict[str, Line] = dataclass_field(default_factory=dict)
    stray: list[Line] = dataclass_field(default_factory=list)


def read_receipts(night: Night, ledger: Ledger) -> int:
    """Read every receipt that was not read before; how many rows were matched to what was sent."""
    files = list(_new_files(night, receipts_read(ledger)))
    if not files:
        return 0
    batches = read_batches(ledger, night.date)
    return sum(_take(night, ledger, received, batches) for received in receive(files))


def _new_files(night: Night, known: set[tuple[str, str]]) -> Iterator[tuple[Platform, Path, str]]:
    """Platform, file and digest of each receipt that was not read before; the same bytes are one receipt."""
    for slug, paths in waiting(night.site).items():
        platform = night.platforms.get(slug)
        if platform is None or platform.receipt is None:
            _remark(night, slug, "receipts_no_page", file=slug, count=len(paths))
            continue
        met: set[str] = set()
        for path in paths:
            sha256 = digest(path)
            if not path.match(platform.receipt.file):
                _remark(
                    night, slug, "receipts_odd_file", file=_named(night, path), fitting=platform.receipt.file
                )
            elif sha256 in met:
                _remark(night, slug, "receipts_twice", file=_named(night, path))
            elif (slug, sha256) not in known:
                yield platform, path, sha256
            met.add(sha256)


def _take(night: Night, ledger: Ledger, received: Received, batches: Mapping[str, Batch]) -> int:
    """Note what a receipt says, then that it was read; how many of its rows speak of what was sent."""
    slug, file = received.slug, _named(night, received.path)
    if received.message:
        _remark(night, slug, "receipts_unread", file=file, why=received.message)
        return 0
    sent = {one.name: one for one in batches.values() if one.platform == slug and one.live and not one.open}
    matched, unsent = _match(ledger, received, sent, _keys(night, slug))
    if unsent:
        _remark(night, slug, "receipts_unknown_batch", file=file, **_rows(unsent))
    for one in matched:
        _note(night, ledger, one, file)
    said = [line for one in matched for line in one.said.values()]
    stray = [*unsent, *(line for one in matched for line in one.stray)]
    verdicts = Counter(line.verdict for line in said)
    counted = Counted(
        rows=len(received.lines),
        accepted=verdicts["accepted"],
        refused=verdicts["refused"],
        unclear=verdicts["unclear"],
        stray=len(stray),
    )
    note_receipt(ledger, slug, received.sha256, counted)
    return len(said)


def _match(
    ledger: Ledger, received: Received, sent: Mapping[str, Batch], keys: Mapping[str, str]
) -> tuple[list[Matched], list[Line]]:
    """What is said of each batch, and the rows that speak of a batch which was never sent."""
    named = next((name for name in sent if is_named(name, received.path.name)), "")
    found: dict[str, Matched] = {}
    unsent: list[Line] = []
    for line in received.lines:
        name = line.batch or named
        if name not in sent:
            unsent.append(line)
            continue
        if name not in found:
            found[name] = Matched(sent[name], _records(sent[name], keys), _newcomers(ledger, sent[name]))
        matched = found[name]
        if (record := matched.records.get(line.key) or matched.newcomers.get(line.number)) is None:
            matched.stray.append(line)
        elif record not in matched.said or line.verdict == "refused":
            matched.said[record] = line
    return list(found.values()), unsent


def _note(night: Night, ledger: Ledger, matched: Matched, file: str) -> None:
    """The lines about one batch, and what is odd about what was said of it."""
    batch, said = matched.batch, matched.said
    refused, unclear = _of(said, "refused"), _of(said, "unclear")
    news = {record: line for record, line in refused.items() if not _noted(batch, record, line.words)}
    note_answers(ledger, "refused", batch, ((record, line.words) for record, line in news.items()))
    note_answers(ledger, "unclear", batch, ((record, line.words) for record, line in unclear.items()))
    asked = {record for record, _ in batch.cells}
    if batch.state == "sending":
        conclude(ledger, batch, missed=(), doubtful=asked - said.keys(), route="receipt")
    for sentence, lines in (
        ("receipts_refused", list(refused.values())),
        ("receipts_unclear", list(unclear.values())),
        ("receipts_stray", matched.stray),
        ("receipts_reversed", _reversed(batch.refused, said)),
    ):
        if lines:
            _remark(night, batch.platform, sentence, file=file, batch=batch.name, **_rows(lines))
    if said and (silent := len(asked - said.keys())):
        _remark(
            night,
            batch.platform,
            "receipts_partial",
            file=file,
            batch=batch.name,
            rows=len(said),
            silent=silent,
        )


def _records(batch: Batch, keys: Mapping[str, str]) -> dict[str, str]:
    """The platform's key -> record, of the records in a batch."""
    return {keys[record]: record for record, _ in batch.cells if record in keys}


def _newcomers(ledger: Ledger, batch: Batch) -> dict[str, str]:
    """The ID number -> row, of those whom the platform was told to take in."""
    numbers = {
        record: ledger.recall(cell.digest)
        for (record, field), (_, cell) in batch.cells.items()
        if field == "id_number" and is_newcomer(record)
    }
    return {number: record for record, number in numbers.items() if number}


def _keys(night: Night, slug: str) -> dict[str, str]:
    """Record -> the platform's own key of it."""
    query = "select record_id, source_key from staged.record where platform = ?"
    return dict(night.con.execute(query, [slug]).fetchall())


def _of(said: Mapping[str, Line], verdict: str) -> dict[str, Line]:
    return {record: line for record, line in said.items() if line.verdict == verdict}


def _noted(batch: Batch, record: str, words: str) -> bool:
    """Whether a run that was killed, or another receipt, said the same of a record."""
    return {said for (one, _), said in batch.refused.items() if one == record} == {words}


def _reversed(refused: Mapping[Place, str], said: Mapping[str, Line]) -> list[Line]:
    """Rows that are accepted now and were refused before."""
    before = {record for record, _ in refused}
    return [line for record, line in said.items() if line.verdict == "accepted" and record in before]


def _rows(lines: Sequence[Line]) -> dict[str, object]:
    """How many they are, and where the first of them stand."""
    shown = ", ".join(str(line.row) for line in lines[:_SHOWN])
    return {"rows": len(lines), "places": shown + ("…" if len(lines) > _SHOWN else "")}


def _named(night: Night, path: Path) -> str:
    return str(path.relative_to(night.site.receipts))


def _remark(night: Night, slug: str, sentence: str, **words: object) -> None:
    night.remarks.append(Remark(slug, sentence, {**words, "site": night.site.root}))
