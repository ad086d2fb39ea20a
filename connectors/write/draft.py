"""What stands in one platform's file of a night: its rows, cell by cell, and what was left out and why. Nothing is written.

Belongs here: which cells the platform's template can hold, what stands beside them, what a household must agree on.
Lives elsewhere: which values should change (`warehouse/sql/outbox`), the file and its manifest (`outbox.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from connectors.platform import Column, Export, Platform
from connectors.write.manifest import Change, LeftOut
from connectors.write.preflight import refusal
from connectors.write.render import render
from connectors.write.shared import household_columns, one_voice
from warehouse.fields import fields as known_fields

_HIDDEN = "*"
_TO_EMPTY = "该格曾写入他人的值，平台原来没有值，请在平台上清空"
_DISPUTED = "同一户的成员给出了不同的值，请先核实"
_LONELY = "该格代表整户，同户其他成员的情况不同或不明，请先核实"

# Record id -> field -> what the platform states today. It is written back beside a change, so that a value which its
# export damaged (an ID number cut by a spreadsheet) does not belong here.
Held = Mapping[str, Mapping[str, str]]
# Household number -> record id of everybody whom the platform keeps under it -> field -> golden value.
Homes = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: whose it is, its cells by header, and which of them change."""

    record_id: str
    household: str
    source_key: str
    cells: dict[str, str]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One platform's file before it is written."""

    platform: Platform
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def cells(self) -> frozenset[tuple[str, str]]:
        """Record and field of every change that stands in the file."""
        return frozenset((row.record_id, change.field) for row in self.rows for change in row.changes)


class _Shape(NamedTuple):
    """What every row of a platform's file has beside the changes."""

    export: Export
    key: Column | None  # what its file says of the key, where it is a field of ours
    beside: tuple[Column, ...]  # required, or the name
    issued: Collection[str] | None

    @classmethod
    def of(cls, platform: Platform, issued: Collection[str] | None) -> _Shape:
        """The shape of a platform's rows."""
        columns = platform.fields.values()
        key = next((column for column in columns if column.column == platform.export.key), None)
        beside = tuple(one for one in columns if one.required or one.field == "name")
        return cls(platform.export, key, beside if issued is None else (), issued)


def draft(
    platform: Platform,
    changes: Iterable[Change],
    held: Held,
    homes: Homes | None = None,
    issued: Collection[str] | None = None,
) -> Draft:
    """What stands in the file; the same changes in any order give the same draft.

    Each row holds the platform's own key, its required columns as the platform holds them, and the changed cells;
    everything else is blank.

    `homes`: who belongs to each household. A cell that speaks for a whole household is changed only if of everybody in it the
    same is asked, or golden already: of whom it may not be passed on, it is no less true. None trusts that the changes
    given are everybody's.

    `issued`: the keys of a list that came with its rows. It takes no others, and nothing beside the changes.
    """
    ordered = sorted(changes, key=lambda change: (change.record_id, change.field))
    rows, left_out = _rows(platform, ordered, held, homes or {}, issued)
    return Draft(platform, tuple(rows), tuple(left_out))


def _rows(
    platform: Platform,
    changes: Sequence[Change],
    held: Held,
    homes: Homes,
    issued: Collection[str] | None,
) -> tuple[list[Row], list[LeftOut]]:
    shared = household_columns(platform)
    asked = [(change, _cell(platform, change)) for change in changes]
    left_out = [cell for _, cell in asked if isinstance(cell, LeftOut)]
    stated = {change: cell for change, cell in asked if isinstance(cell, str)}
    apart = _apart(platform, shared, stated, held, homes)
    left_out += [LeftOut(change.record_id, change.field, reason) for change, reason in apart.items()]
    by_record: dict[str, list[Change]] = {}
    for change in stated:
        if change not in apart:
            by_record.setdefault(change.record_id, []).append(change)
    shape = _Shape.of(platform, issued)
    rows: list[Row] = []
    for record_id, kept in by_record.items():
        cells = {platform.fields[change.field].column: stated[change] for change in kept}
        row = _row(shape, record_id, cells, kept, held.get(record_id, {}))
        if isinstance(row, str):
            left_out += [LeftOut(record_id, change.field, row) for change in kept]
        else:
            rows.append(row)
    rows.sort(key=lambda row: (row.household, row.source_key, row.record_id))
    if shared:
        rows, refused = _agreeing(platform, shared, rows)
        left_out += refused
    return rows, sorted(left_out, key=lambda left: (left.record_id, left.field))


