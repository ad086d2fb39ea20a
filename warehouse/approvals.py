"""What a person said of publishing: which platforms are live, and which cells may go.

Belongs here: these lines of the ledger, and what stands of them today.
Lives elsewhere: which cells need a person (`sql/outbox/decision.sql`), the ways to say it (`stewardship/approving.py`).

A platform is in shadow until a person goes live with it: everything is computed and shown, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from warehouse.ledger import Cell, Ledger

Word = Literal["approved", "declined"]

_MODES = ("live", "shadow")


class Approval(NamedTuple):
    """What a person said last of one cell of one platform: this value may go there, or may not.

    night: the last one that the person had seen; what came up later, the word does not speak of.
    """

    platform: str
    record_id: str
    field: str
    digest: str
    word: Word
    night: str


@dataclass(frozen=True, slots=True)
class Said:
    """Who says it, and why."""

    by: str
    because: str

    def body(self, ledger: Ledger) -> Mapping[str, str]:
        """As it stands in a line; the reason is kept beside the chain."""
        return {"by": self.by, "because": ledger.remember(self.because)}


def say_of_cells(
    ledger: Ledger, word: Word, platform: str, night: date, cells: Iterable[Cell], said: Said
) -> int:
    """Note that these cells of a platform may go there, or may not, as they stood in a night; the number of the line."""
    body = {"platform": platform, "night": night.isoformat(), **said.body(ledger)}
    return ledger.append(word, body, list(cells))


def approvals(ledger: Ledger) -> list[Approval]:
    """What stands: of every cell the last word."""
    lines = {line.seq: line for line in ledger.lines("approved", "declined")}
    last: dict[tuple[str, str, str], Approval] = {}
    for seq, cell in ledger.cells_of("approved", "declined"):
        body, word = lines[seq].body, _word(lines[seq].kind)
        platform, night = body["platform"], body.get("night", "")  # older lines do not say
        last[platform, cell.record_id, cell.field] = Approval(platform, *cell[:3], word, night)
    return list(last.values())


def set_mode(ledger: Ledger, mode: Literal["live", "shadow"], platform: str, night: date, said: Said) -> int:
    """Go live with a platform, or back into shadow, from a night on; the number of the line."""
    return ledger.append(mode, {"platform": platform, "night": night.isoformat(), **said.body(ledger)})


def live_platforms(ledger: Ledger) -> frozenset[str]:
    """The platforms with which somebody went live, and nobody back."""
    modes = {line.body["platform"]: line.kind for line in ledger.lines(*_MODES)}
    return frozenset(platform for platform, mode in modes.items() if mode == "live")


def _word(kind: str) -> Word:
    return "approved" if kind == "approved" else "declined"
