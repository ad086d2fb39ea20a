"""From landed cells to columns: the sheets of a platform, their headers found, closing rows and broken rows gone.

Belongs here: what can be said of a row before its values are looked at.
Lives elsewhere: finding the header (`connectors/read/layout.py`), values that stand elsewhere (`fill.py`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from connectors.errors import Unreadable
from connectors.platform import Export, Platform
from connectors.read.layout import DEEPEST, Header, Part, choose_sheets, column_name, find_header, plain
from connectors.read.layout import parts as parts_of
from connectors.read.sheet import BROKEN
from connectors.stage.block import Block, Flags, Texts, join, new_column
from connectors.stage.cells import BLANK, Cells, load_cells
from connectors.stage.fill import fill_down
from connectors.stage.overrides import Overrides
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words

_STRAY = 0.05  # of the rows may state something outside the header; with more, the header lost a column


def load_part(
    part: Part, sheets: dict[str, Cells], platform: Platform, quarantine: Quarantine, overrides: Overrides
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
        quarantine.references.know(name, body, header)
        blocks.append(_block(name, body, header, part, platform, quarantine, overrides))
    return join(blocks), rows_in


def _data_rows(cells: Cells, header: Header, part: Part, export: Export) -> Cells:
    """Without blank rows, headers repeated on a later page, and closing rows."""
    stated = _stated_marks(cells)
    counts = (
        np.add.reduceat(np.append(stated, 0), cells.start - cells.start[:1]) if len(cells.rows) else stated
    )
    counts = np.where(cells.length > 0, counts, 0)
    first = _first_stated(cells, stated, counts)
    headers = (*part.columns, *part.aliases)
    levels = frozenset(plain(level) for name in headers for level in (name, *name.split("/")))
    suspects = {text for text in set(first) if _may_be_no_data(text, levels, export.footer)}
    keep: Flags = counts > 0
    for at in np.flatnonzero(keep & np.array([text in suspects for text in first], dtype=np.bool_)):
        texts = cells.texts[cells.start[at] : cells.start[at] + cells.length[at]]
        keep[at] = not _is_no_data(texts, header.width, levels)
    return cells.keep(keep)


def _may_be_no_data(first: str, levels: frozenset[str], footer: str | None) -> bool:
    """Whether a row that begins so may be a closing row or a header."""
    text = first.strip()
    # Closing rows begin with Chinese words, and the platform's own keys, of which no two are alike, mostly do not.
    known = not text.isascii() and (words().total.search(text) or words().footer.search(text))
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
    return (~np.isin(cells.marks[cells.start[0] : end], BLANK)).astype(np.int64)


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
    name: str,
    cells: Cells,
    header: Header,
    part: Part,
    platform: Platform,
    quarantine: Quarantine,
    overrides: Overrides,
) -> Block:
    columns = {declared: new_column(*cells.column(index)) for declared, index in header.at.items()}
    ordered = {declared: columns[declared] for declared in part.columns.values()}
    sheets = np.full(len(cells.rows), name, dtype=object)
    block = Block(sheets, cells.rows, np.ones(len(cells.rows), dtype=np.int32), ordered)
    overrides.mend(block, quarantine.references)
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


def stated_in(platform: Platform, path: Path, sheet: str, row: int) -> dict[str, str]:
    """What one row of a landed export states, column by column, before anything is made of it."""
    export, sheets = platform.export, load_cells(path)
    heads = {name: cells.head(DEEPEST + export.header_rows + 1) for name, cells in sheets.items()}
    for part in parts_of(export):
        if sheet in choose_sheets(part, heads, export):
            header = find_header(sheet, heads[sheet], part, export)
            return sheets[sheet].stated(row, header.at)
    return {}
