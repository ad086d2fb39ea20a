"""An export says the same whether it is taken in at once or a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.platform import Platform
from connectors.read.sheet import Row
from connectors.stage import Staged

EXPORT = """
[export]
format = "xlsx"
file = "*.xlsx"
{key}
ditto = true
columns = ["编号", "姓名", "身份证号", "性别", "出生日期", "联系电话", "地址"]
[fields]
name = "姓名"
id_number = "身份证号"
sex = "性别"
birth_date = "出生日期"
phone = "联系电话"
address = "地址"
{ignore}
"""
KEYED = EXPORT.format(key='key = "编号"', ignore="")
KEYLESS = EXPORT.format(key="", ignore='[ignore]\n"编号" = "不是平台的编号"')
HEADER = ["编号", "姓名", "身份证号", "性别", "出生日期", "联系电话", "地址"]


def rows() -> list[list[str] | Row]:
    """Sixty people: addresses from above, keys that stand twice, the same person twice, dates that change their way of
    writing, a code that is first met late, broken rows and a closing one."""
    found: list[list[str] | Row] = [HEADER]
    for at in range(60):
        day = f"1980-0{at % 9 + 1}-1{at % 9}" if at < 30 else f"0{at % 9 + 1}/0{at % 7 + 1}/1980"
        sex = "丁" if at > 40 and at % 3 == 0 else "男"
        key = "7" if at in (7, 51) else "" if at in (12, 13, 58) else str(at)
        name = "王伟" if at in (12, 13, 58) else f"李{chr(0x4E00 + at)}"
        cells = [
            key,
            name,
            "",
            sex,
            "" if at in (12, 13, 58) else day,
            f"1380000{at // 2:04}",
            f"近江路{at}号",
        ]
        types = "".join("s" if cell else "." for cell in cells)
        if at % 5:
            cells[6], types = "", types[:6] + "v"
        found.append(Row(at + 2, cells, types))
    found[20] = Row(21, ["\ufffd\ufffd"], "u")
    found[45] = Row(46, ["45", "少列"], "ss")
    found[33] = Row(34, ["33", "同", "", "同上", "同上", "同上", "同上"], "ss.ssss")
    return [*found, Row(62, ["合计", "60"], "ss")]


def told(staged: Staged) -> dict[str, Any]:
    claims = sorted(staged.claims.to_pylist(), key=lambda claim: (claim["at"], claim["field"]))
    return {
        "records": staged.records.to_pylist(),
        "claims": claims,
        "quarantine": staged.quarantine.to_pylist(),
        "profile": staged.profile,
        "counts": (staged.rows_in, staged.staged, staged.quarantined),
    }


@pytest.mark.parametrize("export", [KEYED, KEYLESS], ids=["keyed", "without keys"])
@pytest.mark.parametrize("size", [1, 7, 31])
def test_batches_of_any_size_say_the_same(
    platform: Callable[..., Platform],
    staged: Callable[..., Staged],
    monkeypatch: pytest.MonkeyPatch,
    export: str,
    size: int,
) -> None:
    facts = platform(export)
    whole = told(staged(facts, rows()))
    monkeypatch.setattr("connectors.stage.cells.BATCH_ROWS", size)
    assert told(staged(facts, rows())) == whole


def test_the_sixty_people_show_what_they_are_meant_to(
    platform: Callable[..., Platform], staged: Callable[..., Staged]
) -> None:
    found = told(staged(platform(KEYED), rows()))
    assert [(change.column, change.row) for change in found["profile"].dates] == [("出生日期", 32)]
    assert [(codes.field, codes.values) for codes in found["profile"].codes] == [("sex", (("丁", 6),))]
    reasons = {row["reason"] for row in found["quarantine"]}
    assert reasons == {"undecodable", "too_few_cells", "ambiguous_date"}
    names = [record["source_key"] for record in found["records"] if record["source_key"].startswith("#")]
    assert len(names) == len(set(names)) >= 3
