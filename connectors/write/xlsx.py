"""A plain .xlsx workbook: text cells that stay text, merged ranges, frozen header, the same bytes for the same rows.

Belongs here: the parts of the package and their XML. Written here, because the libraries at hand stamp the time of
writing into the file, cannot merge below the header while streaming, or take ten times as long.
Lives elsewhere: where title, headers and blocks stand (`plan.py`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connectors.platform import Platform
from connectors.write.cell import CannotWrite, Cell, unwritable
from connectors.write.plan import Merge, SheetPlan, plan

_EPOCH = (1980, 1, 1, 0, 0, 0)  # of the archive's entries: a time of writing would change the bytes
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD, _TEXT = 2, 1  # cell styles
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="宋体"/></font>'
    '<font><b/><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    # 49 is "@": a clerk who types over an ID number does not lose its last digits
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    '<alignment vertical="center"/></xf>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"'
    ' applyAlignment="1"><alignment horizontal="center" vertical="center"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_DELICATE = re.compile("[&<>\r\x00-\x1f\ud800-\udfff\ufffe\uffff]|^\\s|\\s$|_x[0-9A-Fa-f]{4}_")
_LONGEST = 32_767  # characters of a cell
_LONGEST_LIST = 255  # characters of a list to choose from that stands in the sheet itself
_LISTED_ROWS = 10_000  # rows below the header that offer the list


Choices = Mapping[str, Sequence[str]]  # column of the platform -> what may be chosen in its cells


def write_xlsx(
    platform: Platform, rows: Sequence[Sequence[Cell]], path: Path, choices: Choices | None = None
) -> None:
    """Write the platform's workbook, with a list to choose from in the columns of `choices`."""
    sheets = plan(platform, rows)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in _parts(sheets):
            archive.writestr(_entry(name), text, zipfile.ZIP_DEFLATED, 6)
        for number, sheet in enumerate(sheets, start=1):
            with archive.open(_entry(f"xl/worksheets/sheet{number}.xml"), "w") as part:
                for piece in _sheet(platform, sheet, choices or {}):
                    part.write(piece.encode("utf-8"))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = 1  # type: ignore[attr-defined]  # the public way to set it exists from 3.13
    entry.create_system = 0
    return entry


def _parts(sheets: Sequence[SheetPlan]) -> Iterator[tuple[str, str]]:
    numbers = range(1, len(sheets) + 1)
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            for n in numbers
        )
        + "</Types>",
    )
    yield (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    names = "".join(
        f'<sheet name="{_escape(sheet.name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{names}</sheets></workbook>',
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + f'<Relationship Id="rId{len(sheets) + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES


def _sheet(platform: Platform, sheet: SheetPlan, choices: Choices) -> Iterator[str]:
    letters = [_letters(at) for at in range(len(sheet.columns))]
    last = max(len(sheet.head) + len(sheet.body) + len(sheet.foot), 1)
    yield (
        f'{_XML}<worksheet xmlns="{_MAIN}"><dimension ref="A1:{letters[-1]}{last}"/>'
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{sheet.body_at}" topLeftCell="A{sheet.body_at + 1}"'
        f' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(letters)}" width="16" style="{_TEXT}" customWidth="1"/></cols><sheetData>'
    )
    at = 1
    for rows, style in ((sheet.head, _HEAD), (sheet.body, _TEXT), (sheet.foot, _TEXT)):
        starts = [(f'<c r="{letter}', f'" s="{style}" t="inlineStr"><is><t>') for letter in letters]
        for row in rows:
            yield _row(platform, sheet, row, at, starts)
            at += 1
    lists = _lists(sheet, letters, choices) if choices else ""
    yield f"</sheetData>{_merges(sheet.merges, letters)}{lists}</worksheet>"


def _row(
    platform: Platform, sheet: SheetPlan, row: list[Cell], at: int, starts: Sequence[tuple[str, str]]
) -> str:
    pieces = [f'<row r="{at}">']
    for column, (cell, (start, middle)) in enumerate(zip(row, starts, strict=True)):
        if cell is None or cell == "":
            continue
        if not isinstance(cell, str):
            pieces.append(f'{start}{at}"><v>{cell!r}</v></c>')
        elif _DELICATE.search(cell) or len(cell) > _LONGEST:
            if unwritable(cell) or len(cell) > _LONGEST:
                problem = "含有控制字符" if unwritable(cell) else f"超过 {_LONGEST} 个字符"
                raise CannotWrite(platform.slug, sheet.columns[column], at - sheet.body_at, problem)
            opened = middle.replace("<t>", '<t xml:space="preserve">')
            pieces.append(f"{start}{at}{opened}{_escape(cell)}</t></is></c>")
        else:
            pieces.append(f"{start}{at}{middle}{cell}</t></is></c>")
    pieces.append("</row>")
    return "".join(pieces)


def _escape(text: str) -> str:
    """Text for XML; a spreadsheet reads _x000D_ as a character of that number, unless its underscore is one."""
    text = re.sub("_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\r", "&#13;")


def _letters(at: int) -> str:
    """The name of a column, from 0.

    >>> _letters(0), _letters(26), _letters(701)
    ('A', 'AA', 'ZZ')
    """
    first, second = divmod(at, 26)
    return (_letters(first - 1) if first else "") + chr(65 + second)


def _merges(merges: Sequence[Merge], letters: Sequence[str]) -> str:
    if not merges:
        return ""
    refs = "".join(
        f'<mergeCell ref="{letters[left]}{top + 1}:{letters[right]}{bottom + 1}"/>'
        for top, left, bottom, right in merges
    )
    return f'<mergeCells count="{len(merges)}">{refs}</mergeCells>'


def _lists(sheet: SheetPlan, letters: Sequence[str], choices: Choices) -> str:
    """Lists to choose from; a list that the format cannot hold is left out: the cell is typed then."""
    first, last = sheet.body_at + 1, sheet.body_at + _LISTED_ROWS
    offered = [
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" sqref="{letter}{first}:{letter}{last}">'
        f"<formula1>&quot;{_escape(','.join(choices[column]))}&quot;</formula1></dataValidation>"
        for column, letter in zip(sheet.columns, letters, strict=True)
        if column in choices and len(",".join(choices[column])) <= _LONGEST_LIST
    ]
    return f'<dataValidations count="{len(offered)}">{"".join(offered)}</dataValidations>' if offered else ""
