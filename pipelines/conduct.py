"""Running the Dagster job `nightly` headless, in this process.

Belongs here: Dagster's home in the site, closing the books of a run that was killed, silence on the terminal.
Lives elsewhere: the job (`definitions.py`), the lock that is held meanwhile (`night.py` takes it), words (`cli.py`).
"""

from __future__ import annotations

import logging
import os
import shutil

import dagster as dg

from pipelines.definitions import JOB, definitions
from pipelines.fingerprint import ROOT
from pipelines.night import Night


def conduct(night: Night) -> None:
    """Run every step of an open night as one Dagster run; the first error of a step is raised as it is."""
    home = night.site.dagster_home
    home.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with dg.DagsterInstance.get() as instance:
        _close_dead_runs(instance)
        # Each asset and check is an event that Dagster writes down: platforms nobody uses would be most of the night.
        job = definitions(night.in_use()).resolve_job_def(JOB)
        job.execute_in_process(
            instance=instance,
            resources={"night": night},
            tags={"night": night.date.isoformat(), "site": night.site.name},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def _close_dead_runs(instance: dg.DagsterInstance) -> None:
    """We hold the site's lock, so a run that still says it is running died with its process."""
    running = dg.RunsFilter(
        job_name=JOB, statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]
    )
    for run in instance.get_runs(filters=running):
        instance.report_run_failed(run, "The process of this run died; the night was run again.")
