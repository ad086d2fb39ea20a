"""A sheet to print and key from, for a platform that takes no file: each person, each cell, a box to tick.

Belongs here: the page. It needs no program but a browser, runs nothing, and loads nothing. People whom the platform does not
have stand behind those whom it has, with a line for the number that it gives them.
Lives elsewhere: which cells stand on it (`draft.py`); what the platform did with them is told by its next export.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape

from connectors.platform import Platform
from connectors.write.draft import Draft, Row

_STYLE = """
@page { size: A4; margin: 15mm 12mm }
body { font: 10.5pt/1.5 "Noto Sans CJK SC", "Microsoft YaHei", SimSun, sans-serif; color: #000; margin: 0 }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 11pt; margin: 0 0 1mm }
p { margin: 0 0 2mm } section { break-inside: avoid; margin: 0 0 5mm }
table { border-collapse: collapse; width: 100% } th, td { border: .3mm solid #000; padding: 1mm 2mm; text-align: left }
th { width: 34% ; font-weight: normal } .box { width: 8mm; text-align: center; font-size: 13pt } .kind { width: 14mm }
"""
_NEW = "insert"
_KINDS = {"fill": "补空", "correct": "更正", "close": "注销", "recall": "撤回", "insert": "新增"}
_ASK_FIRST = "<p>标「新增」的人平台还没有：先按证件号码查一遍，确实没有再新建，已有的不要重建，请告诉社区数据员。</p>\n"


def copy_sheet(draft: Draft, night: date) -> str:
    """The page: people in the order of the platform's keys, newcomers last, each one's cells in the order of the platform's
    columns."""
    platform, rows = draft.platform, sorted(draft.rows, key=_is_new)
    cells = sum(len(row.changes) for row in rows)
    title = escape(f"{platform.title} 抄录单")
    key = escape(platform.export.key or "编号")
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>\n",
            f"<h1>{title}</h1>\n<p>{night.isoformat()}，{len(rows)} 人、{cells} 格。",
            f"按「{key}」找到本人，核对姓名后逐格录入，录一格勾一格。含个人信息，用后销毁。</p>\n",
            _ASK_FIRST if any(map(_is_new, rows)) else "",
            *(piece for number, row in enumerate(rows, start=1) for piece in _person(platform, number, row)),
            "<p>录入人：＿＿＿＿＿＿　日期：＿＿＿＿＿＿</p>\n</body></html>\n",
        ]
    )


def _is_new(row: Row) -> bool:
    return any(change.kind == _NEW for change in row.changes)


def _person(platform: Platform, number: int, row: Row) -> Iterator[str]:
    kinds = {platform.fields[change.field].column: _KINDS[change.kind] for change in row.changes}
    name = row.cells.get(platform.fields["name"].column, "")
    known = [f"{header}：{cell}" for header, cell in row.cells.items() if header not in kinds]
    beside = [f"新增：{name}"] if _is_new(row) else known
    yield f"<section><h2>{number}. {escape('　'.join(beside))}</h2>\n<table>\n"
    for header in platform.export.columns:
        if header in kinds:
            yield (
                f'<tr><td class="box">☐</td><td class="kind">{kinds[header]}</td>'
                f"<th>{escape(header)}</th><td>{escape(row.cells[header])}</td></tr>\n"
            )
    if _is_new(row):
        key = escape(platform.export.key or "编号")
        yield f'<tr><td class="box">☐</td><td class="kind">记下</td><th>平台给的「{key}」</th><td>&nbsp;</td></tr>\n'
    yield "</table></section>\n"
