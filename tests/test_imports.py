"""Imports point one way: down this table, never up or sideways; and only pipelines conducts with Dagster."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "warehouse": set(),
    "dedup": {"warehouse"},
    "connectors": {"warehouse"},
    "expectations": {"warehouse"},
    "stewardship": {"warehouse", "dedup"},
    "synthetic_city": {"warehouse", "connectors"},
    "benchmarks": {"warehouse", "dedup", "connectors", "stewardship", "synthetic_city"},
    "pipelines": {"warehouse", "dedup", "connectors", "expectations", "stewardship", "synthetic_city"},
}
LEAF = "dedup.normalise"  # anyone may import it, and it imports none of us
DAGSTER_LIVES_IN = {"pipelines"}


def imported(source: str) -> Iterator[str]:
    """The full names of all modules that a source imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults(module: str, source: str) -> list[str]:
    """What a module (`dedup.normalise.names`) imports and must not."""
    package = module.split(".")[0]
    leaf = f"{module}.".startswith(f"{LEAF}.")
    wrong = []
    for name in imported(source):
        top = name.split(".")[0]
        if top.startswith("dagster") and package not in DAGSTER_LIVES_IN:
            wrong.append(name)
        if top not in MAY_IMPORT or f"{name}.".startswith(f"{LEAF}."):
            continue
        if leaf or (top != package and top not in MAY_IMPORT[package]):
            wrong.append(name)
    return wrong


def modules() -> dict[str, Path]:
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file
        for package in MAY_IMPORT
        for file in sorted((ROOT / package).rglob("*.py"))
    }


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_stands_below_it(module):
    assert faults(module, modules()[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("dedup.match", "import dagster as dg"),
        ("warehouse.store", "from dagster_shared import something"),
        ("dedup.match", "from connectors.platform import Platform"),
        ("connectors.land", "def late():\n    import dedup.match"),
        ("warehouse.golden", "from dedup import match"),
        ("expectations.door", "import connectors"),
        ("dedup.normalise.names", "from warehouse.fields import fields"),
        ("synthetic_city.city", "from pipelines import night"),
    ],
)
def test_an_import_that_points_the_wrong_way_is_found(module, source):
    assert faults(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipelines.assets", "import dagster as dg"),
        ("warehouse.site", "from dedup.normalise.area import Area"),
        ("dedup.normalise.read", "from dedup.normalise.names import name"),
        ("stewardship.review", "from dedup import match"),
    ],
)
def test_an_import_that_points_down_is_no_fault(module, source):
    assert faults(module, source) == []


def test_every_package_is_in_the_table():
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert packages == MAY_IMPORT.keys()
