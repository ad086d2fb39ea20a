"""What the tests of the night share: a town, and running the command line on it, here or in its own process."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.cli import main

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def towns() -> ModuleType:
    """The module beside the tests: they are no package, pytest imports them by path."""
    spec = importlib.util.spec_from_file_location("town", Path(__file__).parent / "town.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Ran:
    """What one run of the command line gave."""

    status: int
    out: str
    err: str

    @property
    def found(self) -> dict[str, Any]:
        return json.loads(self.out)


def _run(*arguments: object) -> Ran:
    out, err, mask, home = io.StringIO(), io.StringIO(), os.umask(0o077), os.environ.get("DAGSTER_HOME")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main([str(argument) for argument in arguments])
            except SystemExit as stopped:  # argparse
                status = int(stopped.code or 0)
    finally:
        os.umask(mask)
        if home is None:
            os.environ.pop("DAGSTER_HOME", None)
        else:
            os.environ["DAGSTER_HOME"] = home
    return Ran(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def enter_once():
    """Run the command line in this process: what it imports is imported once for all tests."""
    return _run


@pytest.fixture
def start():
    """Start the command line in its own process, which ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def one(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
