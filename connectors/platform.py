"""One platform, as its TOML file describes it.

Belongs here: the shape of a platform file, reading it strictly, and the catalogue of all platforms.
Lives elsewhere: how a platform is asked (`platform_pull.py`) and told (`platform_send.py`), what a platform file must obey
(`platform_rules.py`), reading an export (`connectors/read/`), what a column's values mean (`dedup/normalise`), writing a
file back (`connectors/write/`).

Column names: a header over several rows is joined with "/" (`基本信息/姓名`); in a workbook of two sheets the
sheet's name comes first (`成员信息/姓名`); in JSON and XML it is the dotted path from the outer record (`members.xm`),
in XML with "@" before the name of an attribute (`@id`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from dataclasses import field as dataclass_field
from dataclasses import fields as dataclass_fields
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

from connectors.platform_pull import CHOICES, INNER, PULLS, Pull
from connectors.platform_rules import never, problems, unfit
from connectors.platform_send import SEND_CHOICES, SEND_INNER, SENDS, Receipt, Send
from warehouse.fields import fields as known_fields

PLATFORMS = Path(__file__).parent / "platforms"
_PAGES_KEPT = 512

Format = Literal["xlsx", "xls", "html", "csv", "text", "dbf", "json", "xml"]


class PlatformFileError(ValueError):
    """A platform file that cannot be used: which file, what is wrong, and what to do next."""

    def __init__(self, slug: str, problem: str) -> None:
        super().__init__(
            f"connectors/platforms/{slug}.toml：{problem}。请改正后运行 enter-once platform check {slug}"
        )
        self.slug = slug
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Column:
    """Where one of our fields stands in the platform's export, and how the platform writes it."""

    field: str
    column: str
    format: str | None = None  # dates: strftime pattern used when writing back
    required: bool = False  # the platform's template refuses a row without it
    max_length: int | None = None  # in characters, of the template
    codes: Mapping[str, str] = dataclass_field(
        default_factory=dict, hash=False
    )  # theirs -> national standard
    otherwise: Literal["label", "code", "none"] | None = None  # how a code outside `codes` is written
    only_read: tuple[str, ...] = ()  # of `codes`, what we understand but never write: it would say too much
    separator: str = ";"  # between several phones in one cell

    @property
    def style(self) -> Literal["label", "code", "none"]:
        """How a code outside `codes` is written: a platform with a list of its own takes nothing else."""
        return self.otherwise or ("none" if self.codes else "label")


@dataclass(frozen=True, slots=True)
class TwoSheets:
    """A workbook that keeps households on one sheet and their members on another."""

    household: str
    members: str
    link: str  # header, on both sheets, of the household's number


@dataclass(frozen=True, slots=True)
class Export:
    """The shape of the file the platform exports; its import template has the same shape."""

    format: Format  # text: lines with tabs, saved as .xls
    file: str  # glob inside inbox/<night>/<slug>/
    columns: tuple[str, ...]  # every header, in order
    key: str | None = None  # header of the platform's own record key; None: it has none
    encoding: str = "utf-8"  # csv, text, dbf, html, xml: what we write; reading detects
    sheet: str | None = None  # which sheet; None: the first visible one
    title: str | None = None  # title row above the header
    header_rows: int = 1
    instructions: Mapping[str, str] = dataclass_field(default_factory=dict)  # header -> 填写说明 under it
    footer: str | None = None  # closing row, such as 合计/制表人
    merge_down: tuple[str, ...] = ()  # headers written once per household and merged down
    ditto: bool = False  # 同上 and 〃 mean the value above
    split_people: str | None = None  # header of the name cell that may state several people
    two_sheets: TwoSheets | None = None
    records: tuple[str, ...] = ()  # json, xml: path of nested arrays, such as ["data.list", "members"]
    packed: Literal["zip"] | None = (
        None  # the data file comes in an archive, alone but for what `beside` names
    )
    beside: tuple[str, ...] = ()  # globs of files in that archive which are no data
    complete: bool = False  # a record that is gone from the file is gone from the platform
    rows: tuple[int, int] = (1, 2_000_000)  # fewest and most rows of a healthy export
    # header -> what the platform has also called it; a column is found by these names, never by its place
    aliases: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)
    widths: Mapping[str, int] = dataclass_field(default_factory=dict)  # dbf: field widths in bytes


