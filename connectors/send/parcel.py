"""One batch on its way: what is sent, kept beside the file that a person can look at, and what became of it row by row.

Belongs here: the rows of a batch as a file that never changes once the platform may have seen it; the words for what became
of them.
Lives elsewhere: which cells stand in them (`connectors/write/draft.py`), sending them (`connectors/send`), what the ledger
says of it (`warehouse/batches.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from connectors.durable import write_bytes
from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.pull.budget import Budget
from connectors.write.draft import Draft
from warehouse.connections import Connection

ROWS = "rows.json"

# took: the platform has it, whatever it makes of it; missed: nothing of it arrived, for certain; doubtful: nobody knows.
Fate = Literal["took", "missed", "doubtful"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a batch: whose it is here and there, its cells by header, and which of them change."""

    record_id: str
    key: str  # the platform's own; empty of a newcomer, whom it has not numbered yet
    number: str  # of a newcomer the ID number, by which the platform knows whom it took in
    cells: Mapping[str, str]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Packed:
    """The file of a batch's rows, and its digest as the ledger notes it."""

    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file says: the rows, and the template beside them."""

    rows: tuple[Row, ...]
    template: Path
    template_sha256: str


@dataclass(frozen=True, slots=True)
class Tell:
    """A platform to be told one batch, through one connection. `again`: it may have arrived already."""

    platform: Platform
    connection: Connection
    root: Path  # of the site: references to files are relative to it
    known_hosts: Path
    budget: Budget
    batch: str
    contents: Contents
    again: bool = False
    resend: bool = True  # what did not arrive may be sent again under the same name


@dataclass
class Heard:
    """What became of a batch, by the places of its rows; `problem` and `next_move` where somebody has to know."""

    fates: list[Fate]
    refused: list[tuple[int, str]] = field(default_factory=list)  # with the platform's own words
    unclear: list[tuple[int, str]] = field(default_factory=list)  # an answer that its page does not explain
    silent: int = 0  # rows of which an answer that speaks of rows says nothing
    stray: int = 0  # results of rows that were not in it
    problem: str = ""
    next_move: str = ""

    def answer(self) -> dict[str, Any]:
        """As it leaves a worker."""
        return asdict(self)

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Heard:
        """As it came out of one."""
        pairs = {name: [(at, words) for at, words in answer[name]] for name in ("refused", "unclear")}
        return Heard(**{**answer, **pairs})


def all_of(rows: int, fate: Fate, problem: str = "", next_move: str = "") -> Heard:
    """The same of every row."""
    return Heard([fate] * rows, problem=problem, next_move=next_move)


def pack(folder: Path, draft: Draft, template: Path) -> Packed:
    """Write the rows of a draft beside its template; the same draft gives the same bytes."""
    headers = {name: column.column for name, column in draft.platform.fields.items()}
    number = headers.get("id_number", "")
    rows = [
        Row(
            row.record_id,
            row.source_key,
            "" if row.source_key else row.cells.get(number, ""),
            row.cells,
            tuple(headers[change.field] for change in row.changes),
        )
        for row in draft.rows
    ]
    document = {
        "template": template.name,
        "template_sha256": _digest(template.read_bytes()),
        "rows": [asdict(row) for row in rows],
    }
    data = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
    write_bytes(data, folder / ROWS)
    return Packed(folder / ROWS, _digest(data))


def unpack(packed: Packed) -> Contents:
    """What a batch consists of.

    Raises:
        Unreadable: the files of it are gone, or not what they were when the ledger noted them.
    """
    try:
        data = packed.file.read_bytes()
        whole = _digest(data) == packed.sha256
        document = json.loads(data) if whole else {}
        template = packed.file.parent / document.get("template", "")
        whole = whole and _digest(template.read_bytes()) == document["template_sha256"]
    except OSError:
        whole = False
    if not whole:
        raise Unreadable(
            f"{packed.file.parent} 里的文件不见了，或与账本记的不同，不能再送",
            "请从备份恢复这个文件夹；恢复不了时，到平台上查看后由人定夺",
        )
    rows = tuple(Row(**one | {"changed": tuple(one["changed"])}) for one in document["rows"])
    return Contents(rows, template, document["template_sha256"])


def places(rows: Sequence[Row], named: Iterable[tuple[str, str]]) -> list[list[int]]:
    """For each of the platform's keys, with an ID number for those who had none, the places of its rows; none for a key of
    nobody's."""
    by_key: dict[str, list[int]] = {}
    by_number: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        known, name = (by_key, row.key) if row.key else (by_number, row.number)
        known.setdefault(name, []).append(at)
    return [by_key.get(key) or by_number.get(number or "?", []) for key, number in named]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
