"""Samples shaped by hand, written as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from here import run_here

from benchmarks.drafting import cases_module


@pytest.fixture(scope="session")
def cases():
    """The module that holds and writes the samples shaped by hand."""
    return cases_module()


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample is read in this process."""
    monkeypatch.setattr("connectors.draft.run_all", run_here)


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as a workbook of one sheet."""

    def write(*rows: list[object], name: str = "a.xlsx") -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return write
