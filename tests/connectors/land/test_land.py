"""What a night finds in the inbox: landed once for the same bytes, one clear message for anything else."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date as Day
from datetime import timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq

from connectors.errors import ExportRefused
from connectors.land import cells_path, pull_all, pulls
from connectors.platform import Platform
from connectors.sandbox import Limits
from connectors.stage import stage
from warehouse.site import Site

NIGHT = Day(2026, 11, 1)
PEOPLE = tuple((f"K{n}", f"张{'伟静敏丽军杰'[n]}", f"33010619800101{n}123", "近江路12号") for n in range(6))

Book = Callable[..., bytes]
Put = Callable[..., Path]
Make = Callable[..., Platform]


def stored(site: Site) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in (site.landing / "trial").iterdir())


def test_bytes_and_cells_are_kept_with_one_line_in_the_manifest(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    data = workbook(*PEOPLE)
    put(data)
    (pull,) = pull_all(site, {"trial": platform()}, NIGHT)
    assert (pull.status, pull.rows, pull.source, pull.bytes) == ("landed", 7, "export.xlsx", len(data))
    assert (site.landing / "trial" / f"{pull.sha256}.xlsx").read_bytes() == data
    table = pq.read_table(cells_path(site, pull))
    assert table.schema.names == ["sheet", "row", "cells", "types"]
    assert table.slice(1, 1).to_pylist() == [
        {"sheet": "Sheet", "row": 2, "cells": list(PEOPLE[0]), "types": "ssss"}
    ]
    assert pulls(site) == [pull]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (site.landing / "trial").iterdir())


def test_the_same_night_again_lands_nothing_and_adds_no_line(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    put(workbook(*PEOPLE))
    pull_all(site, {"trial": platform()}, NIGHT)
    lines, files = (site.landing / "manifest.jsonl").read_bytes(), stored(site)
    (again,) = pull_all(site, {"trial": platform()}, NIGHT)
    assert (again.status, again.rows) == ("unchanged", 7)
    assert (site.landing / "manifest.jsonl").read_bytes() == lines and stored(site) == files


def test_a_b_a_on_three_nights_is_stored_twice_and_pulled_three_times(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    a, b = workbook(*PEOPLE), workbook(*PEOPLE[:5])
    for later, data in enumerate((a, b, a)):
        put(data, night=NIGHT + timedelta(later))
        pull_all(site, {"trial": platform()}, NIGHT + timedelta(later))
    assert stored(site) == ["cells.parquet"] * 2 + ["xlsx"] * 2
    found = pulls(site)
    assert [pull.status for pull in found] == ["landed", "landed", "unchanged"]
    assert found[0].sha256 == found[2].sha256 != found[1].sha256
    assert [pull.rows for pull in found] == [7, 6, 7]


def test_a_landing_cut_off_in_the_middle_is_made_again(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    put(workbook(*PEOPLE))
    (pull,) = pull_all(site, {"trial": platform()}, NIGHT)
    cells_path(site, pull).write_bytes(b"PAR1")
    (again,) = pull_all(site, {"trial": platform()}, NIGHT)
    assert again.status == "landed" and pq.read_table(cells_path(site, again)).num_rows == 7
    assert len(pulls(site)) == 1


def test_forbidden_columns_are_blank_before_anything_is_written(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    put(workbook(*PEOPLE))
    forbidden = platform(accounted='[forbidden]\n"地址" = "个人信息保护法第二十八条"')
    (pull,) = pull_all(site, {"trial": forbidden}, NIGHT)
    assert pull.status == "landed" and pull.forbidden == ("地址",)
    assert stored(site) == ["cells.parquet"]
    cells = pq.read_table(cells_path(site, pull)).column("cells").to_pylist()
    assert [row[3] for row in cells] == ["地址"] + [""] * 6
    kept = b"".join(path.read_bytes() for path in site.landing.rglob("*") if path.is_file())
    assert "近江路12号".encode() not in kept
    # The hash is that of the original: the same file again is the same pull.
    assert pull_all(site, {"trial": forbidden}, NIGHT)[0].status == "unchanged"


def test_a_column_that_becomes_forbidden_is_taken_out_of_what_was_kept(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    put(workbook(*PEOPLE))
    pull_all(site, {"trial": platform()}, NIGHT)
    forbidden = platform(accounted='[forbidden]\n"地址" = "依法不得接入"')
    pull_all(site, {"trial": forbidden}, NIGHT + timedelta(1))
    put(workbook(*PEOPLE), night=NIGHT + timedelta(1))
    (pull,) = pull_all(site, {"trial": forbidden}, NIGHT)
    assert stored(site) == ["cells.parquet"]
    assert pq.read_table(cells_path(site, pull)).column("cells").to_pylist()[1][3] == ""


def test_a_moved_forbidden_column_is_found_and_a_renamed_one_lands_nothing(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    forbidden = platform(accounted='[forbidden]\n"地址" = "依法不得接入"')
    put(workbook(*((p[3], *p[:3]) for p in PEOPLE), header=("地址", "编号", "姓名", "身份证号")))
    (pull,) = pull_all(site, {"trial": forbidden}, NIGHT)
    assert {row[0] for row in pq.read_table(cells_path(site, pull)).column("cells").to_pylist()[1:]} == {""}
    put(workbook(*PEOPLE, header=("编号", "姓名", "身份证号", "住处")), night=NIGHT + timedelta(1))
    (pull,) = pull_all(site, {"trial": forbidden}, NIGHT + timedelta(1))
    assert pull.status == "unreadable" and "「住处」" in pull.message and len(stored(site)) == 1


def test_a_platform_that_sent_nothing_is_missing_and_one_that_sent_two_is_asked(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    for name in ("a.xlsx", "b.xlsx", "~$a.xlsx", ".DS_Store"):
        put(workbook(*PEOPLE), slug="twice", name=name)
    put(b"x", slug="other", name="读我.txt")
    slugs = ("gone", "twice", "other")
    found = {p.platform: p for p in pull_all(site, {slug: platform(slug) for slug in slugs}, NIGHT)}
    assert found["gone"].status == "missing" and "2026-11-01 没有收到文件" in found["gone"].message
    assert found["twice"].status == "unreadable" and "有 2 个文件符合 *.xlsx" in found["twice"].message
    assert "a.xlsx、b.xlsx" in found["twice"].message and "~$" not in found["twice"].message
    assert "有 0 个文件符合" in found["other"].message and "读我.txt" in found["other"].message


def test_a_missing_file_that_arrives_later_the_same_night_is_taken(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    pull_all(site, {"trial": platform()}, NIGHT)
    pull_all(site, {"trial": platform()}, NIGHT)
    put(workbook(*PEOPLE))
    pull_all(site, {"trial": platform()}, NIGHT)
    assert [pull.status for pull in pulls(site)] == ["missing", "landed"]


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "x", "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


LOGIN = '<html><body>请先登录<input type="password"></body></html>'.encode()

# What is put in the inbox, and the words the clerk must find in the one message about it.
BAD: dict[str, tuple[Callable[[Book], bytes], str]] = {
    "empty file": (lambda book: b"", "文件是空的"),
    "header only": (lambda book: book(), "只有表头，没有数据"),
    "no header": (lambda book: book(*PEOPLE, header=("a", "b", "c", "d")), "没有找到表头"),
    "unknown column": (
        lambda book: book(*((*p, "x") for p in PEOPLE), header=("编号", "姓名", "身份证号", "地址", "信仰")),
        "多出不认识的列「信仰」",
    ),
    "missing required column": (
        lambda book: book(*(p[:1] + p[2:] for p in PEOPLE), header=("编号", "身份证号", "地址")),
        "缺少列「姓名」",
    ),
    "doubled column": (
        lambda book: book(*((*p, "x") for p in PEOPLE), header=("编号", "姓名", "身份证号", "地址", "姓 名")),
        "有两列表头相同",
    ),
    "wrong encoding": (lambda book: b"\xff\xff\xff\xff\n" * 30, "收到的却是纯文本"),
    "truncated file": (lambda book: book(*PEOPLE)[:-900], "已损坏或不完整"),
    "login page": (lambda book: LOGIN, "收到的是登录页面"),
    "far cell": (lambda book: far_cell(), "远在数据区之外"),
}


def test_each_bad_file_gives_one_message_with_file_and_next_move_and_stops_nobody_else(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    platforms = {f"p{n:02}": platform(f"p{n:02}") for n in range(len(BAD))} | {"trial": platform()}
    for slug, (make, _) in zip(platforms, BAD.values(), strict=False):
        put(make(workbook), slug=slug)
    put(workbook(*PEOPLE))
    messages: dict[str, str] = {}
    for pull in pull_all(site, platforms, NIGHT):
        messages[pull.platform] = pull.message
        if pull.status == "landed":
            try:
                staged = stage(
                    platforms[pull.platform],
                    cells_path(site, pull),
                    area=site.area,
                    key=site.key,
                    source=pull.source,
                    night=NIGHT,
                )
                assert (pull.platform, staged.rows_in) == ("trial", 6)
            except ExportRefused as refused:
                messages[pull.platform] = str(refused)
    assert messages.pop("trial") == ""
    for (slug, message), (story, (_, words)) in zip(messages.items(), BAD.items(), strict=True):
        assert message.startswith(f"{slug}：文件 export.xlsx"), story
        assert words in message and message.count("。") == 1 and not message.endswith("。"), (story, message)
        assert not any(person[1] in message for person in PEOPLE), story


def test_an_unreadable_file_is_tried_again_when_the_reader_can_read_it(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    put(workbook(*PEOPLE))
    # No export can be read in so little memory; the next run has enough.
    starved = Limits(memory=64 << 20, cpu_seconds=60, wall_seconds=60)
    (failed,) = pull_all(site, {"trial": platform()}, NIGHT, limits=starved)
    assert failed.status == "unreadable" and failed.source in failed.message
    assert pull_all(site, {"trial": platform()}, NIGHT)[0].status == "landed"
    assert [pull.status for pull in pulls(site)] == ["unreadable", "landed"]


def test_the_manifest_holds_no_cell(site: Site, platform: Make, put: Put, workbook: Book) -> None:
    put(workbook(*PEOPLE))
    pull_all(site, {"trial": platform()}, NIGHT)
    text = (site.landing / "manifest.jsonl").read_text(encoding="utf-8")
    assert json.loads(text)["platform"] == "trial"
    assert not any(cell in text for person in PEOPLE for cell in person)


def killer() -> bytes:
    """A workbook whose far cell is written so that the check before parsing does not see it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(far_cell())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(
                name, part.replace(b'r="XFD1048576"', b"r='XFD1048576'").replace(b'"1048576"', b"'1048576'")
            )
    return out.getvalue()


