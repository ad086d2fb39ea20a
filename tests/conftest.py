"""Settings of the whole suite: no telemetry, whatever a library's default; and in CI the same examples every time."""

import os

import pytest
from hypothesis import settings

# No example has a deadline: how long one takes says more of the machine than of the code. In CI, new examples are for
# developers to find, not for a landing to trip over.
settings.register_profile("own", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "own")

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nights first: a file of them takes longest, and whoever is given one last lets the other workers wait."""
    items.sort(key=lambda item: "pipelines" not in item.path.parts)
