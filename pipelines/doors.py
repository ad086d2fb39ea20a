"""The four doors as the night passes them.

Belongs here: checking what the warehouse holds at a door, and noting what was found.
Lives elsewhere: the suites and the frames (`expectations/`), what a failed door stops (`night.py`), judging one export
before it is taken in (`expectations/gate.py`).
"""

from __future__ import annotations

from expectations.door import DoorResult, check_door
from expectations.frames import frame
from expectations.suite import Door
from pipelines.night import Night


def pass_door(night: Night, door: Door) -> DoorResult:
    """Check what the warehouse holds at a door, and note what was found."""
    with night.clock("quality"):
        found = frame(night.con, door, night.date)
        result = check_door(door, found)
    night.doors.append(result)
    night.rows["quality"] = night.rows.get("quality", 0) + len(result.checks)
    return result
