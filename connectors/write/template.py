"""A platform's own workbook: where its rows belong, and whether it still is what the platform's file says.

Belongs here: finding header, first row of data and closing rows in a workbook that a person laid into the site, and the rows
of a list that came with them; refusing one whose columns changed, or that should be blank and is not, by sheet and cell.
Lives elsewhere: putting rows into it (`splice.py`), our stand-in where there is none (`xlsx.py`), finding a header by its
names (`connectors/read/layout.py`), guessing a platform's file from a template (`connectors/draft/template.py`).

Its columns may be fewer than the export's: what we never write, the template may lack. A star beside a header, or （必填）, is
no other name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.read.guard import check_size, check_zip
from connectors.read.layout import (
    DEEPEST,
    Differences,
    Header,
    Part,
    choose_sheets,
    column_name,
    compare_header,
    parts,
)
from connectors.read.sheet import Row
from connectors.read.workbook import read_xlsx
from connectors.read.xlsx_parts import damage, opened_zip, sheet_parts, unpack
from connectors.sandbox import Limits, run_all
from connectors.stage.words import words
from connectors.write.plan import plan
from connectors.write.splice import Place
from connectors.write.xlsx import Blank

_UNSTATED = ".vhm"
_REQUIRED = re.compile(r"^[*＊★]\s*|\s*[*＊★]$|[（(](?:必填|必录|选填|非必填)[)）]$")
_NEXT = (
    "平台确已改版时，请管理员在 connectors/platforms/{slug}.toml 里说明这些列（只是改了名的，写进 [export.aliases]）；"
    "否则请换回原来的空白模板"
)
_LABEL = re.compile(r"^[^:：\d]{2,10}[:：]")
_MOST_LEVELS = 4  # of a header, and the instructions under it


def read_blank(platform: Platform, path: Path, *, limits: Limits = Limits()) -> Blank:
    """Where the platform's rows belong in its own blank workbook, which is read in a worker process as any hostile file.

    Raises:
        ExportRefused: no workbook, its columns are others than the platform's file says, or it is not blank.
    """
    _, outcome = next(iter(run_all(examine, [(platform, path)], workers=1, limits=limits)))
    answer = outcome.answer or {}
    if "problem" in answer:
        raise Unreadable(answer["problem"], answer["next"], sheet=answer["sheet"], place=answer["place"]).of(
            platform.slug, _named(path)
        )
    if outcome.fate != "done":
        raise Unreadable(outcome.problem, "请换一份平台的空白模板").of(platform.slug, _named(path))
    places = [Place(**place) for place in answer["places"]]
    return Blank(path, places, answer["columns"], answer["issued"] if platform.receive.issued else None)


def examine(platform: Platform, path: Path) -> dict[str, Any]:
    """What a worker does with one template: the places, in the order of the platform's plan, or what is wrong."""
    try:
        _refuse_needless(platform)
        check_size(path)
        check_zip(path)
        sheets = {sheet.name: sheet.rows for sheet in read_xlsx(path).sheets}
        found = {part.sheet: _place(platform, path, part, sheets) for part in parts(platform.export)}
    except Unreadable as error:
        return {
            "problem": error.problem,
            "next": error.next_move,
            "sheet": error.sheet,
            "place": error.place,
        }
    by_sheet = found.values() if len(found) == 1 else (found[sheet.name] for sheet in plan(platform, []))
    places, columns, issued = zip(*by_sheet, strict=True)
    return {"places": list(places), "columns": list(columns), "issued": issued[0]}


def _refuse_needless(platform: Platform) -> None:
    if platform.export.format != "xlsx":
        raise Unreadable(
            f"这个平台收的是 {platform.export.format} 文件，不用工作簿模板",
            "请移走这个文件；平台改收 xlsx 的，请管理员先改正平台文件里的 export.format",
        )


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def stored_as(path: Path, sheet: str) -> tuple[str, frozenset[int]]:
    """The part of a workbook that is the sheet of this name, and the numbers of its hidden rows.

    Raises:
        Unreadable: it cannot be read.
    """
    with opened_zip(path) as archive, damage():
        part = next(one for one in sheet_parts(archive) if one.name == sheet)
        return part.part, unpack(archive, part, None).facts.hidden


def first_shown(row: int, hidden: Collection[int]) -> int:
    """The first row from this one on that is not hidden: nobody sees who is put into a hidden one, and what stands there is
    meant for a program.

    >>> first_shown(4, {4, 5, 9}), first_shown(6, {4, 5, 9})
    (6, 6)
    """
    while row in hidden:
        row += 1
    return row


