"""What a blank import template says of the columns."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from connectors.draft import CannotDraft, draft

SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "new-arrivals.csv"
BLANK = SAMPLE.with_name("new-arrivals-blank.xlsx")


@pytest.fixture(scope="module")
def answer():
    return draft(SAMPLE, template=BLANK, slug="new_arrivals", speak="en")


def test_stars_and_red_headers_are_required(answer):
    fields = tomllib.loads(answer["toml"])["fields"]

    assert fields["name"]["required"] and fields["address"]["required"]
    assert fields["id_number"] == "住户身份证号码"


def test_lengths_come_from_validations_and_from_words(answer):
    fields = tomllib.loads(answer["toml"])["fields"]

    assert fields["address"]["max_length"] == 100
    assert fields["phone"]["max_length"] == 40


def test_a_drop_down_says_what_may_be_written(answer):
    facts = tomllib.loads(answer["toml"])

    assert facts["codes"]["employment"]["务农"] == "27"  # offered, though nobody in the sample does it
    assert "退休人员" in facts["fields"]["employment"]["only_read"]  # stated, though the template refuses it
    assert "退休" not in facts["fields"]["employment"]["only_read"]


def test_what_has_no_partner_on_either_side_is_asked_about(answer):
    asked = "\n".join(answer["questions"])

    assert "楼栋长签字" in asked
    assert "老家户口地址" in asked
    assert "新住户姓名 → *姓名" in asked


@pytest.mark.usefixtures("read_here")
def test_a_required_column_that_is_no_field_is_pointed_out(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["摸排编号", "姓名", "从事工作", "住进来的日期"])
    book.active["D1"].font = Font(color="FFFF0000")
    rule = DataValidation(type="list", formula1='"务工,务农"')
    rule.add("C2:C9")
    book.active.add_data_validation(rule)
    book.save(tmp_path / "blank.xlsx")
    asked = "\n".join(draft(SAMPLE, template=tmp_path / "blank.xlsx", speak="en")["questions"])

    assert "“住进来的日期” is required" in asked


def test_a_template_that_is_no_workbook_is_said_so(tmp_path):
    (tmp_path / "blank.xlsx").write_text("姓名,电话\n", encoding="utf-8")

    with pytest.raises(CannotDraft, match=r"blank\.xlsx"):
        draft(SAMPLE, template=tmp_path / "blank.xlsx")
