"""A sheet to print and key from, for a platform that takes no file: each person, each cell, a box to tick.

Belongs here: the page. It needs no program but a browser, runs nothing, and loads nothing.
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
_KINDS = {"fill": "补空", "correct": "更正", "close": "注销", "recall": "撤回", "insert": "新增"}


def copy_sheet(draft: Draft, night: date) -> str:
    """The page: people in the order of the platform's keys, each one's cells in the order of the platform's columns."""
    platform, rows = draft.platform, draft.rows
    cells = sum(len(row.changes) for row in rows)
    title = escape(f"{platform.title} 抄录单")
    key = escape(platform.export.key or "编号")
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>\n",
            f"<h1>{title}</h1>\n<p>{night.isoformat()}，{len(rows)} 人、{cells} 格。",
            f"按「{key}」找到本人，核对姓名后逐格录入，录一格勾一格。含个人信息，用后销毁。</p>\n",
            *(piece for number, row in enumerate(rows, start=1) for piece in _person(platform, number, row)),
            "<p>录入人：＿＿＿＿＿＿　日期：＿＿＿＿＿＿</p>\n</body></html>\n",
        ]
    )


def _person(platform: Platform, number: int, row: Row) -> Iterator[str]:
    kinds = {platform.fields[change.field].column: _KINDS[change.kind] for change in row.changes}
    beside = [f"{header}：{cell}" for header, cell in row.cells.items() if header not in kinds]
    yield f"<section><h2>{number}. {escape('　'.join(beside))}</h2>\n<table>\n"
    for header in platform.export.columns:
        if header in kinds:
            yield (
                f'<tr><td class="box">☐</td><td class="kind">{kinds[header]}</td>'
                f"<th>{escape(header)}</th><td>{escape(row.cells[header])}</td></tr>\n"
            )
    yield "</table></section>\n"
