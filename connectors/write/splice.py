"""Rows put into the sheets of a workbook that is there already; whatever is not touched stays as it was, byte for byte.

Belongs here: a sheet's XML cut into its rows, cells put into them in the style that the sheet has for them, what lies below
moved down, lists to choose from and merged ranges drawn out over the new rows. The workbook is written as a stream, and no
other part of it is looked at: other sheets, names, styles and codes are copied block by block. It may be anybody's: what it
unpacks to is checked first, and a sheet that is far larger than any form is refused.
Lives elsewhere: which workbook, and where its rows belong (`xlsx.py`, `template.py`); what stands in a cell.

The XML is cut by its tags and not parsed: parsed and written anew it would be another text. Each pattern looks at a character
only so often, whatever stands there: a tag is never searched beyond the next one that opens.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import IO

from connectors.errors import Unreadable
from connectors.read.guard import check_zip
from connectors.read.layout import column_name
from connectors.read.xlsx_parts import chunks_of, column_index, damage
from connectors.write.cell import CannotWrite, Cell, unwritable
from connectors.write.packed import EPOCH

_MOST = 64 << 20  # bytes of the XML of a sheet that rows are put into: all of it is held
_BLOCK = 1 << 20  # bytes of another part that are copied at a time
_LONGEST = 32_767  # characters of a cell
_LAST_ROW = 1_048_576
_ROWS_A_PIECE = 500  # of XML, before it is compressed
_HERE, _NEXT = "\0", "\1"  # in a blank row: its number, and where a cell ends; XML holds neither
_DELICATE = re.compile("[&<>\r\x00-\x1f\ud800-\udfff\ufffe\uffff]|^\\s|\\s$|_x[0-9A-Fa-f]{4}_")
_DATA = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?)sheetData\b[^<>]*?(/?)>")
_NUMBER = re.compile(r'\br="(\d+)"')
_ADDRESS = re.compile(r'\br="([A-Z]+)(\d+)"')
_STYLE = re.compile(r'\bs="(\d+)"')
_OF_ONE_ROW = re.compile(r'\s(?:r|spans|hidden|collapsed|outlineLevel)="[^"]*"')
_HIDDEN = re.compile(r'\bhidden="(?:1|true)"')
_SPANS = re.compile(r'\sspans="[^"]*"')
_RANGE = re.compile(r"(\$?[A-Z]{1,3}\$?)(\d{1,7})(?::(\$?[A-Z]{1,3}\$?)(\d{1,7}))?")
_SPREADING = re.compile(r'(\bsqref=")([^"]*)(")|(<(?:\w+:)?sqref>)([^<]*)(</)')
# Of what may follow the rows, all that stands behind the merged ranges.
_BEHIND_MERGES = re.compile(
    r"<(?:\w+:)?(?:phoneticPr|conditionalFormatting|dataValidations|hyperlinks|printOptions|pageMargins|pageSetup"
    r"|headerFooter|rowBreaks|colBreaks|customProperties|cellWatches|ignoredErrors|smartTags|drawing|legacyDrawing"
    r"|legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)\b|</(?:\w+:)?worksheet>"
)

Merge = tuple[
    int, int, int, int
]  # first row, first column, last row, last column; rows from 1, columns from 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows belong on one sheet of a workbook. Rows are counted from 1, columns from 0."""

    part: str  # of the archive
    sheet: str
    body: int  # the first row of data
    foot: int | None = None  # the first closing row, such as 合计: it stays below the data


@dataclass(frozen=True, slots=True)
class Filling:
    """What is put into one sheet. `rows` ascend; a blank cell leaves what is there."""

    place: Place
    columns: Mapping[int, str]  # column -> what it is called, in the order of the cells of a row
    rows: Sequence[tuple[int, Sequence[Cell]]]
    merges: Sequence[Merge] = ()

    @property
    def last(self) -> int:
        """The last row that is filled."""
        return self.rows[-1][0] if self.rows else 0

    @property
    def moved(self) -> int:
        """By how many rows what closes the sheet moves down."""
        foot = self.place.foot
        return max(0, self.last + 1 - foot) if foot is not None else 0


