"""What is said about a file in the outbox: what it holds, for whom, on which grounds. No personal value is in it.

Belongs here: the changes that come in, the manifest that goes beside the file.
Lives elsewhere: making the file (`outbox.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date
from pathlib import Path
from typing import Literal

from connectors.platform import Platform

_encode = json.JSONEncoder(ensure_ascii=False).encode  # dumps would make one for each row


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that the platform lacks or has wrong. `value` is the golden value in normal form."""

    record_id: str
    source_key: str
    field: str
    value: str
    kind: Literal["fill", "correct", "close", "recall", "insert"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A change that is not in the file, and why."""

    record_id: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the file: whose it is, and which of its fields change."""

    record_id: str
    fill: tuple[str, ...] = ()
    correct: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    recall: tuple[str, ...] = ()
    insert: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What lies in the outbox for one platform and night."""

    night: str
    platform: str
    title: str
    batch: str  # what the ledger calls it
    mode: Literal["shadow", "live"]
    file: str | None
    sha256: str | None
    rows: int
    newcomers: int  # of the rows, those of people whom the platform does not have yet
    cells: int
    fields: Mapping[str, int]
    purpose: str
    basis: str
    records: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]

    def text(self) -> str:
        """The manifest as it lies beside the file, a row or a cell left out on each line."""
        stated = {item.name: getattr(self, item.name) for item in dataclass_fields(self)}
        lines = [f" {json.dumps(name)}: {_json(value)}" for name, value in stated.items()]
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: object) -> str:
    """One value of the manifest. A line for each of a hundred thousand rows: an indented dump would take as long as the file."""
    if not (isinstance(value, tuple) and value and isinstance(value[0], Entry | LeftOut)):
        return _encode(value)
    names = [item.name for item in dataclass_fields(value[0])]
    lines = (_encode({name: getattr(one, name) for name in names}) for one in value)
    return "[\n  " + ",\n  ".join(lines) + "\n ]"


def describe(
    platform: Platform,
    night: date,
    entries: Sequence[Entry],
    left_out: Sequence[LeftOut],
    file: Path | None,
    batch: str,
    live: bool,
) -> Manifest:
    """The manifest of one file; `file` None: nothing could be written."""
    counts = Counter(
        field
        for entry in entries
        for field in (*entry.fill, *entry.correct, *entry.close, *entry.recall, *entry.insert)
    )
    return Manifest(
        night=night.isoformat(),
        platform=platform.slug,
        title=platform.title,
        batch=batch,
        mode="live" if live else "shadow",
        file=file.name if file else None,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest() if file else None,
        rows=len(entries),
        newcomers=sum(bool(entry.insert) for entry in entries),
        cells=counts.total(),
        fields={field: counts[field] for field in platform.fields if field in counts},
        purpose=platform.receive.purpose,
        basis=platform.receive.basis,
        records=tuple(entries),
        left_out=tuple(left_out),
    )
