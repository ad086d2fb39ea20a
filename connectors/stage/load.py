"""From landed cells to columns: the sheets of a platform, their headers found, closing rows and broken rows gone.

Belongs here: what can be said of a row before its values are looked at.
Lives elsewhere: finding the header (`connectors/read/layout.py`), values that stand elsewhere (`fill.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.errors import Unreadable
from connectors.platform import Export, Platform
from connectors.read.layout import DEEPEST, Header, Part, choose_sheets, column_name, find_header, plain
from connectors.read.layout import parts as parts_of
from connectors.read.sheet import BROKEN, Row
from connectors.stage.block import Block, Flags, join, new_column
from connectors.stage.cells import BLANK, Cells, batches_in, heads_in, whole_sheet
from connectors.stage.fill import fill_down
from connectors.stage.overrides import Overrides
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words

_STRAY = 0.05  # of the rows may state something outside the header; with more, the header lost a column


@dataclass(slots=True)
class Strays:
    """How many rows of a sheet state something where its header is blank, column by column."""

    rows: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, int]] = field(default_factory=Counter)

    def refuse_many(self) -> None:
        """
        Raises:
            Unreadable: so many that the header lost a column.
        """
        for (sheet, index), rows in sorted(self.found.items()):
            if rows > max(1, _STRAY * self.rows[sheet]):
                raise Unreadable(
                    f"第 {column_name(index)} 列有 {rows} 行内容，却没有表头",
                    "请补上这一列的表头，或删去这一列后重新放入收件箱",
                    sheet=sheet,
                    place=f"第 {column_name(index)} 列",
                )


@dataclass(slots=True)
class Loader:
    """One export on its way from cells to blocks."""

    platform: Platform
    path: Path
    quarantine: Quarantine
    overrides: Overrides
    strays: Strays = field(default_factory=Strays)
    _above: dict[str, Block] = field(default_factory=dict)  # the last row of each sheet so far

    def heads(self) -> dict[str, list[Row]]:
        """The first rows of each sheet: a header may stand in any of them."""
        return heads_in(self.path, DEEPEST + self.platform.export.header_rows + 1)

    def batches(self, part: Part) -> Iterator[tuple[Block, int]]:
        """The data rows of a part of an export in blocks, and how many each were before the broken ones went.

        Raises:
            Unreadable: no such sheet, or a header that is not the platform's.
        """
        headers = self._headers(part)
        seen: Counter[str] = Counter()
        for name, cells in batches_in(self.path):
            if name in headers:
                yield self._block(
                    name, cells.below(max(0, headers[name].body - seen[name])), headers[name], part
                )
            seen[name] += len(cells.rows)
        self.strays.refuse_many()

    def whole(self, part: Part) -> tuple[Block, int]:
        """The same in one block: what another part of the export is asked of."""
        found = [
            self._block(name, whole_sheet(self.path, name).below(header.body), header, part)
            for name, header in self._headers(part).items()
        ]
        self.strays.refuse_many()
        return join([block for block, _ in found]), sum(rows for _, rows in found)

    def _headers(self, part: Part) -> dict[str, Header]:
        export, heads = self.platform.export, self.heads()
        return {
            name: find_header(name, heads[name], part, export) for name in choose_sheets(part, heads, export)
        }

    def _block(self, name: str, cells: Cells, header: Header, part: Part) -> tuple[Block, int]:
        cells = _data_rows(cells, header, part, self.platform.export)
        self.quarantine.references.know(name, cells, header)
        return self._made(name, cells, header, part), len(cells.rows)

    def _made(self, name: str, cells: Cells, header: Header, part: Part) -> Block:
        columns = {declared: new_column(*cells.column(index)) for declared, index in header.at.items()}
        ordered = {declared: columns[declared] for declared in part.columns.values()}
        sheets = np.full(len(cells.rows), name, dtype=object)
        block = Block(sheets, cells.rows, np.ones(len(cells.rows), dtype=np.int32), ordered)
        if not len(block):
            return block
        self.overrides.mend(block, self.quarantine.references)
        fill_down(block, self.platform, self._above.get(name))
        self._above[name] = block.take(np.array([len(block) - 1]))
        broken = (cells.length > 0) & (cells.marks[cells.start] == ord(BROKEN))
        _set_aside_broken(name, cells, broken, self.quarantine)
        short = ~broken & (cells.length < header.width)
        stray = ~broken & self._outside(name, cells, header)
        for bad, reason in ((short, "too_few_cells"), (stray, "too_many_cells")):
            self.quarantine.take_out(block, bad, reason)
        return block.keep(~(broken | short | stray))

    def _outside(self, name: str, cells: Cells, header: Header) -> Flags:
        """Rows that state something where the header is blank."""
        stray: Flags = np.zeros(len(cells.rows), dtype=np.bool_)
        self.strays.rows[name] += len(cells.rows)
        for index in set(range(int(cells.length.max()))) - set(header.at.values()):
            there = cells.any_in(index)
            self.strays.found[name, index] += int(there.sum())
            stray |= there
        return stray


def _data_rows(cells: Cells, header: Header, part: Part, export: Export) -> Cells:
    """Without blank rows, headers repeated on a later page, and closing rows."""
    if not len(cells.rows):
        return cells
    stated = _stated_marks(cells)
    counts = np.add.reduceat(np.append(stated, 0), cells.start - cells.start[:1])
    counts = np.where(cells.length > 0, counts, 0)
    first = _first_stated(cells, stated, counts)
    headers = (*part.columns, *part.aliases)
    levels = frozenset(plain(level) for name in headers for level in (name, *name.split("/")))
    words_known = levels | ({plain(export.footer)} if export.footer else frozenset[str]())
    keep: Flags = counts > 0
    for at in np.flatnonzero(keep & _suspect(first, words_known)):
        keep[at] = not _is_no_data(cells.texts_at(int(at)), header.width, levels)
    return cells.keep(keep)


def _suspect(first: pa.DictionaryArray, known: frozenset[str]) -> Flags:
    """Rows that may be a closing row or a header, by what is stated first in them."""
    texts = first.dictionary
    # Closing rows begin with Chinese words, and the platform's own keys, of which no two are alike, mostly do not.
    if not any(text.isascii() for text in known):
        texts = pc.if_else(pc.string_is_ascii(texts), "", texts)
    distinct = texts.dictionary_encode()
    suspect = np.array(
        [_may_be_no_data(text, known) for text in distinct.dictionary.to_pylist()], dtype=np.bool_
    )
    flags: Flags = suspect[distinct.indices.to_numpy()[first.indices.to_numpy()]]
    return flags


def _may_be_no_data(first: str, known: frozenset[str]) -> bool:
    """Whether a row that begins so may be a closing row or a header."""
    text = first.strip()
    chinese = not text.isascii() and (words().total.search(text) or words().footer.search(text))
    return bool(chinese) or plain(text) in known


def _is_no_data(texts: Sequence[str], width: int, levels: frozenset[str]) -> bool:
    """A row of sums, a closing row (it states little: a person would fill more columns), or the header again."""
    stated = [text.strip() for text in texts if text.strip()]
    if words().total.search(stated[0]) or all(plain(text) in levels for text in stated):
        return True
    return plain(stated[0]) not in levels and len(stated) <= max(2, width // 3)


def _stated_marks(cells: Cells) -> npt.NDArray[np.int64]:
    end = int(cells.start[-1] + cells.length[-1])
    return (~np.isin(cells.marks[cells.start[0] : end], BLANK)).astype(np.int64)


def _first_stated(
    cells: Cells, stated: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> pa.DictionaryArray:
    """The first stated cell of each row; '' in a blank row."""
    places = np.flatnonzero(stated)
    if not len(places):
        return pa.array([""] * len(cells.rows)).dictionary_encode()
    offset = int(cells.start[0])
    which = np.minimum(np.searchsorted(places, cells.start - offset), len(places) - 1)
    at = pa.array(places[which] + offset, mask=counts == 0)
    return cells.texts.take(at).fill_null("").dictionary_encode()


def _set_aside_broken(name: str, cells: Cells, broken: Flags, quarantine: Quarantine) -> None:
    for at in np.flatnonzero(broken):
        quarantine.add(name, int(cells.rows[at]), "", "undecodable", cells.texts_at(int(at))[0])


def stated_in(platform: Platform, path: Path, sheet: str, row: int) -> dict[str, str]:
    """What one row of a landed export states, column by column, before anything is made of it."""
    export = platform.export
    heads = heads_in(path, DEEPEST + export.header_rows + 1)
    for part in parts_of(export):
        if sheet in choose_sheets(part, heads, export):
            header = find_header(sheet, heads[sheet], part, export)
            found = (cells.stated(row, header.at) for name, cells in batches_in(path) if name == sheet)
            return next(filter(None, found), {})
    return {}