def splice(workbook: Path | IO[bytes], path: Path, whose: str, fillings: Sequence[Filling]) -> None:
    """Write the workbook to `path` with these rows in it. `whose`: the platform that an error names.

    Raises:
        Unreadable: the workbook is damaged or unpacks to too much; the sheet is written in a way, or has something in the
            way, that rows cannot be put into.
        CannotWrite: a cell that a workbook cannot hold.
    """
    by_part = {filling.place.part: filling for filling in fillings}
    check_zip(workbook)
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            filling = by_part.get(entry.filename)
            blocks = _blocks(source, entry)
            if filling is not None:
                sheet = _Sheet.cut(_held(entry, blocks, filling.place), filling, whose)
                blocks = (piece.encode("utf-8") for piece in _pieces(sheet))
            with target.open(_entry(entry, 6 if filling is None else 1), "w") as part:
                for block in blocks:
                    part.write(block)


def _blocks(source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part of the archive, unpacked, block by block; never more of it than its size says.

    Raises:
        Unreadable: it is damaged.
    """
    with damage(), source.open(entry) as file:
        yield from chunks_of(file, _BLOCK)


def _held(entry: zipfile.ZipInfo, blocks: Iterator[bytes], place: Place) -> bytes:
    if entry.file_size > _MOST:
        problem = f"工作表太大，不像一张表格（解压后 {entry.file_size >> 20} MB，上限 {_MOST >> 20} MB）"
        raise Unreadable(problem, "请删去不用的行和格式，或分成几份", sheet=place.sheet)
    return b"".join(blocks)


def _entry(old: zipfile.ZipInfo, level: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(old.filename, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = level  # type: ignore[attr-defined]  # the public way to set it exists from 3.13
    entry.create_system = 0
    return entry


def _pieces(sheet: _Sheet) -> Iterator[str]:
    """The sheet's XML, some hundred rows at a time."""
    yield sheet.head()
    lines = sheet.lines()
    while piece := list(islice(lines, _ROWS_A_PIECE)):
        yield "".join(piece)
    yield sheet.tail()


@dataclass(frozen=True, slots=True)
class _Line:
    """One row as it stands in the sheet."""

    number: int
    raw: str
    attributes: str
    inner: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet cut before and behind its rows. `prefix`: of its tags, such as `x:`; mostly there is none."""

    before: str
    old: Sequence[_Line]
    after: str
    prefix: str
    filling: Filling
    whose: str

    @classmethod
    def cut(cls, xml: bytes, filling: Filling, whose: str) -> _Sheet:
        """Cut the text of a sheet.

        Raises:
            Unreadable: it is no UTF-8, or has no rows' element.
        """
        try:
            text = xml.decode("utf-8-sig")
            found = _DATA.search(text)
            assert found is not None
            prefix, closed = found[1], found[2]
            end = found.end() if closed else text.index(f"</{prefix}sheetData>", found.end())
        except (UnicodeDecodeError, AssertionError, ValueError) as error:
            raise _odd(filling.place) from error
        data = "" if closed else text[found.end() : end]
        if "<!" in data:  # a comment may hold what looks like a row
            raise _odd(filling.place)
        opening = text[: found.start()] + f"<{prefix}sheetData>"
        closing = f"</{prefix}sheetData>{text[end:]}" if closed else text[end:]
        return cls(opening, _lines(data, prefix), closing, prefix, filling, whose)

    def head(self) -> str:
        """All before the rows, with the new size of the sheet."""
        bottom = max(self.filling.last, (self.old[-1].number if self.old else 1) + self.filling.moved)

        def grown(found: re.Match[str]) -> str:
            return f"{found[1]}{max(bottom, int(found[2]))}{found[3]}"

        return re.sub(r'(<(?:\w+:)?dimension ref="[A-Z]+\d+:[A-Z]+)(\d+)(")', grown, self.before, count=1)

    def lines(self) -> Iterator[str]:
        """Its rows, the filled ones among them."""
        place, waiting = self.filling.place, iter(self.old)
        line = next(waiting, None)
        styles = self._styles()
        fresh = self._fresh(styles)
        for number, cells in self.filling.rows:
            while line is not None and line.number < number and not self._is_foot(line):
                yield line.raw
                line = next(waiting, None)
            if line is not None and line.number == number and not self._is_foot(line):
                yield self._merged(line, cells, styles)
                line = next(waiting, None)
            elif number > _LAST_ROW:
                raise Unreadable("一张工作表放不下这么多行", "请分几次填报", sheet=place.sheet)
            else:
                yield fresh(number, cells)
        while line is not None:
            yield self._moved(line) if self._is_foot(line) else line.raw
            line = next(waiting, None)

    def tail(self) -> str:
        """All behind the rows: ranges below the data moved, those over it drawn out, new merged ranges added."""
        after = self.after
        if self.filling.moved:
            after = re.sub(
                r'(<(?:\w+:)?mergeCell [^<>]*?ref=")([^"]*)(")',
                lambda found: found[1] + self._shifted(found[2]) + found[3],
                after,
            )
        after = _SPREADING.sub(self._spread, after)
        return self._with_merges(after) if self.filling.merges else after

    def _is_foot(self, line: _Line) -> bool:
        foot = self.filling.place.foot
        return foot is not None and line.number >= foot

    def _is_formula(self, xml: str) -> bool:
        return re.search(rf"<{self.prefix}f[\s/>]", xml) is not None

    def _cells(self, line: _Line) -> Iterator[tuple[int, str]]:
        """The cells of a row, each with its column."""
        column = -1
        for found in _elements(self.prefix, "c").finditer(line.inner):
            stated = _ADDRESS.search(found[1])
            column = column_index(stated[1].encode()) if stated else column + 1
            yield column, found[0]

    def _merged(self, line: _Line, cells: Sequence[Cell], styles: Mapping[int, str]) -> str:
        """A row that is there, with our cells in it; each keeps its style, and whatever is not ours stays."""
        if _HIDDEN.search(line.attributes):
            raise Unreadable(
                "表头下面有隐藏行，填进去谁也看不见",
                "请在模板里取消隐藏，确认是空行后再用",
                sheet=self.filling.place.sheet,
                place=f"第 {line.number} 行",
            )
        standing = dict(self._cells(line))
        for (column, name), cell in zip(self.filling.columns.items(), cells, strict=True):
            if cell is None or cell == "":
                continue
            there = standing.get(column, "")
            if self._is_formula(there):
                raise Unreadable(
                    f"「{name}」列在模板里是公式，不能写入",
                    "请清除这一列的公式，或不再填这一列",
                    sheet=self.filling.place.sheet,
                    place=f"{column_name(column)}{line.number}",
                )
            head = there.partition(">")[0]
            own = _STYLE.search(head)
            style = own[1] if own else "" if there else styles.get(column, "")
            start, middle = self._opening(column, style)
            standing[column] = self._written(cell, line.number, start, middle, name)
        inner = "".join(standing[column] for column in sorted(standing))
        return f"<{self.prefix}row{_SPANS.sub('', line.attributes)}>{inner}</{self.prefix}row>"

    def _fresh(self, styles: Mapping[int, str]) -> partial[str]:
        """How a row is written that the sheet does not have: like its first row of data."""
        p, model = self.prefix, next((one for one in self.old if one.number == self.filling.place.body), None)
        if model is None or self._is_foot(model):
            attributes, framed = "", set()
        else:
            attributes = _OF_ONE_ROW.sub("", model.attributes)
            framed = {column for column, raw in self._cells(model) if _STYLE.search(raw.partition(">")[0])}
        places = sorted(self.filling.columns.keys() | framed)
        openings = {column: self._opening(column, styles.get(column, "")) for column in places}
        blanks = [
            f'{start}{_HERE}"{middle.partition(" t=")[0]}/>' if column in framed else ""
            for column, (start, middle) in openings.items()
        ]
        blank = _NEXT.join([f'<{p}row r="{_HERE}"{attributes}>', *blanks, f"</{p}row>"])
        slots = [
            (1 + places.index(column), *openings[column], name)
            for column, name in self.filling.columns.items()
        ]
        return partial(self._new_row, blank, slots)

    def _new_row(
        self, blank: str, slots: Sequence[tuple[int, str, str, str]], number: int, cells: Sequence[Cell]
    ) -> str:
        """A blank row, and our cells in their places of it."""
        pieces = blank.replace(_HERE, str(number)).split(_NEXT)
        end = self._end
        for at, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            place, start, middle, name = slots[at]
            if isinstance(cell, str) and len(cell) <= _LONGEST and not _DELICATE.search(cell):
                pieces[place] = f'{start}{number}"{middle}{cell}{end}'
            else:
                pieces[place] = self._written(cell, number, start, middle, name)
        return "".join(pieces)

    @property
    def _end(self) -> str:
        """What closes a text cell."""
        p = self.prefix
        return f"</{p}t></{p}is></{p}c>"

    def _opening(self, column: int, style: str) -> tuple[str, str]:
        """A text cell up to its row's number, and from there to its text."""
        p = self.prefix
        styled = f' s="{style}"' if style else ""
        return f'<{p}c r="{column_name(column)}', f'{styled} t="inlineStr"><{p}is><{p}t>'

    def _written(self, cell: Cell, number: int, start: str, middle: str, name: str) -> str:
        p = self.prefix
        if not isinstance(cell, str):
            return f'{start}{number}"{middle.partition(" t=")[0]}><{p}v>{cell!r}</{p}v></{p}c>'
        if unwritable(cell) or len(cell) > _LONGEST:
            problem = "含有控制字符" if unwritable(cell) else f"超过 {_LONGEST} 个字符"
            raise CannotWrite(self.whose, name, number + 1 - self.filling.place.body, problem)
        if _DELICATE.search(cell):
            middle, cell = middle.replace(f"<{p}t>", f'<{p}t xml:space="preserve">'), escape(cell)
        return f'{start}{number}"{middle}{cell}{self._end}'

    def _styles(self) -> dict[int, str]:
        """The style of a cell that is not there yet, by column: as in the first row of data, else as of its column."""
        styles = {
            column: found[1]
            for span in re.findall(rf"<{self.prefix}col\b[^<>]*>", self.before)
            if (found := re.search(r'\bstyle="(\d+)"', span)) and (at := re.search(r'\bmin="(\d+)"', span))
            for column in self.filling.columns
            if int(at[1]) - 1 <= column < int(_last(span))
        }
        for line in self.old:
            if line.number == self.filling.place.body and not self._is_foot(line):
                if "customFormat" in line.attributes and (whole := _STYLE.search(line.attributes)):
                    styles = dict.fromkeys(self.filling.columns, whole[1])
                styles |= {
                    column: found[1] if (found := _STYLE.search(raw.partition(">")[0])) else ""
                    for column, raw in self._cells(line)
                }
        return styles

    def _moved(self, line: _Line) -> str:
        """A closing row, further down."""
        by = self.filling.moved
        if not by:
            return line.raw
        if self._is_formula(line.inner):
            raise Unreadable(
                f"表尾有公式，而数据超过了模板预留的行数（多 {by} 行）",
                "请在模板的表尾上方多留空行，或去掉表尾的公式",
                sheet=self.filling.place.sheet,
                place=f"第 {line.number} 行",
            )
        row = _NUMBER.sub(f'r="{line.number + by}"', line.raw.partition(">")[0] + ">", count=1)
        inner = _ADDRESS.sub(lambda found: f'r="{found[1]}{int(found[2]) + by}"', line.raw.partition(">")[2])
        return row + inner

    def _shifted(self, span: str) -> str:
        """A range that begins with the closing rows moves with them."""
        foot, by = self.filling.place.foot, self.filling.moved

        def down(found: re.Match[str]) -> str:
            if foot is None or int(found[2]) < foot:
                return found[0]
            end = f":{found[3]}{int(found[4]) + by}" if found[3] else ""
            return f"{found[1]}{int(found[2]) + by}{end}"

        return _RANGE.sub(down, span)

    def _spread(self, found: re.Match[str]) -> str:
        """The ranges of a list to choose from, or of a format: those over the first row of data reach to the last one."""
        first, body, last = 1 if found[1] else 4, self.filling.place.body, self.filling.last

        def drawn(one: re.Match[str]) -> str:
            left, top, right, bottom = one[1], int(one[2]), one[3] or one[1], int(one[4] or one[2])
            return f"{left}{top}:{right}{last}" if top <= body <= bottom < last else self._shifted(one[0])

        return found[first] + _RANGE.sub(drawn, found[first + 1]) + found[first + 2]

    def _with_merges(self, after: str) -> str:
        p, merges = self.prefix, self.filling.merges
        refs = "".join(
            f'<{p}mergeCell ref="{column_name(left)}{top}:{column_name(right)}{bottom}"/>'
            for top, left, bottom, right in merges
        )
        closing = f"</{p}mergeCells>"
        if closing in after:
            counted = re.sub(
                r'(<(?:\w+:)?mergeCells\b[^<>]*?count=")(\d+)(")',
                lambda found: f"{found[1]}{int(found[2]) + len(merges)}{found[3]}",
                after,
            )
            return counted.replace(closing, refs + closing, 1)
        views = after.rfind("customSheetViews>")
        found = _BEHIND_MERGES.search(after, max(views, 0))
        at = found.start() if found else len(after)
        return f'{after[:at]}<{p}mergeCells count="{len(merges)}">{refs}{closing}{after[at:]}'


def _lines(data: str, prefix: str) -> list[_Line]:
    """The rows between the tags; one that does not say its number follows the one before."""
    lines: list[_Line] = []
    rows = _elements(prefix, "row").finditer(data)
    for raw, attributes, inner in ((found[0], found[1], found[2] or "") for found in rows):
        if stated := _NUMBER.search(attributes):
            lines.append(_Line(int(stated[1]), raw, attributes, inner))
            continue
        number = (lines[-1].number if lines else 0) + 1
        numbered = f' r="{number}"{attributes}'
        lines.append(_Line(number, f"<{prefix}row{numbered}>{inner}</{prefix}row>", numbered, inner))
    return lines


@cache
def _elements(prefix: str, tag: str) -> re.Pattern[str]:
    """Elements of a tag that holds none of its own: attributes, and what stands inside."""
    opening = rf"<{re.escape(prefix)}{tag}(?=[\s/>])"
    inner = rf"[^<]*(?:<(?!{re.escape(prefix)}{tag}[\s/>])[^<]*)*?"
    return re.compile(rf"{opening}([^<>]*?)(?:/>|>({inner})</{re.escape(prefix)}{tag}>)")


def _last(span: str) -> str:
    found = re.search(r'\bmax="(\d+)"', span)
    return found[1] if found else "0"


def _odd(place: Place) -> Unreadable:
    problem = "工作表的内部写法不常见，无法原样写入"
    return Unreadable(problem, "请用表格软件另存为 xlsx 再用", sheet=place.sheet)


def escape(text: str) -> str:
    """Text for XML; a spreadsheet reads _x000D_ as a character of that number, unless its underscore is one.

    >>> escape("甲<乙&_x000D_")
    '甲&lt;乙&amp;_x005F_x000D_'
    """
    text = re.sub("_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\r", "&#13;")
