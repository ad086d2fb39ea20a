"""Where the table stands in a sheet that nothing is known of: title, header, instructions, rows, closing rows.

Belongs here: finding these by what the rows look like, households on a sheet of their own, blocks merged down.
Lives elsewhere: finding a header whose names are known (`connectors/read/layout.py`), what a column is (`guess.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from connectors.draft.aliases import Knowledge, bare, levels
from connectors.draft.profile import Profile, may_be_name
from connectors.errors import Unreadable
from connectors.read.layout import DEEPEST, column_name, is_instruction, join_levels, plain
from connectors.read.sheet import BROKEN, Reading, Row, Sheet
from connectors.stage.words import words
from dedup.normalise.read import read

_LONGEST_HEADER = 40  # characters
_MOST_LEVELS = 3
_VALUE = re.compile(r"\d{5,}|^\d+([.,]\d+)?$|^\d{4}[-/.年]")
_META = re.compile(r"[:：]|^[(（]?单位[)）:：]|年\s*\d{1,2}\s*月")
_EXAMPLE = re.compile(r"\d{6,}|[路街巷弄]\d+[号弄]")
_LABEL = re.compile(r"(?:^|(?<=\s))[^\s:：]{2,10}[:：]\s*")


@dataclass(frozen=True)
class Table:
    """One sheet as a table: its header and where it stands, and each column's profile."""

    sheet: str
    headers: tuple[str, ...]
    header_rows: int
    first: int  # number of the header's first row, as the clerk counts
    rows: int  # of data
    columns: dict[str, Profile] = field(repr=False)
    places: dict[str, int] = field(default_factory=dict)  # header -> column, from 0
    title: str | None = None
    footer: str | None = None
    instructions: dict[str, str] = field(default_factory=dict)
    merged_down: tuple[str, ...] = ()
    ditto: bool = False
    nameless: tuple[str, ...] = ()  # letters of columns that state something below no header


def find_tables(reading: Reading, known: Knowledge) -> list[Table]:
    """Every visible sheet that holds a table with people or households, most rows first.

    Raises:
        Unreadable: no sheet has a header; or a header has the same name twice.
    """
    found = [table for sheet in reading.sheets if (table := _table(sheet, known)) is not None]
    if not found:
        raise Unreadable(
            f"前 {DEEPEST} 行里没有找到表头",
            "请在第一行补上各列的名称（如 姓名、身份证号、联系电话），或确认导出的是数据表",
            sheet=reading.sheets[0].name if reading.sheets else "",
        )
    return found


def _table(sheet: Sheet, known: Knowledge) -> Table | None:
    at = _header(sheet.rows, known)
    if at is None:
        return None
    first, depth = at
    head = sheet.rows[first : first + depth]
    names = join_levels(head)
    _refuse_doubles(names, sheet.name, f"第 {head[0].row} 行（表头）")
    below = sheet.rows[first + depth :]
    instructions: dict[str, str] = {}
    if below and is_instruction(below[0], {}, {}):
        instructions = _told(names, below[0])
        below = below[1:]
    body, footer = _without_closing(below, names)
    profiles = {name: _profile(body, column) for column, name in enumerate(names) if name}
    return Table(
        sheet=sheet.name,
        headers=tuple(name for name in names if name),
        header_rows=depth,
        first=head[0].row,
        rows=len(body),
        columns=profiles,
        places={name: column for column, name in enumerate(names) if name},
        title=_title(sheet.rows[:first]),
        footer=footer,
        instructions=instructions,
        merged_down=_merged_down(body, names),
        ditto=any(text.strip() in words().ditto for row in body for text in row.cells),
        nameless=tuple(_nameless(body, names)),
    )


def _header(rows: Sequence[Row], known: Knowledge) -> tuple[int, int] | None:
    """Index of the header's first row and how many rows it has: the place that looks most like one."""
    places = [
        (score, -first, -depth)
        for first in range(min(len(rows), DEEPEST))
        for depth in range(1, min(_MOST_LEVELS, len(rows) - first) + 1)
        if (score := _looks_like_header(rows[first : first + depth], known)) > 0
    ]
    if not places:
        return None
    _, first, depth = max(places)
    return -first, -depth


def _looks_like_header(head: Sequence[Row], known: Knowledge) -> float:
    """How much these rows look like a header; 0: they are none."""
    stated = [[text.strip() for text in row.cells if text.strip()] for row in head]
    if any(row.types[:1] == BROKEN or not texts for row, texts in zip(head, stated, strict=True)):
        return 0.0
    if any(len(set(texts)) < 2 for texts in stated) or any(
        _is_value(text) for texts in stated for text in texts
    ):
        return 0.0
    if 2 * sum(bool(_META.search(text)) for text in stated[0]) >= len(stated[0]):
        return 0.0
    if is_instruction(head[-1], {}, {}):
        return 0.0
    if len(head) > 1 and not _levels_belong(head):
        return 0.0
    names = [name for name in join_levels(head) if name]
    met = sum(_is_known(name, known) for name in names)
    doubled = len(names) - len({plain(name) for name in names})
    merged = any(mark in row.types for row in head for mark in "hv")
    deeper = 0.5 * (len(head) - 1) if merged else 0.0
    return len(names) + 3.0 * met - 5.0 * doubled + deeper if met or len(names) >= 3 else 0.0


