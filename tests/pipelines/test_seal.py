"""A fault leaves without the values it quotes."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.seal import note_fault

SECRET = "33010219900101123X"


def choke(value: str) -> None:
    try:
        int(value)
    except ValueError as error:
        raise RuntimeError(f"could not use {value}") from error


def test_the_log_says_where_and_what_kind_and_not_what(tmp_path):
    site = cast(Any, SimpleNamespace(reports=tmp_path / "reports"))
    with pytest.raises(RuntimeError) as caught:
        choke(SECRET)
    log = note_fault(site, date(2026, 11, 20), "stage grid", caught.value)
    text = log.read_text(encoding="utf-8")
    assert SECRET not in text
    for words in ("stage grid", "in choke", "ValueError", "RuntimeError"):
        assert words in text
    assert log.stat().st_mode & 0o077 == 0
