"""What a platform file must obey, beyond having the right keys: found when it is read, not at midnight.

Belongs here: every column accounted for once, names that exist, codes of the standard, legal grounds; types of values.
Lives elsewhere: the shape of a platform file (`platform.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from connectors.platform_pull import pull_problems
from dedup.normalise.codes import label
from warehouse.fields import fields as known_fields

if TYPE_CHECKING:
    from connectors.platform import Platform

# What the import gate asks of an export beyond what it must be by itself; their words, limits and weight by default stand
# in expectations/gate.toml.
LIMITED = frozenset(
    (
        "rows_shrunken", "rows_fewer", "rows_exploded", "rows_more", "identity_emptied", "column_emptied",
        "identity_unread", "column_unread", "keys_renumbered",
    )
)  # fmt: skip
CHECKS = LIMITED | {
    "rows_bounds",
    "date_changed",
    "codes_new",
    "key_reused",
    "older_export",
    "same_as_earlier",
}

_WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false", tuple: "列表", Mapping: "表"}


def problems(platform: Platform) -> Iterator[str]:
    """All that is wrong with a platform, worst first, in words for whoever wrote the file."""
    yield from _columns(platform)
    yield from _places(platform)
    yield from _fields(platform)
    yield from _gate(platform)
    yield from _codes(platform)
    yield from _receive(platform)
    yield from pull_problems(platform)


def _columns(platform: Platform) -> Iterator[str]:
    """Each column of the export is accounted for exactly once."""
    export = platform.export
    if doubled := _twice(export.columns):
        yield f"export.columns 中 {doubled} 出现了两次"
    used = [column.column for column in platform.fields.values()]
    if export.key is not None and export.key not in used:
        used.append(export.key)
    accounted = [*used, *platform.ignore, *platform.forbidden]
    if doubled := _twice(accounted):
        yield f"列 {doubled} 被说明了两次"
    if missing := _listed(set(export.columns) - set(accounted)):
        yield f"列 {missing} 既没有使用，也没有说明为何忽略"
    if absent := _listed(set(accounted) - set(export.columns)):
        yield f"列 {absent} 不在 export.columns 之中"
    silent = [*platform.ignore.items(), *platform.forbidden.items()]
    if wordless := _listed({header for header, reason in silent if not reason.strip()}):
        yield f"列 {wordless} 没有写明忽略或禁止的理由"


def _places(platform: Platform) -> Iterator[str]:
    """Headers that the shape of the file speaks of exist."""
    export = platform.export
    named: dict[str, set[str]] = {
        "export.instructions": set(export.instructions),
        "export.merge_down": set(export.merge_down),
        "export.widths": set(export.widths),
        "export.split_people": {export.split_people} if export.split_people else set(),
    }
    two = export.two_sheets
    if two is not None:
        named["export.two_sheets"] = {f"{two.household}/{two.link}", f"{two.members}/{two.link}"}
    for place, headers in named.items():
        if absent := _listed(headers - set(export.columns)):
            yield f"{place} 中的 {absent} 不在 export.columns 之中"
    if len(export.rows) != 2 or not 0 <= export.rows[0] <= export.rows[1]:
        yield "export.rows 应为 [最少行数, 最多行数]"
    yield from _aliases(platform)
    if export.header_rows < 1:
        yield "export.header_rows 至少为 1"
    if not 0 <= platform.trust <= 100:
        yield "trust 应在 0 到 100 之间"


def _aliases(platform: Platform) -> Iterator[str]:
    """Another name of a column is nobody else's name."""
    aliases = platform.export.aliases
    if absent := _listed(aliases.keys() - set(platform.export.columns)):
        yield f"export.aliases 中的 {absent} 不在 export.columns 之中"
    if doubled := _twice([*platform.export.columns, *(name for names in aliases.values() for name in names)]):
        yield f"export.aliases 中的 {doubled} 已是另一列的名字"


def _gate(platform: Platform) -> Iterator[str]:
    """The checks that are set otherwise exist, and a limit is a share or a factor."""
    gate = platform.gate
    if unknown := _listed(gate.limit.keys() - LIMITED):
        yield f"[gate] limit 中的 {unknown} 不是有限度的检查（见 expectations/gate.toml）"
    if unknown := _listed(gate.severity.keys() - CHECKS):
        yield f"[gate] severity 中的 {unknown} 不是检查（见 expectations/gate.toml）"
    if wrong := _listed({name for name, limit in gate.limit.items() if limit <= 0}):
        yield f"[gate] limit 中的 {wrong} 应大于 0"