def _apart(
    platform: Platform,
    shared: frozenset[str],
    stated: Mapping[Change, str],
    held: Held,
    homes: Homes,
) -> dict[Change, str]:
    """Changes of a cell that speaks for a household of which not everybody is known to agree.

    Whoever asks counts, also one whose own row cannot be written: that is no other opinion.
    """
    asking: dict[tuple[str, str], list[Change]] = {}
    for change in stated:
        household = held.get(change.record_id, {}).get("household_number", "")
        if household and platform.fields[change.field].column in shared:
            asking.setdefault((household, change.field), []).append(change)
    apart: dict[Change, str] = {}
    for (household, field), members in asking.items():
        cells, asked = {stated[change] for change in members}, {change.record_id for change in members}
        others = (known.get(field) for one, known in homes.get(household, {}).items() if one not in asked)
        if len(cells) > 1:
            apart |= dict.fromkeys(members, _DISPUTED)
        elif not all(
            other and render(platform.fields[field], known_fields()[field], other) in cells
            for other in others
        ):
            apart |= dict.fromkeys(members, _LONELY)
    return apart


def _cell(platform: Platform, change: Change) -> str | LeftOut:
    """The changed cell as the platform writes it, or why it cannot stand there. The last door for the allow-list."""
    facts = known_fields()[change.field]
    column = platform.fields.get(change.field)
    reason: str | None
    if column is None or change.field not in _allowed(platform, change) or not facts.publish:
        reason = "不在该平台可接收字段之内"
    elif not change.value:
        reason = _TO_EMPTY
    elif _HIDDEN in change.value:
        reason = "已脱敏的值不得写回"
    elif (stated := render(column, facts, change.value)) is None:
        reason = "平台的代码表无法准确表达该值"
    else:
        reason = refusal(platform.export, column.column, column, stated)
        if reason is None:
            return stated
    return LeftOut(change.record_id, change.field, reason)


def _allowed(platform: Platform, change: Change) -> tuple[str, ...]:
    receive = platform.receive
    if change.kind in ("insert", "recall") and receive.admits is not None:
        return receive.fields + receive.admits.fields
    return receive.fields


def _row(
    shape: _Shape, record_id: str, cells: dict[str, str], kept: Sequence[Change], held: Mapping[str, str]
) -> Row | str:
    """The whole row, or why the platform would refuse it. The platform numbers a newcomer's row itself."""
    export, source_key = shape.export, kept[0].source_key
    newcomer = kept[0].kind == "insert"
    if export.key is None or source_key.startswith("#"):
        return "该记录在平台没有唯一编号，无法对应"
    if shape.issued is not None and source_key not in shape.issued:
        return "平台下发的名单里没有这一行"
    if reason := _unfit(export, export.key, shape.key, source_key):
        return f"编号「{export.key}」{reason}"
    whole = {} if newcomer else {export.key: source_key}
    for column in shape.beside:
        header = column.column
        if header in cells:
            continue
        stated = held.get(column.field, "")
        if column.required and not stated:
            lacking = "新增的人还没有" if newcomer else "平台缺少"
            return f"{lacking}可用的必填项「{header}」，整行会被退回"
        if reason := _unfit(export, header, column, stated):
            return f"必填项「{header}」{reason}"
        if stated:
            whole[header] = stated
    return Row(record_id, held.get("household_number", ""), source_key, whole | cells, tuple(kept))


def _unfit(export: Export, header: str, column: Column | None, held: str) -> str | None:
    """Why what the platform holds must not be written beside a change."""
    if _HIDDEN in held:
        return "在平台的导出中已脱敏，写回会覆盖原值"
    return refusal(export, header, column, held) if held else None


def _agreeing(
    platform: Platform, shared: frozenset[str], rows: Sequence[Row]
) -> tuple[list[Row], list[LeftOut]]:
    """Rows of one household say the same about it; where the platform's own rows differ, nothing is written over that."""
    agreed: list[Row] = []
    left_out: list[LeftOut] = []
    for household, group in groupby(rows, key=lambda row: row.household):
        members = list(group)
        if not household:
            agreed += members
            continue
        kept, refused = _household(platform, shared, members)
        agreed += kept
        left_out += refused
    return agreed, left_out


def _household(
    platform: Platform, shared: frozenset[str], members: Sequence[Row]
) -> tuple[list[Row], list[LeftOut]]:
    common, disputed = one_voice([row.cells for row in members], shared)
    # Without a required column none of these rows would be accepted.
    blocked = any(column.required and column.column in disputed for column in platform.fields.values())
    kept: list[Row] = []
    left_out: list[LeftOut] = []
    for row in members:
        refused = {
            change for change in row.changes if blocked or platform.fields[change.field].column in disputed
        }
        left_out += [LeftOut(row.record_id, change.field, _DISPUTED) for change in refused]
        changes = tuple(change for change in row.changes if change not in refused)
        own = {header: cell for header, cell in row.cells.items() if header not in shared}
        if changes:
            kept.append(Row(row.record_id, row.household, row.source_key, {**own, **common}, changes))
    return kept, left_out