def _levels_belong(head: Sequence[Row]) -> bool:
    """Whether each row carries on the one above: under groups merged across, or beside names merged down."""
    for above, below in pairwise(head):
        grouped = (
            "h" in above.types
            or "v" in below.types
            or any(
                below_mark not in ".vhm" and above_mark == "."
                for above_mark, below_mark in zip(above.types, below.types, strict=False)
            )
        )
        if not grouped:
            return False
    return True


def _is_known(name: str, known: Knowledge) -> bool:
    texts = {bare(name), *map(bare, levels(name))}
    return any(
        not texts.isdisjoint(some) for some in (*known.fields.values(), known.keys, *known.ignored.values())
    )


def _is_value(text: str) -> bool:
    """What stands in rows, never in headers: numbers, dates, somebody's number or telephone, and long texts."""
    if len(text) > _LONGEST_HEADER or _VALUE.search(text):
        return True
    return read("id_number", text).key is not None or read("phone", text).key is not None


def _refuse_doubles(names: Sequence[str], sheet: str, place: str) -> None:
    seen: dict[str, int] = {}
    for column, name in enumerate(names):
        if not name:
            continue
        if plain(name) in seen:
            letters = column_name(seen[plain(name)]), column_name(column)
            raise Unreadable(
                f"第 {letters[0]} 列与第 {letters[1]} 列的表头相同：「{name}」",
                "请改名或删去其中一列，再用改好的文件试一次",
                sheet=sheet,
                place=place,
            )
        seen[plain(name)] = column


def _told(names: Sequence[str], row: Row) -> dict[str, str]:
    """What the instruction row says of each column; an example that may be somebody's is left out."""
    pairs = zip(names, (text.strip() for text in row.cells), strict=False)
    return {name: text for name, text in pairs if name and text and not _may_be_personal(text)}


def _may_be_personal(text: str) -> bool:
    """An example in an instruction may be taken from life: a number, a door, a name."""
    return bool(_EXAMPLE.search(text)) or (len(text) <= 4 and may_be_name(text))


def _without_closing(rows: Sequence[Row], names: Sequence[str]) -> tuple[list[Row], str | None]:
    """The rows of data, and the labels of a closing row without what was filled in behind them."""
    parts = {plain(part) for name in names if name for part in (name, *name.split("/"))}
    few = max(2, sum(map(bool, names)) // 3)
    body: list[Row] = []
    footer: str | None = None
    for at, row in enumerate(rows):
        stated = [text.strip() for text in row.cells if text.strip()]
        if not stated or words().total.search(stated[0]) or all(plain(text) in parts for text in stated):
            continue
        last = at == len(rows) - 1 and _LABEL.search(stated[0])
        if len(stated) <= few and (last or words().footer.search(stated[0])):
            footer = "".join(_LABEL.findall(stated[0])) or None
            continue
        body.append(row)
    return body, footer


def _title(rows: Sequence[Row]) -> str | None:
    """The first text above the header that is no note of who filled it in and when."""
    texts = [text.strip() for row in rows for text in row.cells if text.strip()]
    return next((t for t in texts if not _META.search(t) and not re.search(r"\d{5,}", t)), None)


def _profile(body: Sequence[Row], column: int) -> Profile:
    texts: list[str] = []
    marks: list[str] = []
    for row in body:
        text, mark = (row.cells[column].strip(), row.types[column]) if column < len(row.cells) else ("", ".")
        if mark == "v" and texts:
            text, mark = texts[-1], marks[-1]
        texts.append(text)
        marks.append(mark)
    return Profile(tuple(texts), tuple(mark == "n" for mark in marks))


def _merged_down(body: Sequence[Row], names: Sequence[str]) -> tuple[str, ...]:
    covered = Counter(
        column
        for row in body
        for column, mark in enumerate(row.types)
        if mark in "vm" and column < len(names)
    )
    return tuple(name for column, name in enumerate(names) if name and covered[column])


def _nameless(body: Sequence[Row], names: Sequence[str]) -> list[str]:
    filled = Counter(
        column
        for row in body
        for column, text in enumerate(row.cells)
        if text.strip() and (column >= len(names) or not names[column])
    )
    return [
        column_name(column) for column, times in sorted(filled.items()) if times > max(1, len(body) // 20)
    ]