def _place(
    platform: Platform, path: Path, part: Part, sheets: Mapping[str, list[Row]]
) -> tuple[dict[str, Any], list[int | None], dict[str, int]]:
    """The place of one sheet's rows, as `Place` has it, the column there of each of the sheet's own, and the rows that it
    came with."""
    needed = _needed(platform, part)
    name = choose_sheets(needed, {one: _unstarred(rows) for one, rows in sheets.items()}, platform.export)[0]
    rows = sheets[name]
    header, differences = compare_header(name, _unstarred(rows), needed, platform.export)
    if differences.new or differences.gone:
        raise _changed(platform, name, rows, header, differences)
    below = rows[header.body :]
    issued: dict[str, int] = {}
    if platform.receive.issued:
        below, issued = _issued(name, below, header.at[platform.export.key or ""])
    foot = _foot(name, below, [header.at[column] for column in needed.columns.values()])
    where, hidden = stored_as(path, name)
    body = first_shown(rows[header.body - 1].row + 1, hidden)
    place = {"part": where, "sheet": name, "body": body, "foot": foot}
    return place, [header.at.get(declared) for declared in part.columns.values()], issued


def _issued(sheet: str, below: Sequence[Row], key: int) -> tuple[list[Row], dict[str, int]]:
    """What stands below the rows of a list that came with its rows, and the number of each of these by its key."""
    found: dict[str, int] = {}
    left: list[Row] = []
    for row in below:
        stated = row.cells[key].strip() if key < len(row.cells) else ""
        if not stated or closes(row):
            left.append(row)
        elif found.setdefault(stated, row.row) != row.row:
            raise Unreadable(
                "下发的名单里有两行编号相同",
                "请向平台核实，删去或改正其中一行",
                sheet=sheet,
                place=f"{column_name(key)}{row.row}",
            )
    return left, found


def _needed(platform: Platform, part: Part) -> Part:
    """What the template must have of a sheet: what we may ever write. Whatever else the platform exports, it may have."""
    receive = platform.receive
    told = {*receive.fields, *(receive.admits.fields if receive.admits else ()), "name"}
    written = {column.column for field, column in platform.fields.items() if field in told or column.required}
    written |= {platform.export.key} if platform.export.key else set()
    if two := platform.export.two_sheets:
        written |= {f"{two.household}/{two.link}", f"{two.members}/{two.link}"}
    names = {_bare(name): declared for name, declared in part.columns.items()}
    others = {_bare(name): declared for name, declared in part.aliases.items()}
    return Part(
        part.sheet,
        {name: declared for name, declared in names.items() if declared in written},
        others | {name: declared for name, declared in names.items() if declared not in written},
    )


def _unstarred(rows: Sequence[Row]) -> list[Row]:
    """The rows in which a header may stand, its stars taken off."""
    return [Row(row.row, list(map(_bare, row.cells)), row.types) for row in rows[: DEEPEST + _MOST_LEVELS]]


def _bare(header: str) -> str:
    """
    >>> _bare("*姓名"), _bare("身份证号（必填）")
    ('姓名', '身份证号')
    """
    return _REQUIRED.sub("", header)


def _changed(
    platform: Platform,
    sheet: str,
    rows: Sequence[Row],
    header: Header,
    differences: Differences,
) -> Unreadable:
    """The columns by name; each that is there and unknown also by its cell."""
    levels = rows[header.first : header.first + platform.export.header_rows]
    cells = [_cell(levels, column) for column in differences.new]
    problems = [
        f"模板多出不认识的列「{name}」（{cell}）"
        for name, cell in zip(differences.new.values(), cells, strict=True)
    ]
    problems += [f"模板缺少要填的列「{column}」" for column in differences.gone]
    place = cells[0] if cells else f"第 {levels[0].row} 行（表头）"
    return Unreadable("；".join(problems), _NEXT.format(slug=platform.slug), sheet=sheet, place=place)


def _cell(levels: Sequence[Row], column: int) -> str:
    """The lowest cell of a header in which its name stands."""
    stated = [row.row for row in levels if column < len(row.cells) and row.types[column] not in _UNSTATED]
    return f"{column_name(column)}{stated[-1] if stated else levels[0].row}"


def _foot(sheet: str, below: Sequence[Row], used: Sequence[int]) -> int | None:
    """The first closing row, if there is one; what stands above it must be blank where we write."""
    foot = None
    for row in below:
        if closes(row):
            foot = foot or row.row
        elif foot is None and (column := next(_stated(row, used), None)) is not None:
            raise Unreadable(
                "模板不是空白的，表头下面已有内容",
                "请删去示例行和已填的行，只留空白模板；这一行是填写说明的，请管理员写进平台文件的 [export.instructions]",
                sheet=sheet,
                place=f"{column_name(column)}{row.row}",
            )
    return foot


def closes(row: Row) -> bool:
    """Whether it is a closing row: sums, or labels to be filled in by hand such as 制表人：."""
    stated = [row.cells[at].strip() for at in _stated(row, range(len(row.cells)))]
    if not stated:
        return False
    known = words().total.search(stated[0]) or words().footer.search(stated[0])
    return bool(known) or all(map(_LABEL.search, stated))


def _stated(row: Row, columns: Sequence[int]) -> Iterator[int]:
    """Those of these columns in which the row states something."""
    return (at for at in columns if at < len(row.cells) and row.types[at] not in _UNSTATED)
