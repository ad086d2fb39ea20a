"""A site, a platform, and files in its inbox."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date as Day
from pathlib import Path

import openpyxl
import pytest
from pages import HEAD

from connectors.platform import Platform, read_platform
from dedup.normalise.area import Area
from warehouse.site import Site, create_site

NIGHT = Day(2026, 11, 1)
HEADER = ("编号", "姓名", "身份证号", "地址")
PLATFORM = (
    HEAD
    + """\
[export]
format = "xlsx"
file = "*.xlsx"
key = "编号"
columns = ["编号", "姓名", "身份证号", "地址"]
rows = [2, 1000]
[fields]
name = "姓名"
id_number = "身份证号"
"""
)
Put = Callable[..., Path]


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """The bytes of an .xlsx with a header and these rows."""

    def workbook(*rows: tuple[object, ...], header: tuple[str, ...] = HEADER) -> bytes:
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    return workbook


@pytest.fixture
def site(tmp_path: Path) -> Site:
    area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
    return create_site(tmp_path / "site", name="试验", area=area, seed=7)


@pytest.fixture
def platform(tmp_path: Path) -> Callable[..., Platform]:
    """A platform with this slug, its address column ignored or forbidden."""

    def platform(slug: str = "trial", accounted: str = '[ignore]\n"地址" = "不用"') -> Platform:
        path = tmp_path / f"{slug}.toml"
        path.write_text(f"{PLATFORM}\n{accounted}\n", encoding="utf-8")
        return read_platform(path)

    return platform


@pytest.fixture
def put(site: Site) -> Put:
    """Put a file into the inbox."""

    def put(data: bytes, slug: str = "trial", name: str = "export.xlsx", night: Day = NIGHT) -> Path:
        path = site.inbox / night.isoformat() / slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return put
