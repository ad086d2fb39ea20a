"""What Dagster loads: the job `nightly`, in one process, and its schedule.

Belongs here: the code location; `dagster dev` and the command line load the same one.
Lives elsewhere: the assets and checks (`assets.py`), the work (`steps.py`), the headless run (`conduct.py`).
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` when it decorates.
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import dagster as dg

from connectors.platform import Platform, read_platforms
from pipelines.assets import assets
from pipelines.messages import language
from pipelines.night import Night, open_night

JOB = "nightly"


@dg.resource(
    config_schema={"site": dg.Field(str, is_required=False), "night": dg.Field(str, is_required=False)}
)
def open_for_a_run(context: dg.InitResourceContext) -> Iterator[Night]:
    """The open night, for a run that Dagster starts by itself; the command line hands in its own."""
    root = Path(context.resource_config.get("site") or os.environ.get("ENTER_ONCE_SITE", "var"))
    stated = context.resource_config.get("night")
    with open_night(root, date.fromisoformat(stated) if stated else None, language()) as night:
        yield night


def definitions(platforms: Mapping[str, Platform]) -> dg.Definitions:
    """The code location for these platforms: adding one is one file and no Python."""
    job = dg.define_asset_job(JOB, selection=dg.AssetSelection.all(), executor_def=dg.in_process_executor)
    schedule = dg.ScheduleDefinition(
        name=JOB,
        job=job,
        cron_schedule="30 1 * * *",
        execution_timezone="Asia/Shanghai",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(
        assets=assets(platforms), jobs=[job], schedules=[schedule], resources={"night": open_for_a_run}
    )


defs = definitions(read_platforms()[0])
