"""Settings of the whole suite: no telemetry, whatever a library's default."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
