"""Where the header of a sheet stands, which column is which, and where the rows under it begin.

Belongs here: finding the header by its names (never by its place), joining header levels, the instruction row,
columns that are new, gone or there twice.
Lives elsewhere: what stands in the rows (`connectors/stage`), the platform's page of facts (`connectors/platform.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.errors import Unreadable
from connectors.platform import Export
from connectors.read.sheet import EMPTY, Row

DEEPEST = 30  # rows in which a header is looked for; titles, units and dates may stand above it
_ENOUGH = 0.3  # of the declared names, to call a row the header at all
_INSTRUCTION = re.compile(
    r"必填|选填|非必填|格式|系统(生成|自动|内)|自动(生成|关联)|下拉|^如[:：]?.|例如|[01]\s*="
)


class Header(NamedTuple):
    """Where a header was found: index of its first row, of the first row under it, and of each declared column."""

    first: int
    body: int
    at: dict[str, int]
    width: int


class Differences(NamedTuple):
    """What a header has that nobody declared, by column, and what was declared that it lacks."""

    new: Mapping[int, str]
    gone: Sequence[str]


class Part(NamedTuple):
    """One kind of sheet of an export: which sheet (None: any that fits), and the columns it should have."""

    sheet: str | None
    columns: Mapping[str, str]  # header on the sheet -> name in the platform's file
    aliases: Mapping[str, str]  # another header on the sheet -> name in the platform's file

    def known(self) -> dict[str, str]:
        """Every header as it is compared -> name in the platform's file."""
        return {plain(name): declared for name, declared in (*self.aliases.items(), *self.columns.items())}


def parts(export: Export) -> tuple[Part, ...]:
    """The sheets an export consists of: one kind, or households and members."""
    aliases = {alias: name for name, others in export.aliases.items() for alias in others}
    columns = {name: name for name in export.columns}
    if export.two_sheets is None:
        return (Part(export.sheet, columns, aliases),)
    sheets = (export.two_sheets.members, export.two_sheets.household)
    return tuple(Part(sheet, _on_sheet(sheet, columns), _on_sheet(sheet, aliases)) for sheet in sheets)


def _on_sheet(sheet: str, names: Mapping[str, str]) -> dict[str, str]:
    """Of these names, in front of which stands their sheet's, those of one sheet, as they stand on it."""
    head = f"{sheet}/"
    return {name.removeprefix(head): to for name, to in names.items() if name.startswith(head)}


def choose_sheets(part: Part, heads: Mapping[str, Sequence[Row]], export: Export) -> list[str]:
    """The sheets that hold this part: the one named, or every visible sheet that has its header.

    Raises:
        Unreadable: the sheet is not there, or no sheet has the header.
    """
    if part.sheet is not None and part.sheet in heads:
        return [part.sheet]
    if part.sheet is not None and list(heads) != [""]:
        raise Unreadable(
            f"没有名为「{part.sheet}」的可见工作表，文件里有：{'、'.join(heads)}",
            "请重新导出，或把工作表改回原名（隐藏的请取消隐藏）",
        )
    found = [name for name, rows in heads.items() if _best(rows, part, export).hits >= _enough(part)]
    if not found:
        raise _no_header(part, next(iter(heads), ""))
    return found


def find_header(sheet: str, rows: Sequence[Row], part: Part, export: Export) -> Header:
    """Find the header among the first rows of a sheet.

    Raises:
        Unreadable: there is none, or it has a column that is unknown, gone, or there twice.
    """
    header, (new, gone) = compare_header(sheet, rows, part, export)
    if new or gone:
        raise _changed(list(new.values()), gone, sheet, f"第 {rows[header.first].row} 行（表头）")
    return header


def compare_header(sheet: str, rows: Sequence[Row], part: Part, export: Export) -> tuple[Header, Differences]:
    """Find the header among the first rows of a sheet, and how it differs from what was declared.

    Raises:
        Unreadable: there is none, or it has a column twice.
    """
    best = _best(rows, part, export)
    if best.hits < _enough(part):
        raise _no_header(part, sheet)
    names = best.names
    place = f"第 {rows[best.first].row} 行（表头）"
    _refuse_doubles(names, sheet, place)
    known = part.known()
    _refuse_two_names(names, known, sheet, place)
    at = {known[plain(name)]: index for index, name in enumerate(names) if plain(name) in known}
    new = {index: name for index, name in enumerate(names) if name and plain(name) not in known}
    gone = [name for name, declared in part.columns.items() if declared not in at]
    body = best.first + export.header_rows
    if body < len(rows) and is_instruction(rows[body], at, export.instructions):
        body += 1
    return Header(best.first, body, at, max(at.values()) + 1), Differences(new, gone)


