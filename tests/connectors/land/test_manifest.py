"""The book of pulls: a line says something new or is not written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Day
from pathlib import Path

from connectors.land.manifest import Pull, append_to_manifest, read_manifest

PULL = Pull(
    Day(2026, 11, 1),
    "grid",
    "ab",
    "a.xlsx",
    9,
    3,
    "landed",
    "",
    "2026-11-01T01:30:00+00:00",
    "clerk",
    ("账号",),
)


def test_a_line_read_back_is_the_pull(tmp_path: Path) -> None:
    book = tmp_path / "manifest.jsonl"
    append_to_manifest(book, [PULL])
    assert read_manifest(book) == [PULL]


def test_only_a_new_finding_adds_a_line(tmp_path: Path) -> None:
    book = tmp_path / "manifest.jsonl"
    failed = replace(PULL, status="unreadable", message="grid：文件 a.xlsx：已损坏。请重新导出")
    for pull in (failed, replace(failed, at="later"), PULL, replace(PULL, status="unchanged", at="later")):
        append_to_manifest(book, [pull])
    assert read_manifest(book) == [failed, PULL]
    append_to_manifest(book, [replace(PULL, night=Day(2026, 11, 2), status="unchanged")])
    assert len(read_manifest(book)) == 3


def test_a_good_file_that_is_spoiled_and_put_back_is_found_three_times(tmp_path: Path) -> None:
    book = tmp_path / "manifest.jsonl"
    found = [
        PULL,
        replace(PULL, sha256="cd", status="unreadable", message="x"),
        replace(PULL, status="unchanged"),
    ]
    for pull in found:
        append_to_manifest(book, [pull])
    assert read_manifest(book) == found
