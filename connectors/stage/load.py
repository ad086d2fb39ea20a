"""From landed cells to columns: the sheets of a platform, their headers found, closing rows and broken rows gone.

Belongs here: what can be said of a row before its values are looked at.
Lives elsewhere: finding the header (`connectors/read/layout.py`), values that stand elsewhere (`fill.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.errors import Unreadable
from connectors.platform import Export, Platform
from connectors.read.layout import DEEPEST, Header, Part, choose_sheets, column_name, find_header, plain
from connectors.read.sheet import BROKEN, Row
from connectors.stage.block import Block, Flags, Marks, Places, Texts, join, new_column
from connectors.stage.fill import fill_down
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words

_BLANK = np.frombuffer(b".vhm", dtype=np.uint8)
_STRAY = 0.05  # of the rows may state something outside the header; with more, the header lost a column


@dataclass(slots=True)
class Cells:
    """The cells of one sheet, flat: `start` and `length` say which belong to a row."""

    rows: npt.NDArray[np.int32]
    start: Places
    length: Places
    texts: Texts
    marks: Marks

    def head(self, most: int) -> list[Row]:
        """The first rows, as readers return them."""
        spans = zip(self.rows[:most], self.start, self.start + self.length, strict=False)
        return [
            Row(int(row), list(self.texts[a:b]), self.marks[a:b].tobytes().decode("ascii"))
            for row, a, b in spans
        ]

    def below(self, first: int) -> Cells:
        return Cells(self.rows[first:], self.start[first:], self.length[first:], self.texts, self.marks)

    def keep(self, flags: Flags) -> Cells:
        return Cells(self.rows[flags], self.start[flags], self.length[flags], self.texts, self.marks)

    def column(self, index: int) -> tuple[Texts, Marks]:
        """One column of all rows; a row too short for it is blank there."""
        there = self.length > index
        at = np.where(there, self.start + index, 0)
        if not len(self.texts):
            return np.full(len(self.rows), "", dtype=object), np.full(
                len(self.rows), ord("."), dtype=np.uint8
            )
        texts, marks = self.texts[at], self.marks[at]
        texts[~there], marks[~there] = "", ord(".")
        return texts, marks

    def any_in(self, index: int) -> Flags:
        """Rows that state something in a column."""
        return ~np.isin(self.column(index)[1], _BLANK)


def load_cells(path: Path) -> dict[str, Cells]:
    """The cells of each sheet of a landed export, in the order of the file."""
    table: Any = pq.read_table(path)
    names = table["sheet"].combine_chunks()
    if not len(names):
        return {}
    ordered = names.unique().to_pylist()
    return {name: _cells(table.filter(pa.compute.equal(table["sheet"], name))) for name in ordered}


def _cells(table: Any) -> Cells:
    lists = table["cells"].combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    offsets -= offsets[0]
    cells = lists.flatten().dictionary_encode()  # what is stated a thousand times is one text in memory
    texts = cells.dictionary.to_numpy(zero_copy_only=False)[cells.indices.to_numpy()]
    marks = np.frombuffer("".join(table["types"].to_pylist()).encode("ascii"), dtype=np.uint8)
    return Cells(table["row"].to_numpy().astype(np.int32), offsets[:-1], np.diff(offsets), texts, marks)


def load_part(
    part: Part, sheets: dict[str, Cells], platform: Platform, quarantine: Quarantine
) -> tuple[Block, int]:
    """All data rows of one part of an export as a block, and how many there were before the broken ones went.

    Raises:
        Unreadable: no such sheet, or a header that is not the platform's.
    """
    export = platform.export
    heads = {name: cells.head(DEEPEST + export.header_rows + 1) for name, cells in sheets.items()}
    blocks: list[Block] = []
    rows_in = 0
    for name in choose_sheets(part, heads, export):
        header = find_header(name, heads[name], part, export)
        body = _data_rows(sheets[name].below(header.body), header, part, export)
        rows_in += len(body.rows)
        blocks.append(_block(name, body, header, part, platform, quarantine))
    return join(blocks), rows_in


def _data_rows(cells: Cells, header: Header, part: Part, export: Export) -> Cells:
    """Without blank rows, headers repeated on a later page, and closing rows."""
    stated = _stated_marks(cells)
    counts = (
        np.add.reduceat(np.append(stated, 0), cells.start - cells.start[:1]) if len(cells.rows) else stated
    )
    counts = np.where(cells.length > 0, counts, 0)
    first = _first_stated(cells, stated, counts)
    levels = frozenset(plain(level) for name in part.columns for level in (name, *name.split("/")))
    suspects = {text for text in set(first) if _may_be_no_data(text, levels, export.footer)}
    keep: Flags = counts > 0
    for at in np.flatnonzero(keep & np.array([text in suspects for text in first], dtype=np.bool_)):
        texts = cells.texts[cells.start[at] : cells.start[at] + cells.length[at]]
        keep[at] = not _is_no_data(texts, header.width, levels)
    return cells.keep(keep)


def _may_be_no_data(first: str, levels: frozenset[str], footer: str | None) -> bool:
    """Whether a row that begins so may be a closing row or a header."""
    text = first.strip()
    known = words().total.search(text) or words().footer.search(text)
    return bool(known) or plain(text) in levels or (footer is not None and plain(text) == plain(footer))


def _is_no_data(texts: Texts, width: int, levels: frozenset[str]) -> bool:
    """A row of sums, a closing row (it states little: a person would fill more columns), or the header again."""
    stated = [text.strip() for text in texts if text.strip()]
    if words().total.search(stated[0]) or all(plain(text) in levels for text in stated):
        return True
    return plain(stated[0]) not in levels and len(stated) <= max(2, width // 3)


def _stated_marks(cells: Cells) -> npt.NDArray[np.int64]:
    if not len(cells.rows):
        return np.zeros(0, dtype=np.int64)
    end = int(cells.start[-1] + cells.length[-1])
    return (~np.isin(cells.marks[cells.start[0] : end], _BLANK)).astype(np.int64)


def _first_stated(cells: Cells, stated: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Texts:
    """The first stated cell of each row; '' in a blank row."""
    first = np.full(len(cells.rows), "", dtype=object)
    places = np.flatnonzero(stated)
    if len(places):
        offset = int(cells.start[0])
        which = np.minimum(np.searchsorted(places, cells.start - offset), len(places) - 1)
        some = counts > 0
        first[some] = cells.texts[places[which[some]] + offset]
    return first


def _block(
    name: str, cells: Cells, header: Header, part: Part, platform: Platform, quarantine: Quarantine
) -> Block:
    columns = {declared: new_column(*cells.column(index)) for declared, index in header.at.items()}
    ordered = {declared: columns[declared] for declared in part.columns.values()}
    sheets = np.full(len(cells.rows), name, dtype=object)
    block = Block(sheets, cells.rows, np.ones(len(cells.rows), dtype=np.int32), ordered)
    fill_down(block, platform)
    broken: Flags = np.zeros(len(cells.rows), dtype=np.bool_)
    if len(cells.rows):
        broken = (cells.length > 0) & (cells.marks[cells.start] == ord(BROKEN))
    _set_aside_broken(name, cells, broken, quarantine)
    short = ~broken & (cells.length < header.width)
    stray = ~broken & _outside(name, cells, header)
    for bad, reason in ((short, "too_few_cells"), (stray, "too_many_cells")):
        quarantine.take_out(block, bad, reason)
    return block.keep(~(broken | short | stray))


def _set_aside_broken(name: str, cells: Cells, broken: Flags, quarantine: Quarantine) -> None:
    for at in np.flatnonzero(broken):
        quarantine.add(name, int(cells.rows[at]), "", "undecodable", str(cells.texts[cells.start[at]]))


def _outside(name: str, cells: Cells, header: Header) -> Flags:
    """Rows that state something where the header is blank; refused when there are many of them."""
    stray: Flags = np.zeros(len(cells.rows), dtype=np.bool_)
    used = set(header.at.values())
    for index in range(int(cells.length.max()) if len(cells.rows) else 0):
        if index in used:
            continue
        there = cells.any_in(index)
        if there.sum() > max(1, _STRAY * len(cells.rows)):
            raise Unreadable(
                f"第 {column_name(index)} 列有 {int(there.sum())} 行内容，却没有表头",
                "请补上这一列的表头，或删去这一列后重新放入收件箱",
                sheet=name,
                place=f"第 {column_name(index)} 列",
            )
        stray |= there
    return stray