def plain(header: str) -> str:
    """A header as it is compared: NFKC, no white space.

    >>> plain(" 姓　名\\n（必填）"), plain("ＩＤ")
    ('姓名(必填)', 'ID')
    """
    if header.isascii() and header.isalnum():
        return header
    return re.sub(r"[\s\u200b\ufeff]+", "", unicodedata.normalize("NFKC", header))


def join_levels(levels: Sequence[Row]) -> list[str]:
    """The names of a header over several rows, its levels joined with "/".

    >>> join_levels([Row(1, ["序号", "基本信息", ""], "ssh"), Row(2, ["", "姓名", "性别"], "vss")])
    ['序号', '基本信息/姓名', '基本信息/性别']
    """
    width = max((len(row.cells) for row in levels), default=0)
    names: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(levels):
        group = ""
        for column in range(len(row.cells)):
            mark, text = row.types[column], row.cells[column].strip()
            if mark in "vm":
                group = ""
                continue
            # CSV and the like keep no merged ranges: there a group's name stands over its first column only.
            below = any(
                column < len(lower.cells) and lower.types[column] not in ".vhm"
                for lower in levels[depth + 1 :]
            )
            if mark == "h" or (mark == EMPTY and below and group):
                text = group
            group = text
            if text:
                names[column].append(text)
    return ["/".join(name) for name in names]


class _Found(NamedTuple):
    hits: int
    first: int
    names: list[str]


def _best(rows: Sequence[Row], part: Part, export: Export) -> _Found:
    """The place among the first rows where most declared names stand; of equal ones the first."""
    known = part.known()
    best = _Found(0, 0, [])
    for first in range(min(len(rows), DEEPEST)):
        names = join_levels(rows[first : first + export.header_rows])
        hits = len({known[plain(name)] for name in names if plain(name) in known})
        if hits > best.hits:
            best = _Found(hits, first, names)
    return best


def _enough(part: Part) -> int:
    return max(1, round(_ENOUGH * len(part.columns)))


def is_instruction(row: Row, at: Mapping[str, int], instructions: Mapping[str, str]) -> bool:
    """Whether at least half of what the row under the header states tells how to fill the form."""
    declared = {at[name]: plain(text) for name, text in instructions.items() if name in at}
    stated = [(column, text.strip()) for column, text in enumerate(row.cells) if text.strip()]
    told = sum(plain(text) == declared.get(c) or bool(_INSTRUCTION.search(text)) for c, text in stated)
    return bool(stated) and 2 * told >= len(stated)


def _refuse_doubles(names: Sequence[str], sheet: str, place: str) -> None:
    seen: dict[str, tuple[int, str]] = {}
    for column, name in enumerate(names):
        if not name:
            continue
        if plain(name) in seen:
            first, other = seen[plain(name)]
            raise Unreadable(
                f"有两列表头相同：第 {column_name(first)} 列「{other}」与第 {column_name(column)} 列「{name}」",
                "请删去或改名其中一列后重新放入收件箱",
                sheet=sheet,
                place=place,
            )
        seen[plain(name)] = (column, name)


def _refuse_two_names(names: Sequence[str], known: Mapping[str, str], sheet: str, place: str) -> None:
    """A column and what it is also called, both there: which of the two is meant, nobody can say."""
    seen: dict[str, str] = {}
    for name in filter(lambda name: plain(name) in known, names):
        declared = known[plain(name)]
        if declared in seen:
            raise Unreadable(
                f"「{seen[declared]}」与「{name}」按别名是同一列，却同时出现",
                "请只留下其中一列；两列确有不同含义时，请管理员改正该平台 TOML 文件里的 export.aliases",
                sheet=sheet,
                place=place,
            )
        seen[declared] = name


def _changed(new: Sequence[str], gone: Sequence[str], sheet: str, place: str) -> Unreadable:
    problem = "；".join(
        words + "、".join(f"「{name}」" for name in names)
        for words, names in (("多出不认识的列", new), ("缺少列", gone))
        if names
    )
    example = f'，如 "{gone[0]}" = ["{new[0]}"]' if len(new) == len(gone) == 1 else ""
    return Unreadable(
        problem,
        "请按原来的列重新导出；平台确已改版时，请管理员在该平台的 TOML 文件里说明这些列"
        f"（使用、忽略，或只是改了名：在 [export.aliases] 里加一行{example}）",
        sheet=sheet,
        place=place,
    )


def _no_header(part: Part, sheet: str) -> Unreadable:
    some = "、".join(list(part.columns)[:3])
    return Unreadable(
        f"前 {DEEPEST} 行里没有找到表头（应有 {some} 等 {len(part.columns)} 列）",
        "请确认导出的是这个平台的数据表，再重新导出",
        sheet=sheet,
    )


def column_name(index: int) -> str:
    """The letters a spreadsheet shows for a column counted from 0.

    >>> column_name(0), column_name(27)
    ('A', 'AB')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
