"""What the cells of an .xlsx say, asked once for each way a cell is written.

Belongs here: cells of plain text, the texts that cells share, and handing everything else to calamine.
Lives elsewhere: which cell stands where (`xlsx_rows.py`), which mark a value has (`typed.py`).

What a cell says follows from how it is written, its place apart: `t="s"><v>7</v></c>` is the eighth shared text wherever
it stands. So only plain text is read here; numbers, dates by their format, formulas, rich text and all that is escaped
are put into a small workbook of one column, with the styles of the one they came from, for calamine to read.
"""

from __future__ import annotations

import io
import mmap
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineWorkbook

from connectors.read.batch import Flags, Marks, marks_of, split_text
from connectors.read.sheet import EMPTY
from connectors.read.typed import cells_of
from connectors.read.xlsx_parts import (
    BLOCK,
    blocks_of,
    chunks_of,
    damaged,
    dates_from_1904,
    is_encoded_otherwise,
)

_STRINGS = "xl/sharedStrings.xml"
_STYLES = "xl/styles.xml"
_KEPT = '<t xml:space="preserve">'
_BLANK = ("/>", "></c>", "><v></v></c>", "><is><t></t></is></c>")
_ODD = "<"  # for the type of a cell whose attributes are none
_KIND = re.compile(r'[^>]*?\st="([^"]*)"')
_VALUE = re.compile(r"<v>([^<]*)</v>")
_MOST = 100_000  # cells that calamine is asked at a time

Read = Callable[[pa.StringArray], tuple[pa.StringArray, Marks]]


