"""What Dagster loads: the job `nightly`, in one process, and its schedule; the job `apply` and the sensor that starts it when a
steward asks.

Belongs here: the code location; `dagster dev` and the command line load the same one.
Lives elsewhere: the assets and checks (`assets.py`), the work (`steps.py`, `applying.py`), the headless run (`conduct.py`).
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` when it decorates.
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import dagster as dg

from connectors.platform import Platform, read_platforms
from pipelines.applying import apply, due
from pipelines.assets import assets
from pipelines.messages import language
from pipelines.night import Night, open_night
from warehouse.lock import AlreadyRunning
from warehouse.site import VARIABLE

JOB = "nightly"
APPLIED = {
    "matched": "match",
    "resolved": "resolve",
    "golden": "golden",
    "snapshot": "snapshot",
}  # asset: step
LOOK_EVERY = 5  # seconds between two looks whether a steward asked


@dg.resource(
    config_schema={"site": dg.Field(str, is_required=False), "night": dg.Field(str, is_required=False)}
)
def open_for_a_run(context: dg.InitResourceContext) -> Iterator[Night]:
    """The open night, for a run that Dagster starts by itself; the command line hands in its own."""
    root = Path(context.resource_config.get("site") or _root())
    stated = context.resource_config.get("night")
    with open_night(root, date.fromisoformat(stated) if stated else None, language()) as night:
        yield night


@dg.op(out=dg.Out(dg.Nothing))
def let_take_effect(context: dg.OpExecutionContext) -> None:
    """Who is who, and what we stand for, by what people said since the night."""
    try:
        night = apply(_root(), language())
    except AlreadyRunning as busy:
        context.log.info(str(busy))  # the request goes on waiting
        return
    if night is not None:
        for asset, step in APPLIED.items():
            context.log_event(dg.AssetMaterialization(asset, metadata={"rows": night.rows.get(step, 0)}))


@dg.job(name="apply", executor_def=dg.in_process_executor)
def apply_job() -> None:
    """What people said takes effect, and nobody is told anything."""
    let_take_effect()


@dg.sensor(
    name="apply",
    job=apply_job,
    minimum_interval_seconds=LOOK_EVERY,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def somebody_asked() -> dg.RunRequest | dg.SkipReason:
    """Whether a steward asked that what was said take effect at once."""
    run = due(_root())
    return dg.RunRequest(run_key=run) if run else dg.SkipReason("nobody waits, or a night is at work")


def _root() -> Path:
    return Path(os.environ.get(VARIABLE, "var"))


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
        assets=assets(platforms),
        jobs=[job, apply_job],
        schedules=[schedule],
        sensors=[somebody_asked],
        resources={"night": open_for_a_run},
    )


defs = definitions(read_platforms()[0])
