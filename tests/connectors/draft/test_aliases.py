"""What headers say, known and unknown ones."""

from __future__ import annotations

import pytest

from connectors.draft.aliases import knowledge
from connectors.draft.headers import said


def likeliest(header: str, *, known=True) -> str | None:
    """The field a header says by itself; `known` False: it is taken out of what is known first."""
    book = knowledge() if known else knowledge().without([header])
    found = said(header, book).fields
    best = max(found, key=lambda field: found[field])
    return best if found[best] > 0 else None


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("*姓 名（必填）", "name"),
        ("学生姓名", "name"),
        ("户主姓名", "head_name"),
        ("监护人/联系电话", "guardian_phone"),
        ("HZSFZH", "head_id_number"),
        ("members.csrq", "birth_date"),
        ("hjdz", "registered_address"),
        ("mobilePhone", "phone"),
        ("HKLB_DM", "hukou_type"),
    ],
)
def test_a_known_header_says_its_field(header, field):
    assert likeliest(header) == field


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("姓名", "name"),
        ("身份证号", "id_number"),
        ("XM", "name"),
        ("死亡日期", "death_date"),
        ("是否死亡", "death_flag"),
        ("户口性质", "hukou_type"),
        ("现住地址", "address"),
        ("与户主关系", "relation"),
    ],
)
def test_a_header_that_is_not_known_is_told_by_those_that_are(header, field):
    assert likeliest(header, known=False) == field


@pytest.mark.parametrize(
    "header",
    [
        "紧急联系人/姓名",
        "经办人",
        "父亲身份证号",
        "备用联系电话",
        "检查人",
        "户主联系方式",
        "单位地址",
        "备注",
        "序号",
        "籍贯",
    ],
)
def test_what_is_somebody_elses_or_something_else_is_no_field(header):
    assert likeliest(header) is None


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("宗教信仰", "religion"),
        ("人像照片", "biometric"),
        ("慢性病", "health"),
        ("家庭月收入", "money"),
        ("开户银行", "account"),
        ("服役部队", "military"),
        ("faceImageUrl", "biometric"),
        ("避孕方式", "fertility"),
    ],
)
def test_what_may_not_be_kept_is_told_by_its_words(header, kind):
    assert said(header, knowledge()).forbidden == kind


def test_no_word_for_what_may_not_be_kept_hides_a_field():
    """健康档案编号 is a number of a file, 残疾人证号 a field."""
    assert said("残疾人证号", knowledge()).forbidden == ""
    assert said("档案编号", knowledge()).forbidden == ""


def test_an_alias_that_is_taken_out_is_gone_level_by_level():
    left = knowledge().without(["基本信息/姓名", "户籍门(楼)详址"])

    assert "姓名" not in left.fields["name"]
    assert "户籍门楼详址" not in left.fields["registered_address"]
    assert "姓名" in knowledge().fields["name"]


def test_every_reason_is_a_sentence_and_every_word_stands_once():
    known = knowledge()
    aliases = [word for field, words in known.fields.items() if field not in TWINS for word in words]

    assert all(len(reason) > 5 for reason in known.reasons.values())
    assert len(aliases) == len(set(aliases)), sorted({word for word in aliases if aliases.count(word) > 1})


TWINS = ("death_date", "moved_out_date")  # English stems are shared with the flags
