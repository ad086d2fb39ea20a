"""What people said since the last night takes effect at once: the last night is opened again, and who is who, which values we
stand for, and what each platform would lack are found anew. Nothing is pulled, and nobody is told anything.

Belongs here: the order of that work, noting how it went, and when it is due.
Lives elsewhere: the steps (`steps.py`), asking for it and how that stands (`warehouse/applying.py`), the sensor (`definitions.py`).

Matching looks at what the new words touch, and at nothing else. What comes out is what the next night would make of the same
exports. A night that is at work holds the site's lock, so the two never meet: a request waits for it, and is done when the
night has read it already.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dedup.site import ModelRefused
from expectations.door import DoorBroken
from pipelines.doors import pass_door
from pipelines.messages import Language, say
from pipelines.night import Night, WrongNight, open_again
from pipelines.seal import StepFailed
from pipelines.steps import STEPS, run_step, tell_outcomes
from warehouse.applying import begin, fail, open_request
from warehouse.ledger import open_ledger
from warehouse.lock import AlreadyRunning, only_writer
from warehouse.publish import decide, decisions, find_wanted
from warehouse.site import Site, read_site
from warehouse.snapshot import SnapshotError

_AGAIN = 60  # seconds after which a request that nobody took up, or whose run was killed, is taken up again


class NotShown(RuntimeError):
    """What came out failed a critical check, so readers go on seeing what they saw."""


# What these say is written by us and holds no value of a record.
_FORESEEN = (WrongNight, StepFailed, DoorBroken, ModelRefused, SnapshotError, NotShown)


def apply(root: Path, speak: Language = "zh") -> Night | None:
    """Do what was asked for; the night as it stands then, None where nobody waits for anything.

    Raises:
        SiteError; AlreadyRunning: the request goes on waiting; anything else is noted at the request, too.
    """
    site = read_site(root)
    try:
        with open_again(root, speak) as night:
            with open_ledger(site) as ledger:
                request = open_request(site, ledger)
                if request is None:
                    return None
                begin(ledger, request.line)
                night.said = ledger.last()
            for name, step in APPLYING.items():
                run_step(night, name, step)
            if "snapshot" in night.skipped:
                raise NotShown(say("apply_not_shown", speak))
            return night
    except _FORESEEN as fault:
        _note_failure(site, str(fault))
        raise


def due(root: Path) -> str | None:
    """A name for the run that is due, the same until it ought to have begun; None: nobody waits, or the site is at work."""
    site = read_site(root)
    with open_ledger(site) as ledger:
        request = open_request(site, ledger)
    if request is None:
        return None
    try:
        with only_writer(site):
            waited = datetime.now(UTC) - datetime.fromisoformat(request.at)
            return f"{request.line}-{request.state}-{request.at}-{int(waited.total_seconds() // _AGAIN)}"
    except AlreadyRunning:
        return None


def _note_failure(site: Site, problem: str) -> None:
    with open_ledger(site) as ledger:
        if request := open_request(site, ledger):
            fail(ledger, request.line, problem)


def recall(night: Night) -> None:
    """How each platform stood that night: nothing is wanted for those that failed, or that a door stopped."""
    tell_outcomes(night)
    pass_door(night, "landed")
    pass_door(night, "staged")


def want(night: Night) -> None:
    """What each platform would be told by now, for those who approve it; nothing of it is prepared."""
    find_wanted(night.con, night.date, hold_back=night.stopped)
    with open_ledger(night.site) as ledger:
        decide(night.con, ledger, night.date)
    night.decisions = decisions(night.con)


APPLYING: dict[str, Callable[[Night], None]] = {
    "recall": recall,
    **{name: STEPS[name] for name in ("match", "resolve", "golden")},
    "want": want,
    "snapshot": STEPS["snapshot"],
}
