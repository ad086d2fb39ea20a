"""Drafting a platform file from a sample: the bar, what is never printed, and what cannot be drafted."""

from __future__ import annotations

import codecs
import re
import shutil
import tomllib
import zipfile
from datetime import date
from pathlib import Path

import pytest

from benchmarks.drafting import (
    FEWEST,
    FEWEST_WHO,
    cases_module,
    exports_of_a_city,
    fixtures,
    shaped_by_hand,
    shares,
)
from connectors.draft import CannotDraft, draft, examine
from connectors.land.cells import write_cells
from connectors.platform import read_platform
from connectors.read import read_export
from connectors.sandbox import Limits
from connectors.stage import stage
from dedup.normalise.area import Area

LOCKED = Path(__file__).parents[2] / "cases" / "locked.xlsx"
AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
CASES = cases_module().CASES


@pytest.fixture(scope="module")
def of_platforms():
    """Every platform of the catalogue, drafted without its own headers among what the draft knows."""
    return list(fixtures()) or list(exports_of_a_city(300))


def test_columns_of_the_catalogue_are_mapped_right_without_its_headers(of_platforms):
    found = shares(of_platforms)

    assert found["columns"] > 250
    assert found["right"] >= FEWEST, [one.wrong for one in of_platforms if one.wrong]
    assert found["who_right"] >= FEWEST_WHO, [one.name for one in of_platforms if one.who_right < one.who]


def test_columns_of_samples_shaped_by_hand_are_mapped_right():
    found = shares(list(shaped_by_hand()))

    assert found["samples"] >= 10
    assert found["right"] >= FEWEST
    assert found["who_right"] >= FEWEST_WHO
    assert found["restricted_found"] == 1


@pytest.mark.parametrize("name", CASES)
def test_a_draft_reads_the_sample_it_was_made_from(cases, tmp_path, name):
    """Nothing of the file is lost: what the draft says of it is enough to stage every row of data."""
    sample = cases.build(name, tmp_path)
    page = tmp_path / f"{name}.toml"
    page.write_text(examine(sample, None, name, "zh", ())["toml"], encoding="utf-8")
    platform = read_platform(page)
    cells = tmp_path / "cells.parquet"
    write_cells(read_export(sample, platform.export), cells)
    staged = stage(platform, cells, area=AREA, key=b"k" * 32, source="a", night=date(2026, 11, 1))

    assert staged.staged >= 6
    assert staged.quarantined == 0


@pytest.mark.parametrize("speak", ["zh", "en"])
@pytest.mark.parametrize("name", CASES)
def test_no_value_of_a_person_is_printed(cases, tmp_path, name, speak):
    sample = cases.build(name, tmp_path)
    told = str(examine(sample, None, name, speak, ()))
    headers = "".join(CASES[name]["truth"])
    # A header or a word of the code tables is nobody's; whose names, numbers and addresses these are is.
    values = {
        cell
        for line in CASES[name]["rows"].split("\n")[2:]
        for cell in line.split("|")
        if re.search(r"\d{6,}|[路街]\d|^(沈|周|吴|郑|韩|欧阳|许|冯|朱|陆|蒋)[\u4e00-\u9fff]{1,2}$", cell)
    } - {"33010000"}

    assert len(values) > 10
    assert not [value for value in values if value in told and value not in headers]


def test_what_a_sample_is_shaped_like_is_declared(cases, tmp_path):
    facts = tomllib.loads(
        examine(cases.build("school_entry", tmp_path), None, "school_entry", "zh", ())["toml"]
    )

    assert facts["export"]["header_rows"] == 2
    assert facts["export"]["title"] == "近江小学2026年秋季适龄儿童入学摸底表"
    assert facts["export"]["key"] == "报名号"
    assert facts["export"]["instructions"]["孩子情况/身份证件号"] == "必填，18位"
    assert facts["fields"]["birth_date"]["format"] == "%Y-%m-%d"


def test_a_draft_is_as_strict_as_the_law_until_a_person_decides(cases, tmp_path):
    facts = tomllib.loads(
        examine(cases.build("helped_families", tmp_path), None, "helped_families", "zh", ())["toml"]
    )

    assert (facts["tier"], facts["share"], facts["authority"]) == ("T3", [], [])
    assert "receive" not in facts
    assert facts["household"] == "living"
    assert facts["export"]["two_sheets"]["link"] == "建档号"
    assert list(facts["forbidden"]) == ["帮扶家庭/家庭月收入"]


def test_people_in_one_cell_and_ditto_marks_are_declared_and_asked_about(cases, tmp_path):
    answer = examine(cases.build("volunteers", tmp_path), None, "volunteers", "en", ())
    facts = tomllib.loads(answer["toml"])

    assert facts["export"]["ditto"] is True
    assert facts["export"]["split_people"] == "姓\n名"
    assert [question for question in answer["questions"] if "split_people" in question]


