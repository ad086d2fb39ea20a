"""An .xlsx workbook: the platform's rows put into a blank one, its own or our stand-in; the same bytes for the same rows.

Belongs here: our stand-in for a platform's blank workbook, part by part, and putting rows into whichever it is. The parts
are written here because the libraries at hand stamp the time of writing into the file, and cannot offer text cells that
stay text, lists to choose from and merged headers in one.
Lives elsewhere: putting rows into a workbook (`splice.py`), the platform's own one (`template.py`), where title, headers
and blocks stand (`plan.py`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.platform import Platform
from connectors.read.layout import column_name
from connectors.write.cell import CannotWrite, Cell
from connectors.write.packed import EPOCH
from connectors.write.plan import SheetPlan, plan
from connectors.write.splice import Filling, Place, escape, splice

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
_LONGEST_LIST = 255  # characters of a list to choose from that stands in the sheet itself
_LISTED_ROWS = 10_000  # rows below the header that offer the list

Choices = Mapping[str, Sequence[str]]  # column of the platform -> what may be chosen in its cells


@dataclass(frozen=True, slots=True)
class Blank:
    """A workbook to be filled, and where rows belong in it: of each sheet of the platform's plan, in its order, the place and,
    for each of its columns, the column there; None: the workbook lacks it.

    `issued`: of a list that came with its rows, the number of each row by the platform's key; None: it is blank.
    """

    file: Path | bytes
    places: Sequence[Place]
    columns: Sequence[Sequence[int | None]]
    issued: Mapping[str, int] | None = None

    @property
    def name(self) -> str:
        """What a message calls it; our stand-in has no name."""
        return f"{self.file.parent.name}/{self.file.name}" if isinstance(self.file, Path) else ""


def write_xlsx(
    platform: Platform, rows: Sequence[Sequence[Cell]], path: Path, blank: Blank | None = None
) -> None:
    """Write the rows into a blank workbook; without one, into a stand-in that offers no lists to choose from.

    Raises:
        CannotWrite: a cell that a workbook cannot hold.
        Unreadable: the blank workbook has something in the way.
    """
    blank = blank or stand_in(platform)
    if blank.issued is not None:
        fillings = [_in_place(platform, rows, blank.places[0], blank.columns[0], blank.issued)]
    else:
        fillings = [
            _filling(platform.slug, sheet, place, columns)
            for sheet, place, columns in zip(plan(platform, rows), blank.places, blank.columns, strict=True)
        ]
    file = io.BytesIO(blank.file) if isinstance(blank.file, bytes) else blank.file
    splice(file, path, platform.slug, fillings)


def _in_place(
    platform: Platform,
    rows: Sequence[Sequence[Cell]],
    place: Place,
    columns: Sequence[int | None],
    issued: Mapping[str, int],
) -> Filling:
    """The rows of a list that came with its rows, each where its key stands. The key itself is not written again."""
    names = platform.export.columns
    key = names.index(platform.export.key or "")
    kept = {at: column for at, column in enumerate(columns) if column is not None and at != key}
    found: list[tuple[int, Sequence[Cell]]] = []
    for number, row in enumerate(rows, start=1):
        if row[key] not in issued:
            raise CannotWrite(platform.slug, names[key], number, "下发的名单里没有这个编号")
        found.append((issued[str(row[key])], [row[at] for at in kept]))
    return Filling(place, {column: names[at] for at, column in kept.items()}, sorted(found))


def _filling(slug: str, sheet: SheetPlan, place: Place, columns: Sequence[int | None]) -> Filling:
    """The rows of one sheet's plan, where they belong in the workbook."""
    for lacked in (at for at, column in enumerate(columns) if column is None):
        if lost := next((n for n, row in enumerate(sheet.body, 1) if row[lacked] not in (None, "")), None):
            raise CannotWrite(slug, sheet.columns[lacked], lost, "模板里没有这一列")
    kept = [at for at, column in enumerate(columns) if column is not None]
    named = {column: sheet.columns[at] for at in kept if (column := columns[at]) is not None}
    whole = len(kept) == len(columns)
    rows = [
        (number, row if whole else [row[at] for at in kept])
        for number, row in enumerate(sheet.body, start=place.body)
    ]
    down = place.body - sheet.body_at
    last = sheet.body_at + len(sheet.body)
    merges = [
        (top + down, left_there, bottom + down, right_there)
        for top, left, bottom, right in sheet.merges
        if sheet.body_at <= top < last
        and (left_there := columns[left]) is not None
        and (right_there := columns[right]) is not None
    ]
    return Filling(place, named, rows, merges)


def stand_in(platform: Platform, choices: Choices | None = None) -> Blank:
    """What we believe the platform's blank workbook to be, with lists to choose from in the columns of `choices`."""
    sheets = plan(platform, [])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in _parts(sheets):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
        for number, sheet in enumerate(sheets, start=1):
            text = "".join(_sheet(sheet, choices or {}))
            archive.writestr(zipfile.ZipInfo(_part(number), EPOCH), text)
    places = [
        Place(_part(number), sheet.name, sheet.body_at + 1, sheet.body_at + 1 if sheet.foot else None)
        for number, sheet in enumerate(sheets, start=1)
    ]
    return Blank(file.getvalue(), places, [list(range(len(sheet.columns))) for sheet in sheets])


def _part(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


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
        f'<sheet name="{escape(sheet.name)}" sheetId="{n}" r:id="rId{n}"/>'
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


def _sheet(sheet: SheetPlan, choices: Choices) -> Iterator[str]:
    letters = [column_name(at) for at in range(len(sheet.columns))]
    yield (
        f'{_XML}<worksheet xmlns="{_MAIN}"><dimension ref="A1:{letters[-1]}{max(len(sheet.head) + len(sheet.foot), 1)}"/>'
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{sheet.body_at}" topLeftCell="A{sheet.body_at + 1}"'
        f' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(letters)}" width="16" style="{_TEXT}" customWidth="1"/></cols><sheetData>'
    )
    styled = [*((row, _HEAD) for row in sheet.head), *((row, _TEXT) for row in sheet.foot)]
    for number, (row, style) in enumerate(styled, start=1):
        cells = "".join(
            f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is>'
            f'<t xml:space="preserve">{escape(str(cell))}</t></is></c>'
            for letter, cell in zip(letters, row, strict=True)
            if cell not in (None, "")
        )
        yield f'<row r="{number}">{cells}</row>'
    yield f"</sheetData>{_merges(sheet, letters)}{_lists(sheet, letters, choices)}</worksheet>"


def _merges(sheet: SheetPlan, letters: Sequence[str]) -> str:
    if not sheet.merges:
        return ""
    refs = "".join(
        f'<mergeCell ref="{letters[left]}{top + 1}:{letters[right]}{bottom + 1}"/>'
        for top, left, bottom, right in sheet.merges
    )
    return f'<mergeCells count="{len(sheet.merges)}">{refs}</mergeCells>'


def _lists(sheet: SheetPlan, letters: Sequence[str], choices: Choices) -> str:
    """Lists to choose from; a list that the format cannot hold is left out: the cell is typed then."""
    first, last = sheet.body_at + 1, sheet.body_at + _LISTED_ROWS
    offered = [
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" sqref="{letter}{first}:{letter}{last}">'
        f"<formula1>&quot;{escape(','.join(choices[column]))}&quot;</formula1></dataValidation>"
        for column, letter in zip(sheet.columns, letters, strict=True)
        if column in choices and len(",".join(choices[column])) <= _LONGEST_LIST
    ]
    return f'<dataValidations count="{len(offered)}">{"".join(offered)}</dataValidations>' if offered else ""
