"""What a platform file must obey, beyond having the right keys: found when it is read, not at midnight.

Belongs here: every column accounted for once, names that exist, codes of the standard, legal grounds; types of values.
Lives elsewhere: the shape of a platform file (`platform.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from connectors.platform_pull import pull_problems
from connectors.platform_send import send_problems
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

# Kinds of platform that no file can switch on, whatever tier it states, by their number in the catalogue of kinds.
_SURVEY = "全国人口普查条例第三十三条、统计法：普查与统计调查所得资料不得用于其他任何目的"
_PARTICULAR = "个人信息保护法第二十八条：特定身份信息，只由司法、公安机关依法处理"
_MEDICAL = "个人信息保护法第二十八条：医疗健康信息，只在卫健、疾控条线内处理"
_NEVER = {
    "P011": _PARTICULAR,
    "P017": "个人信息保护法第二十八条：含生物识别信息，只由公安机关处理",
    "P018": _PARTICULAR,
    "P022": _PARTICULAR,
    "P023": _PARTICULAR,
    "P025": "信访工作条例：信访材料不得转给无关单位和个人",
    "P029": "社会救助暂行办法：家庭经济状况核对结果只用于社会救助审核",
    "P052": _MEDICAL,
    "P056": "精神卫生法第二十三条、个人信息保护法第二十八条：严重精神障碍患者信息应当保密",
    "P057": "传染病防治法、个人信息保护法第二十八条：传染病患者信息应当保密",
    "P060": "个人信息保护法第四十七条：处理目的已实现，应当删除",
    "P081": "个人信息保护法第二十八条：宗教信仰信息，不得接入",
    "P083": "保守国家秘密法：国防动员潜力资料，不得接入",
    "P103": _SURVEY,
    "P104": _SURVEY,
    "P105": _SURVEY,
}
_T4 = "密级 T4：法律限定用途的资料"

# What may be said of a dwelling without saying who lives there.
_OF_A_DWELLING = frozenset(("address", "community", "grid", "updated_on"))

_WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false", tuple: "列表", Mapping: "表"}


def never(number: Any, tier: Any) -> str | None:
    """The legal reason why no platform of this number or tier may be connected, or None.

    >>> never("P103", "T1") == never("p103 ", "T2"), never("P009", "T4"), never("P009", "T3")
    (True, '密级 T4：法律限定用途的资料', None)
    """
    return _NEVER.get(str(number).strip().upper()) or (_T4 if tier == "T4" else None)


def problems(platform: Platform) -> Iterator[str]:
    """All that is wrong with a platform, worst first, in words for whoever wrote the file."""
    yield from _columns(platform)
    yield from _places(platform)
    yield from _shape(platform)
    yield from _fields(platform)
    yield from _gate(platform)
    yield from _codes(platform)
    yield from _receive(platform)
    yield from pull_problems(platform)
    yield from send_problems(platform)


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


def _shape(platform: Platform) -> Iterator[str]:
    """Keys of one format or shape are not used with another."""
    export = platform.export
    if not re.fullmatch(r"P\d{3}", platform.id):
        yield "id 应为目录中的编号，如 P009；本单位自己的为 P000"
    if bool(export.records) and export.format not in ("json", "xml"):
        yield "export.records 只用于 json 和 xml"
    if export.format == "xml" and not (export.records and "." in export.records[0]):
        yield "xml 须用 export.records 写明记录的路径，从根元素写起，如 DATA.ROW"
    if export.beside and export.packed is None:
        yield "export.beside 只用于压缩包（packed）"
    two = export.two_sheets
    if two is not None and export.format not in ("xlsx", "xls"):
        yield "export.two_sheets 只用于 xlsx 和 xls"
    link = platform.by_column.get(f"{two.members}/{two.link}") if two is not None else None
    if platform.receive.fields and two is not None and not (link and link.required):
        yield "成员表的关联列须为 required：没有它，写回的行找不到自己的户"
    yield from _nobody(platform)


def _nobody(platform: Platform) -> Iterator[str]:
    """Rows that name nobody are of a platform that says so, state nothing of a person, and go nowhere but here."""
    if not platform.fields.keys().isdisjoint(("name", "id_number")):
        return
    if platform.about == "person" or platform.entities != (platform.about,):
        yield (
            "[fields] 中没有 name，也没有 id_number：没有一行能知道是谁；"
            '只列住所的平台须有 address，entities 写 ["dwelling"]；只列地名的须有 place_name，entities 写 ["place"]'
        )
    known = known_fields()
    of_people = {
        name for name in platform.fields if name not in _OF_A_DWELLING and known[name].of == "person"
    }
    if personal := _listed(of_people):
        yield f"[fields] 中的 {personal} 说的是人，而没有一行写明是谁"
    if platform.receive.fields:
        yield "[receive] 不用于没有一行写明是谁的平台：居民的资料无处可写"


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
    yield from _admits(platform)
    yield from _notices(platform)
    export = platform.export
    if receive.issued and (
        export.format != "xlsx" or export.two_sheets or export.merge_down or export.packed
    ):
        yield "receive.issued 只用于一张表、不合并单元格的 xlsx"
    if not receive.fields:
        return
    if not (receive.purpose.strip() and receive.basis.strip()):
        yield "[receive] 须写明 purpose（用途）与 basis（法律依据）"
    if platform.export.key is None:
        yield "[receive] 需要 export.key：平台没有自己的编号，写回的值无法对应到人"
    known = known_fields()
    if kept := _listed({name for name in receive.fields if name in known and not known[name].publish}):
        yield f"receive.fields 中的 {kept} 从不写回任何平台（见 warehouse/fields.toml）"


def _admits(platform: Platform) -> Iterator[str]:
    """Whoever is taken in is told of by name and number, and with all that the template requires."""
    receive = platform.receive
    admits = receive.admits
    if admits is None:
        return
    if admits.everyone == bool(admits.ages or admits.sex or admits.holding):
        yield "[receive.admits] 应写明条件，或 everyone = true（凡在本地居住的人），二者取一；只收已有的人时不写这张表"
    if admits.ages and not (len(admits.ages) == 2 and 0 <= admits.ages[0] <= admits.ages[1]):
        yield "[receive.admits] 的 ages 应为 [最小年龄, 最大年龄]"
    known = known_fields()
    if unknown := _listed(set(admits.holding) - known.keys()):
        yield f"[receive.admits] 的 holding 中 {unknown} 不是已知字段"
    if unknown := _listed(set(admits.fields) - platform.fields.keys()):
        yield f"[receive.admits] 的 fields 中 {unknown} 不在 [fields] 之中"
    if kept := _listed({name for name in admits.fields if name in known and not known[name].publish}):
        yield f"[receive.admits] 的 fields 中 {kept} 从不写回任何平台（见 warehouse/fields.toml）"
    told = set(receive.fields) | set(admits.fields)
    if missing := _listed({"name", "id_number"} - told):
        yield f"[receive.admits] 缺少 {missing}：新增的人须写明姓名与证件号码，平台才认得是谁"
    required = {name for name, column in platform.fields.items() if column.required}
    if missing := _listed(required - told):
        yield f"[receive.admits] 新增的人没有必填项 {missing} 的来源，整行会被退回"


def _notices(platform: Platform) -> Iterator[str]:
    """A notice names two keys and a code, each in a column of its own."""
    notices = platform.receive.notices
    if notices is None:
        return
    headers = (notices.kept, notices.other, notices.reason)
    if len(set(headers)) < len(headers) or not all(header.strip() for header in headers):
        yield "[receive.notices] 的 kept、other、reason 应是三个不同的列名"
    if not notices.merged.strip() or notices.merged == notices.split:
        yield "[receive.notices] 的 merged 应是平台的原因代码，且与 split 不同"
    if not platform.receive.fields or platform.export.key is None:
        yield "[receive.notices] 只用于有 export.key、且 [receive] 中有字段的平台"


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