@dataclass(frozen=True, slots=True)
class Admits:
    """Whom a platform takes in that it does not have, of those who live here: all that is stated must hold."""

    everyone: bool = False  # whoever lives here; else by what follows
    ages: tuple[int, ...] = ()  # the youngest and the oldest, in completed years
    sex: Literal["1", "2"] | None = None
    holding: tuple[str, ...] = ()  # fields in which the person must have a value, such as disability_number
    fields: tuple[str, ...] = ()  # what it is told of a newcomer besides receive.fields: who that is


@dataclass(frozen=True, slots=True)
class Notices:
    """The sheet on which the platform is told that two of its records are one person. Always by a person's word."""

    kept: str  # header of the key of the record that was there first
    other: str  # header of the other record's key
    reason: str  # header of the platform's code for what is the matter
    merged: str  # its code for: one person
    split: str = ""  # its code for: two after all; empty: it is not told so
    sheet: str = "Sheet1"


@dataclass(frozen=True, slots=True)
class Receive:
    """What the platform may receive, for which purpose and on which legal basis, and how it takes it."""

    fields: tuple[str, ...] = ()
    purpose: str = ""
    basis: str = ""
    returns: Literal["template", "copy_sheet"] = "template"  # copy_sheet: it takes no file, a clerk keys it
    issued: bool = (
        False  # it hands out its template with the rows in it, and takes no others (下发—核实—回填)
    )
    admits: Admits | None = None  # which residents it takes in; None: only those it already has
    notices: Notices | None = None  # whether it is told of records that are one person; None: it is not


