"""One deployment's folder: where everything lies, for which area, and under which key.

Belongs here: making a site, reading its `site.toml` and `secret.key` strictly.
Lives elsewhere: what an area means for an address (`dedup/normalise`), the one-writer lock (`lock.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dedup.normalise.area import Area, Estate
from warehouse.connections import Connection, WrongConnection, read_connections, read_ledger
from warehouse.provider import Provider, read_provider

VARIABLE = "ENTER_ONCE_SITE"  # of the environment: names the site to the processes of Dagster and of the desk
_AREA_WORDS = tuple(item.name for item in fields(Area) if item.name != "estates")
_ESTATE_WORDS = tuple(item.name for item in fields(Estate))
_FOLDERS = ("inbox", "landing", "snapshots", "outbox", "receipts", "reports", "truth", "dagster")


class SiteError(ValueError):
    """A folder that cannot be used as a site: what is wrong, where, and what to do next."""

    def __init__(self, place: Path, problem: str, next_move: str) -> None:
        super().__init__(f"{place}：{problem}。{next_move}")


@dataclass(frozen=True, slots=True)
class Review:
    """How a site has its cases judged, `[review]` of its `site.toml`. four_eyes: two people, where much is at stake. blind: the share
    of settled cases (0 to 1) that somebody else is asked again, to measure how often people agree."""

    four_eyes: bool = True
    blind: float = 0.0


@dataclass(frozen=True)
class Site:
    """A site: its folder, its area, the key of its ids, whom it can ask and whom it can tell."""

    root: Path
    name: str
    area: Area
    key: bytes
    model: Path | None = None  # the TOML of a matching model of the site's own
    connections: Mapping[str, Connection] = field(default_factory=dict, hash=False)  # the way in, by platform
    sending: Mapping[str, Connection] = field(default_factory=dict, hash=False)  # the way out, by platform
    ledger_at: Connection | None = None  # the database that holds the ledger; None: the file does
    provider: Provider | None = None  # who says who comes to the desk; None: passwords alone do
    review: Review = Review()

    @property
    def inbox(self) -> Path:
        """What the platforms exported: one folder per night, one per platform inside it."""
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        """The bytes as they came, and the manifest of every pull."""
        return self.root / "landing"

    @property
    def pulling(self) -> Path:
        """Where an export lies while it is fetched; nothing stays."""
        return self.root / "pulling"

    @property
    def cursors(self) -> Path:
        """Up to where each platform was asked for changes, one small file per platform."""
        return self.root / "cursors"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the SFTP servers that this site trusts."""
        return self.root / "known_hosts"

    @property
    def warehouse(self) -> Path:
        """The working DuckDB file; only the process that holds the lock opens it for writing."""
        return self.root / "warehouse.duckdb"

    @property
    def ledger(self) -> Path:
        """The append-only book of what people decided and what was prepared."""
        return self.root / "ledger.sqlite"

    @property
    def audit(self) -> Path:
        """The append-only book of who looked at what, and who logged in."""
        return self.root / "audit.sqlite"

    @property
    def desk(self) -> Path:
        """Accounts, sessions and leases of the steward's desk; nothing in it is needed for a night."""
        return self.root / "desk.sqlite"

    @property
    def cases(self) -> Path:
        """The cases of the current snapshot, laid out for the steward's desk."""
        return self.root / "cases"

    @property
    def lock(self) -> Path:
        """The file whose OS lock says that a night is running."""
        return self.root / "night.lock"

    @property
    def snapshots(self) -> Path:
        """Read-only copies of the warehouse, one per night published."""
        return self.root / "snapshots"

    @property
    def outbox(self) -> Path:
        """Filled import templates: one folder per night, one per platform inside it."""
        return self.root / "outbox"

    @property
    def templates(self) -> Path:
        """The platforms' own blank workbooks, `<slug>.xlsx`, where somebody laid them; none need be there."""
        return self.root / "templates"

    @property
    def receipts(self) -> Path:
        """What the platforms did with what was sent."""
        return self.root / "receipts"

    @property
    def reports(self) -> Path:
        """One report per night."""
        return self.root / "reports"

    @property
    def truth(self) -> Path:
        """Who is who, known for a synthetic city only."""
        return self.root / "truth"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own state."""
        return self.root / "dagster"

    @property
    def scratch(self) -> Path:
        """Where DuckDB spills what does not fit into memory."""
        return self.root / "scratch"


def create_site(root: Path, *, name: str, area: Area, seed: int | None = None) -> Site:
    """Make a site's folder, its `site.toml` and its `secret.key`.

    With a seed the key follows from it, so that a synthetic city has the same ids each time; a real site is
    made without one. An existing site is never overwritten: a new key would rename every resident.

    Raises:
        SiteError: the folder already is a site.
    """
    if (root / "site.toml").exists() or (root / "secret.key").exists():
        raise SiteError(root, "这里已经有一个站点", "请换一个文件夹，或直接使用现有站点")
    root.mkdir(parents=True, exist_ok=True)
    for folder in _FOLDERS:
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    key = secrets.token_bytes(32) if seed is None else hashlib.sha256(f"city\x1f{seed}".encode()).digest()
    # The key first: a site.toml without a key would be refused and could not be made again.
    _write_private(root / "secret.key", key.hex() + "\n")
    _write_private(root / "site.toml", _site_toml(name, area))
    return read_site(root)


def read_site(root: Path) -> Site:
    """Read a site; a key that we do not know, or one that is missing, is an error.

    Raises:
        SiteError: says the file, the problem and the next move.
    """
    file = root / "site.toml"
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SiteError(
            file, "找不到站点文件", "请先运行 enter-once city 建立示例站点，或用 --site 指明站点文件夹"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteError(file, f"不是有效的 TOML（{error}）", "请改正后再运行") from error
    try:
        connections = read_connections(stated.pop("connections", {}))
        sending = read_connections(stated.pop("sending", {}), "sending")
        ledger_at = read_ledger(stated.pop("ledger")) if "ledger" in stated else None
        provider = read_provider(stated.pop("oidc")) if "oidc" in stated else None
    except WrongConnection as error:
        raise SiteError(file, error.problem, error.next_move) from error
    review = _review(file, stated.pop("review", {}))
    named = {"model": str} if "model" in stated else {}
    _expect(file, "顶层", stated, {"name": str, "area": dict, **named})
    area = dict(stated["area"])
    estates = area.pop("estates", [])
    _expect(file, "[area]", area, dict.fromkeys(_AREA_WORDS, str))
    if not (area["division_code"].isdigit() and len(area["division_code"]) == 6):
        raise SiteError(file, "[area] division_code 应为 6 位数字", "请改正后再运行")
    if not isinstance(estates, list) or not all(isinstance(estate, dict) for estate in estates):
        raise SiteError(file, "[[area.estates]] 应为若干张表", "请改正后再运行")
    for place, estate in enumerate(estates, start=1):
        _expect(file, f"第 {place} 个 [[area.estates]]", estate, dict.fromkeys(_ESTATE_WORDS, str))
    return Site(
        root=root,
        name=stated["name"],
        area=Area(**area, estates=tuple(Estate(**estate) for estate in estates)),
        key=_read_key(root / "secret.key"),
        model=_model(file, stated["model"]) if named else None,
        connections=connections,
        sending=sending,
        ledger_at=ledger_at,
        provider=provider,
        review=review,
    )


def _review(file: Path, stated: object) -> Review:
    """How cases are judged: what is not stated is as `Review` has it."""
    if not isinstance(stated, dict):
        raise SiteError(file, "[review] 应为一张表", "请改正后再运行")
    kinds: dict[str, type] = {"four_eyes": bool, "blind": float}
    _expect(file, "[review]", stated, {word: kind for word, kind in kinds.items() if word in stated})
    found = Review(**stated)
    if not 0.0 <= found.blind <= 1.0:
        raise SiteError(file, "[review] 的 blind 应在 0 与 1 之间", "请改正后再运行")
    return found


def _model(file: Path, stated: str) -> Path:
    """The model file, which lies in the site, so that a backup of the site holds it."""
    path = file.parent / stated
    if not path.resolve().is_relative_to(file.parent.resolve()) or path.suffix != ".toml":
        raise SiteError(file, f"model = {stated} 应为站点文件夹内的一个 .toml 文件", "请改正后再运行")
    if not path.is_file():
        raise SiteError(file, f"model = {stated} 没有这个文件", "请放入文件，或删去这一行以使用内置模型")
    return path


def _expect(file: Path, place: str, stated: dict[str, Any], words: dict[str, type]) -> None:
    """Refuse a table that has other keys than these, or a value of another type."""
    unknown, missing = sorted(stated.keys() - words.keys()), sorted(words.keys() - stated.keys())
    if unknown:
        raise SiteError(file, f"{place} 有不认识的键 {'、'.join(unknown)}", "请删去或改正后再运行")
    if missing:
        raise SiteError(file, f"{place} 缺少 {'、'.join(missing)}", "请补上后再运行")
    for word, kind in words.items():
        if not isinstance(stated[word], kind):
            raise SiteError(file, f"{place} 的 {word} 类型不对", "请改正后再运行")


def _read_key(file: Path) -> bytes:
    try:
        text = file.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError as error:
        raise SiteError(file, "找不到站点密钥", "请从备份恢复；换新密钥会使所有编号改变") from error
    except ValueError as error:
        raise SiteError(file, "站点密钥不是十六进制文本", "请从备份恢复") from error
    if len(key) < 16:
        raise SiteError(file, "站点密钥太短", "请从备份恢复")
    if file.stat().st_mode & 0o077:
        raise SiteError(file, "站点密钥可被他人读取", f"请运行 chmod 600 {file}")
    return key


def _write_private(file: Path, text: str) -> None:
    """Write a new file that only its owner can read, from its first byte on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def _site_toml(name: str, area: Area) -> str:
    lines = [
        "# One site of enter-once. Nothing is sent to a platform before a person goes live with it: enter-once approve live.",
        f"name = {_quoted(name)}",
        "",
        "[area]",
        *(f"{word} = {_quoted(getattr(area, word))}" for word in _AREA_WORDS),
    ]
    for estate in area.estates:
        lines += ["", "[[area.estates]]"]
        lines += [f"{word} = {_quoted(getattr(estate, word))}" for word in _ESTATE_WORDS]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON writes the same one, but for DEL.

    >>> _quoted('望江"街道"')
    '"望江\\\\"街道\\\\""'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
