"""What a spreadsheet of a platform looks like: where title, headers, instructions, merged blocks and footer stand.

Belongs here: rows of cells → sheets with merged ranges, for every format that is a spreadsheet (xlsx, xls, html).
Lives elsewhere: the bytes of each format (`xlsx.py`, `xls.py`, `html.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from connectors.platform import Export, Platform, TwoSheets
from connectors.write.cell import CannotWrite, Cell

Merge = tuple[int, int, int, int]  # first row, first column, last row, last column; from 0, both included


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """One sheet: head rows (title, headers, instructions), body rows, foot rows, merged ranges over all of them."""

    name: str
    columns: tuple[str, ...]
    head: list[list[Cell]]
    body: Sequence[Sequence[Cell]]
    foot: list[list[Cell]]
    merges: list[Merge]
    header_at: int  # the first header row
    body_at: int  # the first body row


def plan(platform: Platform, rows: Sequence[Sequence[Cell]]) -> list[SheetPlan]:
    """Lay out the platform's sheets; `rows` have one cell for each of `export.columns`.

    Raises:
        CannotWrite: two rows of one household state different things about it on a sheet that says them once.
    """
    export = platform.export
    if export.two_sheets is None:
        return [_sheet(export, export.sheet or "Sheet1", export.columns, rows)]
    return [
        _sheet(export, name, tuple(header.split("/", 1)[1] for header in headers), body)
        for name, headers, body in _two_sheets(platform, export.two_sheets, rows)
    ]


def _sheet(export: Export, name: str, columns: tuple[str, ...], body: Sequence[Sequence[Cell]]) -> SheetPlan:
    width = len(columns)
    head: list[list[Cell]] = []
    merges: list[Merge] = []
    if export.title is not None:
        head.append([export.title, *[None] * (width - 1)])
        merges += [(0, 0, 0, width - 1)] if width > 1 else []
    header_at = len(head)
    levels, spans = _headers(columns, export.header_rows)
    head += levels
    merges += [(top + header_at, left, bottom + header_at, right) for top, left, bottom, right in spans]
    if export.instructions:
        head.append([export.instructions.get(column) for column in columns])
    body_at = len(head)
    foot: list[list[Cell]] = []
    if export.footer is not None:
        foot.append([export.footer, *[None] * (width - 1)])
        merges += [(body_at + len(body), 0, body_at + len(body), width - 1)] if width > 1 else []
    if merged := [at for at, column in enumerate(columns) if column in export.merge_down]:
        body, blocks = _merge_down([list(row) for row in body], merged, body_at)
        merges += blocks
    return SheetPlan(name, columns, head, body, foot, merges, header_at, body_at)


def _headers(columns: tuple[str, ...], levels: int) -> tuple[list[list[Cell]], list[Merge]]:
    """Header rows, a group written once over its columns.

    >>> _headers(("序号", "基本/姓名", "基本/性别"), 2)
    ([['序号', '基本', None], [None, '姓名', '性别']], [(0, 0, 1, 0), (0, 1, 0, 2)])
    """
    paths = [column.split("/", levels - 1) if levels > 1 else [column] for column in columns]
    grid: list[list[Cell]] = [[None] * len(columns) for _ in range(levels)]
    merges: list[Merge] = []
    for at, path in enumerate(paths):
        last = len(path) - 1
        grid[last][at] = path[last]
        if last < levels - 1:
            merges.append((last, at, levels - 1, at))
    for level in range(levels - 1):
        groups = [tuple(path[: level + 1]) if len(path) > level + 1 else None for path in paths]
        for first, end in _runs(groups):
            if groups[first] is None:
                continue
            grid[level][first] = paths[first][level]
            if end - first > 1:
                merges.append((level, first, level, end - 1))
    return grid, merges


def _merge_down(
    body: list[list[Cell]], merged: list[int], body_at: int
) -> tuple[list[list[Cell]], list[Merge]]:
    """Blank what stands in the row above of the same block, and merge each block; blocks are equal neighbours."""
    merges: list[Merge] = []
    for first, end in _runs([tuple(row[at] for at in merged) for row in body]):
        if end - first == 1 or all(body[first][at] in (None, "") for at in merged):
            continue
        for at in merged:
            merges.append((body_at + first, at, body_at + end - 1, at))
            for row in body[first + 1 : end]:
                row[at] = None
    return body, merges


def _runs(values: Sequence[object]) -> list[tuple[int, int]]:
    """First and one past the last place of each run of equal neighbours.

    >>> _runs(["a", "a", "b"])
    [(0, 2), (2, 3)]
    """
    starts = [0, *(at for at, (left, right) in enumerate(pairwise(values), start=1) if left != right)]
    return list(pairwise([*starts, len(values)])) if values else []


def _two_sheets(
    platform: Platform, two: TwoSheets, rows: Sequence[Sequence[Cell]]
) -> list[tuple[str, list[str], list[list[Cell]]]]:
    """Households, each once, and members; the link is written on both sheets, whichever of the two was given."""
    columns = platform.export.columns
    places = {
        sheet: [at for at, column in enumerate(columns) if column.startswith(f"{sheet}/")]
        for sheet in (two.household, two.members)
    }
    own, theirs = columns.index(f"{two.household}/{two.link}"), columns.index(f"{two.members}/{two.link}")
    households: dict[Cell, list[Cell]] = {}
    members: list[list[Cell]] = []
    for number, stated in enumerate(rows, start=1):
        row = list(stated)
        link = row[own] = row[theirs] = row[theirs] or row[own]
        members.append([row[at] for at in places[two.members]])
        household = [row[at] for at in places[two.household]]
        if link in (None, ""):
            if any(cell not in (None, "") for cell in household):
                raise CannotWrite(
                    platform.slug, columns[theirs], number, "没有家庭编号，家庭信息无法与成员相连"
                )
            continue
        if households.setdefault(link, household) != household:
            raise CannotWrite(platform.slug, two.household, number, "同一家庭的成员给出了不同的家庭信息")
    return [
        (two.household, [columns[at] for at in places[two.household]], list(households.values())),
        (two.members, [columns[at] for at in places[two.members]], members),
    ]