Severity = Literal["critical", "warning", "off"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Where this platform's exports may differ from its earlier ones otherwise than `expectations/gate.toml` says."""

    limit: Mapping[str, float] = dataclass_field(default_factory=dict)  # check -> its limit here
    severity: Mapping[str, Severity] = dataclass_field(default_factory=dict)  # check -> how it weighs here


About = Literal["person", "dwelling", "place"]
# By which fields a row says whom or what it is about; the first of these that a platform has any of.
NAMED_BY: Mapping[About, tuple[str, ...]] = {
    "person": ("name", "id_number"),
    "dwelling": ("address",),
    "place": ("place_name",),
}


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: who runs it, what it exports, what it may receive, what of its own may be passed on."""

    slug: str
    id: str  # number in the catalogue of platform kinds, such as P009
    title: str
    department: str
    level: str
    tier: Literal["T1", "T2", "T3"]
    entities: tuple[str, ...]
    cadence: str
    transport: Literal["inbox", "http", "sftp", "database"]
    basis: Literal["published", "modelled"]  # were its columns taken from a published list, or modelled
    trust: int  # of 100, when nothing better decides between two platforms
    export: Export
    fields: Mapping[str, Column]  # our field -> where it stands
    # What its household number stands for: the book (户籍) or the door (居住).
    household: Literal["registered", "living", "none"] = "none"
    pull: Pull | None = (
        None  # how it is asked, where a site has a connection to it; else its files come by hand
    )
    ignore: Mapping[str, str] = dataclass_field(default_factory=dict)  # header -> why
    forbidden: Mapping[str, str] = dataclass_field(
        default_factory=dict
    )  # header -> legal reason; blanked before landing
    authority: tuple[str, ...] = ()  # fields whose owner this platform is (一数一源)
    share: tuple[str, ...] = ()  # of its own fields, those that may be passed on
    receive: Receive = dataclass_field(default_factory=Receive)
    send: Send | None = (
        None  # how it is told, where a site has a way out to it; else a clerk carries the file
    )
    receipt: Receipt | None = None  # how it answers in files, where it does
    gate: Gate = dataclass_field(default_factory=Gate)
    feeds: Mapping[str, tuple[str, ...]] = dataclass_field(
        default_factory=dict
    )  # platform it copies from -> fields

    @property
    def by_column(self) -> dict[str, Column]:
        """The used columns by header."""
        return {column.column: column for column in self.fields.values()}

    @property
    def about(self) -> About:
        """Whom or what its rows speak of: people, unless no column names anybody."""
        return next(
            (about for about, names in NAMED_BY.items() if not self.fields.keys().isdisjoint(names)), "person"
        )

    @property
    def named_by(self) -> tuple[str, ...]:
        """The fields by which a row says whom or what it is about; one in which none of them can be read is of no use."""
        return NAMED_BY[self.about]

    @property
    def keyed_by_number(self) -> bool:
        """Whether it knows a person by the ID number alone: a corrected number is then another key."""
        number = self.fields.get("id_number")
        return number is not None and number.column == self.export.key


T = TypeVar("T")


def read_platform(path: Path) -> Platform:
    """Read a platform file; a key we do not know, or a column nobody accounts for, is an error.

    Raises:
        PlatformFileError: says the file, the place and the next move.
    """
    return _platform(path.stem, path.read_bytes())


@lru_cache(maxsize=_PAGES_KEPT)
def _platform(slug: str, page: bytes) -> Platform:
    """The desk, the loop and each command ask for every page anew; one that says what it said is not taken apart again."""
    try:
        stated = tomllib.loads(page.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlatformFileError(slug, f"不是有效的 TOML（{error}）") from error
    codes = _table(slug, "codes", stated.pop("codes", {}))
    columns = _table(slug, "fields", stated.pop("fields", {}))
    stated["fields"] = {
        name: _column(slug, name, spec, codes.get(name, {})) for name, spec in columns.items()
    }
    if unused := codes.keys() - columns.keys():
        raise PlatformFileError(slug, f"[codes] 中的 {'、'.join(sorted(unused))} 没有对应的 [fields]")
    export = _table(slug, "export", stated.pop("export", {}))
    if "two_sheets" in export:
        export["two_sheets"] = _make(
            TwoSheets, slug, "export.two_sheets", _table(slug, "two_sheets", export["two_sheets"])
        )
    stated["export"] = _make(Export, slug, "export", export)
    receive = _table(slug, "receive", stated.pop("receive", {}))
    for name, kind in (("admits", Admits), ("notices", Notices)):
        if name in receive:
            place = f"receive.{name}"
            receive[name] = _make(kind, slug, place, _table(slug, place, receive[name]))
    stated["receive"] = _make(Receive, slug, "receive", receive)
    stated["gate"] = _make(Gate, slug, "gate", _table(slug, "gate", stated.pop("gate", {})))
    if "pull" in stated:
        stated["pull"] = _pull(slug, stated.get("transport"), _table(slug, "pull", stated["pull"]))
    if "send" in stated:
        stated["send"] = _send(slug, _table(slug, "send", stated["send"]))
    if "receipt" in stated:
        stated["receipt"] = _make(Receipt, slug, "receipt", _table(slug, "receipt", stated["receipt"]))
    if "slug" in stated:
        raise PlatformFileError(slug, "slug 由文件名决定，不应写在文件里")
    if reason := never(stated.get("id"), stated.get("tier")):
        raise PlatformFileError(slug, f"这个平台依法不得接入，不可开启（{reason}）")
    platform = _make(Platform, slug, "", {"slug": slug, **stated})
    for problem in problems(platform):
        raise PlatformFileError(slug, problem)
    return platform


def read_platforms(folder: Path = PLATFORMS) -> tuple[dict[str, Platform], dict[str, PlatformFileError]]:
    """All platforms by slug, and the files that could not be used by slug: one bad file disables one platform."""
    good: dict[str, Platform] = {}
    bad: dict[str, PlatformFileError] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            good[path.stem] = read_platform(path)
        except PlatformFileError as error:
            bad[path.stem] = error
    return good, bad


def _table(slug: str, name: str, stated: Any) -> dict[str, Any]:
    if not isinstance(stated, dict):
        raise PlatformFileError(slug, f"[{name}] 应为一张表")
    return dict(stated)


def _column(slug: str, name: str, spec: Any, codes: Mapping[str, str]) -> Column:
    if name not in known_fields():
        raise PlatformFileError(slug, f"[fields] 中的 {name} 不是已知字段（见 warehouse/fields.toml）")
    stated = {"column": spec} if isinstance(spec, str) else _table(slug, f"fields.{name}", spec)
    if given := stated.keys() & {"field", "codes"}:
        raise PlatformFileError(slug, f"[fields.{name}] 有不认识的键 {'、'.join(sorted(given))}")
    return _make(Column, slug, f"fields.{name}", {"field": name, "codes": codes, **stated})


def _pull(slug: str, transport: Any, stated: dict[str, Any]) -> Pull:
    if transport not in PULLS:
        raise PlatformFileError(slug, f"[pull] 只用于 transport 为 {'、'.join(PULLS)} 的平台")
    return _make(PULLS[transport], slug, "pull", _inside(slug, "pull", stated, CHOICES, INNER))


def _send(slug: str, stated: dict[str, Any]) -> Send:
    transport = stated.pop("transport", None)
    if transport not in SENDS:
        raise PlatformFileError(slug, f"[send] transport 应为 {'、'.join(SENDS)} 之一")
    return _make(SENDS[transport], slug, "send", _inside(slug, "send", stated, SEND_CHOICES, SEND_INNER))


def _inside(
    slug: str,
    place: str,
    stated: dict[str, Any],
    choices: Mapping[str, Mapping[str, type]],
    inner: Mapping[str, type],
) -> dict[str, Any]:
    """The tables inside a table, of the shape that their `kind` names or of the one that they have."""
    for name, kinds in choices.items():
        if name in stated:
            table = _table(slug, f"{place}.{name}", stated[name])
            kind = table.pop("kind", None)
            if kind not in kinds:
                raise PlatformFileError(slug, f"[{place}.{name}] kind 应为 {'、'.join(kinds)} 之一")
            stated[name] = _make(kinds[kind], slug, f"{place}.{name}", table)
    for name, shape in inner.items():
        if name in stated:
            stated[name] = _make(
                shape, slug, f"{place}.{name}", _table(slug, f"{place}.{name}", stated[name])
            )
    return stated


def _make(kind: type[T], slug: str, place: str, stated: dict[str, Any]) -> T:
    known = {item.name for item in dataclass_fields(kind)}  # type: ignore[arg-type]
    where = f"[{place}] " if place else ""
    unknown = stated.keys() - known
    if unknown:
        raise PlatformFileError(slug, f"{where or '顶层'}有不认识的键 {'、'.join(sorted(unknown))}")
    frozen = {name: _frozen(value) for name, value in stated.items()}
    hints = _hints(kind)  # type: ignore[arg-type]
    for name, value in frozen.items():
        if reason := unfit(value, hints[name]):
            raise PlatformFileError(slug, f"{where}{name} {reason}")
    required = {item.name for item in dataclass_fields(kind) if _required(item)}  # type: ignore[arg-type]
    if missing := required - frozen.keys():
        raise PlatformFileError(slug, f"{where or '顶层'}缺少必需的键 {'、'.join(sorted(missing))}")
    return kind(**frozen)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Working out what annotations mean takes longer than reading a platform file."""
    return get_type_hints(kind)


def _required(item: Any) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _frozen(value: Any) -> Any:
    """Lists become tuples, also inside tables, so that a platform cannot be changed once read."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {name: _frozen(item) for name, item in value.items()}
    return value
