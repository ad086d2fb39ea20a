"""The four doors as the night passes them.

Belongs here: the frame of the landed door (nothing of it is in the warehouse yet), and noting what a door found.
Lives elsewhere: the suites and the other frames (`expectations/`), what a failed door stops (`night.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import pandas as pd

from connectors.platform import Platform
from expectations.door import DoorResult, check_door
from expectations.frames import frame
from pipelines.night import Night


class Arrived(Protocol):
    """What is needed here of a pull."""

    @property
    def platform(self) -> str: ...
    @property
    def rows(self) -> int: ...


def landed_frame(
    pulls: Sequence[Arrived], before: Mapping[str, int], platforms: Mapping[str, Platform]
) -> pd.DataFrame:
    """One row per export that arrived; `before` has the rows of each platform's last good one."""
    rows = [
        {
            "platform": pull.platform,
            "rows": pull.rows,
            "most": platforms[pull.platform].export.rows[1],
            "kept_share": pull.rows / before[pull.platform] if before.get(pull.platform) else None,
        }
        for pull in pulls
    ]
    columns = ["platform", "rows", "most", "kept_share"]
    return pd.DataFrame(rows, columns=columns).astype({"kept_share": "float64"})


def check_landed(night: Night, pulls: Sequence[Arrived], before: Mapping[str, int]) -> DoorResult:
    """Whether these exports may be read at all."""
    with night.clock("quality"):
        return check_door("landed", landed_frame(pulls, before, night.platforms))


def pass_door(night: Night, door: Literal["staged", "golden", "outbox"]) -> DoorResult:
    """Check what the warehouse holds at a door, and note what was found."""
    with night.clock("quality"):
        result = check_door(door, frame(night.con, door))
    note_door(night, result)
    return result


def note_door(night: Night, result: DoorResult) -> None:
    """Keep what a door found for the report."""
    night.doors.append(result)
    night.rows["quality"] = night.rows.get("quality", 0) + len(result.checks)


def refusal(result: DoorResult, slug: str) -> str:
    """Why a door stopped a platform, and what to do, in one line."""
    return "；".join(
        f"{check.expectation.reason['zh']}。{check.expectation.next_move['zh']}"
        for check in result.critical
        if slug in check.platforms
    )