def test_numbers_that_stand_for_codes_are_read_by_what_the_rows_say(cases, tmp_path):
    facts = tomllib.loads(
        examine(cases.build("citizen_app", tmp_path), None, "citizen_app", "zh", ())["toml"]
    )
    local = tomllib.loads(examine(cases.build("moving_in", tmp_path), None, "moving_in", "zh", ())["toml"])
    window = tomllib.loads(
        examine(cases.build("pension_window", tmp_path), None, "pension_window", "zh", ())["toml"]
    )

    assert facts["codes"]["sex"] == {"1": "1", "0": "2"}
    assert local["codes"]["marital"] == {"1": "10", "2": "20", "3": "30", "4": "40"}
    # 是否在世 asks the opposite of whether somebody died.
    assert window["codes"]["death_flag"] == {"否": "1", "是": "0"}


PACKAGE = """<?xml version="1.0" encoding="utf-8"?><DATA><HEAD><bm>P01</bm></HEAD><FW><dz>近江路12号近江家园3幢101室</dz>
<RY><xm>张三</xm><sjh>13588120031</sjh></RY><RY><xm>李四</xm><sjh>13588120032</sjh></RY></FW></DATA>"""


def test_records_are_found_inside_records_of_an_exchange_package(tmp_path):
    (tmp_path / "a.xml").write_text(PACKAGE, encoding="utf-8")
    answer = examine(tmp_path / "a.xml", None, "package", "zh", ())

    assert tomllib.loads(answer["toml"])["export"]["records"] == ["DATA.FW", "RY"]
    assert answer["columns"]["RY.xm"]["field"] == "name"


def test_the_data_of_an_archive_is_told_from_what_lies_beside_it(cases, tmp_path):
    sample = cases.build("lodgers", tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(sample, "数据/lodgers.xls")
        archive.writestr("说明.txt", "请勿修改")
    facts = tomllib.loads(examine(tmp_path / "a.zip", None, "lodgers", "zh", ())["toml"])

    assert (facts["export"]["file"], facts["export"]["packed"]) == ("*.zip", "zip")
    assert facts["export"]["format"] == "html"
    assert facts["export"]["beside"] == ["*.txt"]


def test_tab_text_called_xls_is_declared_as_what_it_is(cases, tmp_path):
    sample = cases.build("pension_window", tmp_path)
    export = tomllib.loads(examine(sample, None, "pension_window", "zh", ())["toml"])["export"]

    assert (export["format"], export["encoding"], export["file"]) == ("text", "utf-16", "*.xls")


LOGIN = '<html><body><form><input type="password"></form>统一身份认证</body></html>'


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("空.csv", b"", "0 字节"),
        ("登录.xls", LOGIN.encode(), "登录页面"),
        ("照片.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100), "图片"),
        ("扫描.xls", b"%PDF-1.7 ...", "PDF"),
        ("没有表头.csv", "张三,13812341234\n李四,13812341235\n".encode(), "没有找到表头"),
        ("两列.csv", "姓名,电话,姓 名\n张三,1,2\n".encode(), "表头相同"),
        ("全角.csv", "ＩＤ,姓名,ID\n1,张三,2\n".encode("gb18030"), "表头相同"),
        ("一段话.csv", codecs.BOM_UTF8 + "请联系管理员导出".encode(), "没有找到表头"),
        ("接口.json", b'{"code": 401, "msg": "token expired"}', "没有记录的列表"),
        ("断了.json", b'{"data": [{"xm": "', "JSON"),
        ("炸弹.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "实体"),
        ("回执.xml", b"<RESULT><code>401</code></RESULT>", "没有记录的列表"),
        ("坏了.xlsx", b"PK\x03\x04" + bytes(50), "损坏"),
        ("乱码.csv", bytes(range(128, 256)) * 40, "编码"),
    ],
)
def test_what_is_no_table_is_said_so(read_here, tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(CannotDraft, match=said) as error:
        draft(path)
    assert name in str(error.value)
    assert "张三" not in str(error.value)


def test_a_workbook_with_a_password_is_said_so(tmp_path):
    shutil.copy(LOCKED, tmp_path / "locked.xlsx")

    with pytest.raises(CannotDraft, match="密码"):
        draft(tmp_path / "locked.xlsx")


def test_a_sample_that_takes_too_long_costs_only_its_own_draft(cases, tmp_path):
    with pytest.raises(CannotDraft, match="超过上限"):
        draft(cases.build("lodgers", tmp_path), limits=Limits(wall_seconds=0.01))


@pytest.mark.parametrize("slug", ["../grid", "Grid", "", "1st", "新平台", "a b"])
def test_a_name_that_is_no_platforms_name_is_refused(tmp_path, slug):
    with pytest.raises(CannotDraft, match="--slug"):
        draft(tmp_path / "a.csv", slug=slug)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(CannotDraft, match="没有这个文件"):
        draft(tmp_path / "a.csv")