def test_a_workbook_that_kills_its_parser_costs_its_own_platform_only(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    slugs = ("a", "b", "c", "d")
    for slug in slugs:
        put(killer() if slug == "b" else workbook(*PEOPLE), slug=slug)
    found = {pull.platform: pull for pull in pull_all(site, {slug: platform(slug) for slug in slugs}, NIGHT)}
    assert [found[slug].status for slug in slugs] == ["landed", "unreadable", "landed", "landed"]
    assert found["b"].message.startswith("b：文件 export.xlsx：") and "崩溃" in found["b"].message


def test_an_archive_lands_its_data_file_and_with_a_forbidden_column_is_not_kept(
    site: Site, platform: Make, put: Put, workbook: Book
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("数据.xlsx", workbook(*PEOPLE))
        archive.writestr("导出说明.txt", "x")
    put(out.getvalue(), name="export.zip")
    trial = platform(accounted='[forbidden]\n"地址" = "个人信息保护法第二十八条"')
    export = replace(trial.export, file="*.zip", packed="zip", beside=("*说明*",))
    (pull,) = pull_all(site, {"trial": replace(trial, export=export)}, NIGHT)
    assert (pull.status, pull.rows, pull.forbidden) == ("landed", 7, ("地址",))
    assert stored(site) == ["cells.parquet"]
    assert "近江路12号" not in str(pq.read_table(cells_path(site, pull)).to_pylist())
