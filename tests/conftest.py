"""Settings of the whole suite: no telemetry, whatever a library's default; and in CI the same examples every time."""

import os

from hypothesis import settings

# New examples are for developers to find, not for a landing to trip over.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