def _fields(platform: Platform) -> Iterator[str]:
    """Fields that other keys speak of are fields of this platform."""
    for place, names in (
        ("authority", platform.authority),
        ("share", platform.share),
        ("receive.fields", platform.receive.fields),
    ):
        if unknown := _listed(set(names) - platform.fields.keys()):
            yield f"{place} 中的 {unknown} 不在 [fields] 之中"
        if doubled := _twice(names):
            yield f"{place} 中 {doubled} 出现了两次"
    for source, names in platform.feeds.items():
        if unknown := _listed(set(names) - platform.fields.keys()):
            yield f"feeds.{source} 中的 {unknown} 不在 [fields] 之中"
    if ("household_number" in platform.fields) != (platform.household != "none"):
        yield "household 应说明户号是户籍户（registered）还是居住户（living）；没有户号时为 none"
    for column in platform.fields.values():
        if column.format is not None and not all(part in column.format for part in ("%Y", "%m", "%d")):
            yield f"fields.{column.field} 的 format 应含 %Y、%m、%d"


def _codes(platform: Platform) -> Iterator[str]:
    """What their codes mean is a code of the national table; what is only read is among them."""
    for name, column in platform.fields.items():
        facts = known_fields()[name]
        if column.codes and facts.kind not in ("code", "flag"):
            yield f"[codes.{name}]：{name} 不是代码类字段"
            continue
        table = facts.table
        unknown = {
            ours
            for ours in column.codes.values()
            if (ours not in ("0", "1") if table is None else label(table, ours) == ours)
        }
        if unknown:
            yield f"[codes.{name}] 中的 {_listed(unknown)} 不是标准代码"
        if stray := _listed(set(column.only_read) - column.codes.keys()):
            yield f"fields.{name} 的 only_read 中 {stray} 不在 [codes.{name}] 之中"


def _receive(platform: Platform) -> Iterator[str]:
    """Nothing flows without purpose, legal basis, and a key that says where it goes."""
    receive = platform.receive
    if not receive.fields:
        return
    if not (receive.purpose.strip() and receive.basis.strip()):
        yield "[receive] 须写明 purpose（用途）与 basis（法律依据）"
    if platform.export.key is None:
        yield "[receive] 需要 export.key：平台没有自己的编号，写回的值无法对应到人"
    known = known_fields()
    if kept := _listed({name for name in receive.fields if name in known and not known[name].publish}):
        yield f"receive.fields 中的 {kept} 从不写回任何平台（见 warehouse/fields.toml）"


def unfit(value: Any, hint: Any) -> str | None:
    """Why a value read from TOML is not of the type its key asks for, or None.

    >>> unfit("60", int), unfit(True, int), unfit("T5", Literal["T1", "T2"])
    ('应为整数', '应为整数', '应为 T1、T2 之一')
    >>> unfit(("a", 1), tuple[str, ...]), unfit({"a": ("b",)}, Mapping[str, tuple[str, ...]]), unfit(None, str | None)
    ('每一项应为文字', None, None)
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return None if value in inner else f"应为 {'、'.join(map(str, inner))} 之一"
    if origin in (Union, UnionType):
        reasons = [unfit(value, option) for option in inner if option is not NoneType]
        return None if value is None or None in reasons else reasons[0]
    if origin is tuple:
        if not isinstance(value, tuple):
            return "应为列表"
        reason = next(filter(None, (unfit(item, inner[0]) for item in value)), None)
        return reason and f"每一项{reason}"
    if origin is Mapping:
        if not isinstance(value, Mapping):
            return "应为一张表"
        reason = next(filter(None, (unfit(item, inner[1]) for item in value.values())), None)
        return reason and f"每一项{reason}"
    if hint is float:
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "应为数"
    fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    return None if fits else f"应为{_WORDS.get(hint, '一张表')}"


def _twice(names: Any) -> str:
    found = list(names)
    return _listed({name for name in found if found.count(name) > 1})


def _listed(names: set[str]) -> str:
    return "、".join(sorted(names))
