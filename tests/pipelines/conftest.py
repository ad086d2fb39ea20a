"""What the tests of the night share: a town, running the command line on it, here or in its own process, and plain nights."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from here import nights_here

from pipelines.cli import main
from pipelines.night import Night
from pipelines.steps import STEPS, run_step

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


@contextlib.contextmanager
def _no_doors() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.steps.pass_door", lambda _night, _door: None)
        yield


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    def conduct(night: Night) -> None:
        for name in STEPS:
            run_step(night, name)

    with pytest.MonkeyPatch.context() as patched, nights_here():
        for module in ("conduct", "live"):
            patched.setattr(f"pipelines.{module}.conduct", conduct)
        yield


@pytest.fixture(scope="module")
def no_doors() -> Iterator[None]:
    """What the doors find is tried elsewhere (`test_doors.py`, `test_nightly.py`), and is most of a small night."""
    with _no_doors():
        yield


@pytest.fixture(scope="module")
def plain_nights() -> Iterator[None]:
    """The steps one after the other, in this process.

    Dagster around them is tried in `test_definitions.py`, reading files in processes of their own in `test_bad_input.py` and
    `test_sandbox.py`, and all of it together in `test_nightly.py`.
    """
    with _plainly():
        yield


@pytest.fixture
def plainly() -> Iterator[None]:
    """Plain nights without doors, for one test of a file in which another is about all of a night."""
    with _plainly(), _no_doors():
        yield


@pytest.fixture(scope="session")
def first_night(towns: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A town whose first night is done, plainly and without doors, and what the night said: made once, to be read or copied."""
    root = tmp_path_factory.mktemp("first") / "site"
    towns.town(root)
    with _plainly(), _no_doors():
        return root, _run("nightly", "--site", root, "--json")


@pytest.fixture(scope="module")
def settled(towns, enter_once, tmp_path_factory):
    """A town whose first night is done: its folder, and what the night said."""
    root = tmp_path_factory.mktemp("settled") / "site"
    towns.town(root)
    return root, enter_once("nightly", "--site", root, "--json")


@pytest.fixture
def fresh(towns, tmp_path):
    """A town before its first night."""
    towns.town(tmp_path / "site")
    return tmp_path / "site"


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
