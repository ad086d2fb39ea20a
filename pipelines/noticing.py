"""Notices that two records of a platform are one person, or two after all: what waits for a word, and the word.

Belongs here: showing the notices of the last published night, names masked; noting a word on one pair.
Lives elsewhere: which notices there are (`warehouse/notices.py`), giving those that somebody agreed to (`outbound.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.platform import read_platforms
from dedup.normalise.masks import masked
from pipelines.messages import Language, say
from pipelines.published import published
from stewardship.approving import WrongApproval
from warehouse.approvals import Said, Word, live_platforms
from warehouse.ledger import open_ledger
from warehouse.notices import Kind, open_notices, say_of_notice
from warehouse.site import read_site


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """One notice that has not been given: its two records, the person of each by masked name, and what was said of it."""

    platform: str
    kind: Kind
    kept: str
    other: str
    persons: tuple[str, str]
    word: Word | None
    live: bool


def waiting_notices(root: Path, platform: str | None, speak: Language) -> list[WaitingNotice]:
    """Every notice that has not been given, as of the last published night."""
    takers = [one for slug, one in read_platforms()[0].items() if platform in (None, slug)]
    with published(root, speak) as con, open_ledger(read_site(root)) as ledger:
        found, live = open_notices(con, ledger, takers), live_platforms(ledger)
        names = dict(
            con.execute(
                "select r.record_id, g.name from resolved.record as r join golden.resident as g using (resident_id)"
                " where list_contains($records, r.record_id)",
                {"records": [record for one in found for record in (one.kept, one.other)]},
            ).fetchall()
        )
    return [
        WaitingNotice(
            one.platform,
            one.kind,
            one.kept,
            one.other,
            (masked("name", names.get(one.kept) or ""), masked("name", names.get(one.other) or "")),
            one.word,
            one.platform in live,
        )
        for one in found
    ]


def decide_notice(
    root: Path,
    word: Word,
    platform: str,
    pair: tuple[str, str],
    said: Said,
    speak: Language,
) -> int:
    """Note a person's word on the notice of these two records; the number of the line.

    Raises:
        WrongApproval: no such notice waits.
    """
    if not said.because.strip():
        raise WrongApproval(say("gate_because", speak))
    takers = [one for slug, one in read_platforms()[0].items() if slug == platform]
    with published(root, speak) as con, open_ledger(read_site(root)) as ledger:
        for one in open_notices(con, ledger, takers):
            if {one.kept, one.other} == set(pair):
                return say_of_notice(ledger, word, one, said)
    raise WrongApproval(say("notice_unknown", speak, site=root))