class Values:
    """What the cells of one workbook say.

    Raises:
        _OddTexts: they cannot be told without a parser that holds the workbook.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._styles = archive.read(_STYLES) if _STYLES in archive.namelist() else None
        self._from_1904 = dates_from_1904(archive)
        self._shared = SharedTexts()
        if _STRINGS in archive.namelist():
            with archive.open(_STRINGS) as file:
                self._shared = SharedTexts(file, self.read)

    def read(self, cells: pa.StringArray) -> tuple[pa.StringArray, Marks]:
        """Text and mark of each cell, given as all that follows its place: ` t="n"><v>1</v></c>`.

        Raises:
            Unreadable: the workbook does not hold what a cell refers to, or a cell that is no cell.
        """
        kinds, bodies = _taken_apart(cells)
        blank = _flags(pc.is_in(bodies, pa.array(_BLANK))) & (kinds != _ODD)
        shared, at = _inside(bodies, kinds == "s", "><v>", "</v></c>", "^[0-9]+$")
        # White space at an end is kept or not, as the cell says; an underscore may begin an escape (_x000D_).
        plain, text = _inside(bodies, kinds == "inlineStr", "><is><t>", "</t></is></c>", r"^[^<&_\r]+$")
        trimmed = _flags(pc.equal(text, pc.utf8_trim_whitespace(text)))
        plain[plain], text = trimmed, text.filter(pa.array(trimmed))
        odd = ~(blank | shared | plain)
        texts = pc.replace_with_mask(pa.repeat(pa.scalar(""), len(cells)), pa.array(plain), text)
        if bool(shared.any()):
            told = self._shared.take(at.cast(pa.int64()).to_numpy())
            texts = pc.replace_with_mask(texts, pa.array(shared), told)
        if not bool(odd.any()):
            return texts, marks_of(texts)
        asked, types = self._ask(cells.filter(pa.array(odd)).to_pylist())
        texts = pc.replace_with_mask(texts, pa.array(odd), pa.array(asked, pa.string()))
        marks = marks_of(texts)
        marks[odd] = np.frombuffer(types.encode("ascii"), dtype=np.uint8)
        return texts, marks

    def release(self) -> None:
        """Let go of the memory in which shared texts were looked up."""
        self._shared.release()

    def _ask(self, cells: Sequence[str]) -> tuple[list[str], str]:
        """Texts and marks of cells that are not plain."""
        kinds = [kind[1] if (kind := _KIND.match(cell)) else "" for cell in cells]
        asked = [cell for cell, kind in zip(cells, kinds, strict=True) if kind not in ("s", "e")]
        answers = iter(self._answers(asked))
        told = [
            _error(cell) if kind == "e" else self._one_shared(cell) if kind == "s" else next(answers)
            for cell, kind in zip(cells, kinds, strict=True)
        ]
        return [text for text, _ in told], "".join(mark for _, mark in told)

    def _answers(self, cells: Sequence[str]) -> Iterator[tuple[str, str]]:
        for first in range(0, len(cells), _MOST):
            some = cells[first : first + _MOST]
            values = _column(_small_workbook(some, self._styles, self._from_1904))
            yield from zip(*cells_of([*values, *[""] * (len(some) - len(values))]), strict=True)

    def _one_shared(self, cell: str) -> tuple[str, str]:
        value = _VALUE.search(cell)
        if value is None or not value[1].strip():
            return "", EMPTY
        if not value[1].strip().isdecimal():
            raise damaged()
        text = self._shared.take(np.array([int(value[1])]))[0].as_py()
        return text, "s" if text.strip() else EMPTY


class _OddTexts(Exception):
    """The texts that cells share are not written the way all known programs write them."""


def values_of(archive: zipfile.ZipFile) -> Values | None:
    """What the cells of a workbook say; None if only a parser that holds all of it can tell."""
    try:
        return Values(archive)
    except _OddTexts:
        return None


class SharedTexts:
    """The texts that cells share, in files without names, mapped: what they take of memory can be let go.

    Raises:
        _OddTexts: they are not written plainly enough to be told apart.
    """

    def __init__(self, file: IO[bytes] | None = None, read: Read | None = None) -> None:
        self._size, self._maps = 0, list[mmap.mmap]()
        if file is None or read is None:
            return
        with tempfile.TemporaryFile() as ends, tempfile.TemporaryFile() as data:
            last = np.zeros(1, dtype=np.int64)
            ends.write(last.tobytes())
            for cells in _shared_cells(file):
                texts, _ = read(cells)
                lengths = pc.binary_length(texts).to_numpy().astype(np.int64)
                last = last[-1] + np.cumsum(lengths) if len(lengths) else last
                ends.write(last.tobytes() if len(lengths) else b"")
                data.write(_bytes_of(texts))
                self._size += len(texts)
            data.write(b"\0")  # an empty file cannot be mapped
            for one in (ends, data):
                one.flush()
                self._maps.append(mmap.mmap(one.fileno(), 0, prot=mmap.PROT_READ))

    def take(self, at: npt.NDArray[np.int64]) -> pa.StringArray:
        """The texts at these places.

        Raises:
            Unreadable: there are not so many.
        """
        if len(at) and int(at.max()) >= self._size:
            raise damaged()
        if not self._size:
            return pa.array([], pa.string())
        buffers = [pa.py_buffer(one) for one in self._maps]
        texts = pa.LargeStringArray.from_buffers(self._size, *buffers)
        return texts.take(pa.array(at)).cast(pa.string())

    def release(self) -> None:
        """Let go of the memory in which texts were looked up."""
        for one in self._maps:
            one.madvise(mmap.MADV_DONTNEED)


def _shared_cells(file: IO[bytes]) -> Iterator[pa.StringArray]:
    """The shared texts, block by block, each as if it stood in a cell of its own."""
    begun = False
    for block in blocks_of(chunks_of(file, BLOCK), b"</si>"):
        rows = block[: block.find(b"</sst>")] if b"</sst>" in block else block
        rows = rows.replace(b"<si/>", b"<si></si>")
        if not begun and is_encoded_otherwise(rows):
            raise _OddTexts
        try:
            rows.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _OddTexts from error
        pieces = split_text(rows, "<si>")
        head = pieces[0].as_py()
        pieces = pc.utf8_rtrim_whitespace(pieces[1:])
        if (
            rows.count(b"<si") != len(pieces)
            or b"<!" in rows
            or (begun and head.strip())
            or not pc.all(pc.ends_with(pieces, "</si>"), min_count=0).as_py()
            or (not begun and "<sst" not in head)
        ):
            raise _OddTexts
        begun = True
        inner = pc.binary_replace_slice(pieces, start=-len("</si>"), stop=1 << 30, replacement="")
        yield pc.binary_join_element_wise(' t="inlineStr"><is>', inner, "</is></c>", "")


def _bytes_of(texts: pa.StringArray) -> memoryview | bytes:
    _, ends, data = texts.buffers()
    if data is None:
        return b""
    at = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[int(at[0]) : int(at[-1])]


def _error(cell: str) -> tuple[str, str]:
    value = _VALUE.search(cell)
    return (value[1], "e") if value else ("", EMPTY)


def _taken_apart(cells: pa.StringArray) -> tuple[npt.NDArray[np.str_], pa.StringArray]:
    """The type that the attributes of each cell name, '' for none, and what stands behind them.

    >>> kinds, bodies = _taken_apart(pa.array([' t="s"><v>1</v></c>', ' s="1"/>']))
    >>> kinds.tolist(), bodies.to_pylist()
    (['s', ''], ['><v>1</v></c>', '/>'])
    """
    attributes, bodies = _cut(cells, pc.find_substring(cells, ">").to_numpy())
    closed = pc.ends_with(attributes, "/")
    bodies = pc.if_else(closed, pc.binary_join_element_wise("/", bodies, ""), bodies)
    bodies = pc.replace_substring(pc.ascii_rtrim_whitespace(bodies), _KEPT, "<t>", max_replacements=1)
    distinct = attributes.dictionary_encode()
    kinds = [_kind(one) for one in distinct.dictionary.to_pylist()]
    found: npt.NDArray[np.str_] = np.array(kinds, dtype=np.str_)[distinct.indices.to_numpy()]
    return found, bodies


def _kind(attributes: str) -> str:
    kind = _KIND.match(attributes)
    return _ODD if "<" in attributes else kind[1] if kind else ""


def _cut(texts: pa.StringArray, at: npt.NDArray[np.int32]) -> tuple[pa.StringArray, pa.StringArray]:
    """What stands before and behind a place, in bytes, of each text; a place before its beginning is its end."""
    _, ends, data = texts.buffers()
    bounds = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    cuts = np.stack([bounds[:-1], np.where(at < 0, bounds[1:], bounds[:-1] + at)], axis=1).ravel()
    cuts = np.append(cuts, bounds[-1:]).astype(np.int32)
    parts = pa.StringArray.from_buffers(len(cuts) - 1, pa.py_buffer(cuts), data)
    first = np.arange(0, len(parts), 2)
    return parts.take(pa.array(first)), parts.take(pa.array(first + 1))


def _inside(
    bodies: pa.StringArray, asked: Flags, before: str, behind: str, plain: str
) -> tuple[Flags, pa.StringArray]:
    """Which of the asked bodies hold, between these tags, a text that this expression finds; and these texts.

    >>> flags, texts = _inside(pa.array(["<v>7</v>", "<v>x</v>"]), np.array([True, True]), "<v>", "</v>", "[0-9]")
    >>> flags.tolist(), texts.to_pylist()
    ([True, False], ['7'])
    """
    flags = asked & _flags(pc.starts_with(bodies, before)) & _flags(pc.ends_with(bodies, behind))
    between = bodies.filter(pa.array(flags)).cast(pa.binary())
    texts = pc.binary_slice(between, len(before), -len(behind)).cast(pa.string())
    fits = pc.match_substring_regex(texts, plain)
    flags[flags] = _flags(fits)
    return flags, texts.filter(fits)


def _flags(flags: pa.BooleanArray) -> Flags:
    found: Flags = flags.to_numpy(zero_copy_only=False)
    return found


_SPACE = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_SPACE}/officeDocument/2006/relationships"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_SPACE}/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_SPACE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_SPACE}/package/2006/relationships"><Relationship '
    f'Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_MAIN = f'xmlns="{_SPACE}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}"'


def _small_workbook(cells: Sequence[str], styles: bytes | None, from_1904: bool) -> io.BytesIO:
    """A workbook of these cells, one below the other."""
    rows = "".join(f'<row r="{at}"><c r="A{at}"{cell}</row>' for at, cell in enumerate(cells, start=1))
    parts: dict[str, str | bytes] = {
        **_PARTS,
        "xl/workbook.xml": f'<workbook {_MAIN}><workbookPr date1904="{int(from_1904)}"/><sheets>'
        '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>",
    }
    if styles is not None:
        parts[_STYLES] = styles
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def _column(file: io.BytesIO) -> list[object]:
    """The values of a small workbook, down to the last that is there.

    Raises:
        Unreadable: one of its cells is none.
    """
    try:
        with CalamineWorkbook.from_filelike(file) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise damaged() from error
    return [row[0] if row else "" for row in rows]
