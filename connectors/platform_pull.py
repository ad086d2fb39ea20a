"""How a kind of platform is asked for its export: the `[pull]` table of a platform file.

Belongs here: the shape of that table for each transport, and what it must obey.
Lives elsewhere: where one site's platform is and with which secret (`warehouse/connections.py`), asking it
(`connectors/pull/`), reading the platform file strictly (`platform.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from connectors.platform import Platform


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Whoever reaches the platform may read."""


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password with every request."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The secret in one header or one query parameter."""

    header: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that does not change, in the Authorization header."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Client credentials: user and secret are exchanged for a token, which is renewed when it expires."""

    path: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A login form; the session is a cookie, and the form is sent again when the session ends."""

    path: str
    user_field: str = "username"
    secret_field: str = "password"


@dataclass(frozen=True, slots=True)
class Signed:
    """Every request signed: HMAC over method, path, query, timestamp and body hash, each on its own line."""

    hash: Literal["sha256", "sm3"] = "sha256"
    user_header: str = "X-App-Id"
    time_header: str = "X-Timestamp"
    signature_header: str = "X-Signature"


@dataclass(frozen=True, slots=True)
class OnePage:
    """Everything in one answer."""

    total: str = ""  # path of the number of rows there are; fewer are refused


@dataclass(frozen=True, slots=True)
class NumberedPages:
    """Pages by number, until all rows stated as the total are there; without a total, until a page is empty."""

    page: str = "page"
    size: str = "size"
    rows: int = 500
    first: int = 1
    total: str = ""


@dataclass(frozen=True, slots=True)
class OffsetPages:
    """Pages by how many rows were received so far."""

    offset: str = "offset"
    size: str = "limit"
    rows: int = 500
    total: str = ""


@dataclass(frozen=True, slots=True)
class CursorPages:
    """Each page says what to ask for the next one with; the last says nothing."""

    parameter: str
    next: str  # path of the next cursor in a page
    size: str = ""
    rows: int = 500
    total: str = ""


@dataclass(frozen=True, slots=True)
class LinkedPages:
    """Each page names the next one's address in its Link header."""

    total: str = ""


@dataclass(frozen=True, slots=True)
class Success:
    """How an answer with HTTP status 200 says that it is one: a path, and the values that mean yes."""

    path: str
    values: tuple[str, ...]
    expired: tuple[str, ...] = ()  # values that mean the login is over


@dataclass(frozen=True, slots=True)
class Since:
    """Asking only for what changed since the last time. A platform's deletions show in whole exports alone."""

    column: str  # header of the export that says when a row last changed
    kind: Literal["time", "number"] = "time"
    format: str = "%Y-%m-%d %H:%M:%S"  # of a time, as the platform writes it and wants it
    parameter: str = ""  # http: the parameter that takes it
    overlap_minutes: int = 60  # asked again each time: a row may be committed after its own time
    whole_every: int = 7  # nights after which everything is asked for again


Auth = NoAuth | Basic | ApiKey | Bearer | OAuth2 | Form | Signed
Pages = OnePage | NumberedPages | OffsetPages | CursorPages | LinkedPages

AUTHS = {
    "none": NoAuth,
    "basic": Basic,
    "api_key": ApiKey,
    "bearer": Bearer,
    "oauth2": OAuth2,
    "form": Form,
    "signed": Signed,
}
PAGES = {
    "one": OnePage,
    "number": NumberedPages,
    "offset": OffsetPages,
    "cursor": CursorPages,
    "link": LinkedPages,
}


@dataclass(frozen=True, slots=True)
class HttpPull:
    """A JSON interface. Its pages are kept as they came, one document after the other."""

    path: str
    method: Literal["GET", "POST"] = "GET"
    parameters: Mapping[str, str] = dataclass_field(default_factory=dict)
    body: Literal["query", "json", "form"] = "query"  # where parameters go
    auth: Auth = NoAuth()
    pages: Pages = OnePage()
    success: Success | None = None
    since: Since | None = None
    budget_seconds: int = 600
    largest_mb: int = 512


@dataclass(frozen=True, slots=True)
class SftpPull:
    """The newest file of a folder that fits a pattern."""

    folder: str
    file: str
    budget_seconds: int = 600
    largest_mb: int = 512


@dataclass(frozen=True, slots=True)
class DatabasePull:
    """A view, read column by column as named here: header of the export -> column of the view."""

    view: str
    columns: Mapping[str, str]
    schema: str = ""
    since: Since | None = None
    budget_seconds: int = 600
    largest_mb: int = 512


Pull = HttpPull | SftpPull | DatabasePull

PULLS = {"http": HttpPull, "sftp": SftpPull, "database": DatabasePull}
# Tables inside [pull]: of one shape, or of the shape that their `kind` names.
CHOICES = {"auth": AUTHS, "pages": PAGES}
INNER = {"success": Success, "since": Since}


def since_of(pull: Pull | None) -> Since | None:
    """How changes are asked for, if they can be."""
    return None if pull is None or isinstance(pull, SftpPull) else pull.since


def pull_problems(platform: Platform) -> Iterator[str]:
    """All that is wrong with how a platform is asked."""
    pull = platform.pull
    if (platform.transport == "inbox") != (pull is None):
        yield "transport 为 inbox 时不应有 [pull]，其他方式必须有 [pull]"
    if pull is None:
        return
    if pull.budget_seconds < 1 or not 1 <= pull.largest_mb <= 1024:
        yield "pull.budget_seconds 至少为 1，pull.largest_mb 应在 1 到 1024 之间"
    match pull:
        case HttpPull():
            yield from _http(platform, pull)
        case DatabasePull():
            yield from _database(platform, pull)
    if (since := since_of(pull)) is not None:
        yield from _since(platform, since)


def _http(platform: Platform, pull: HttpPull) -> Iterator[str]:
    if platform.export.format != "json":
        yield "transport 为 http 时 export.format 应为 json"
    if not pull.path.startswith("/"):
        yield "pull.path 应以 / 开头，不含主机名（主机写在站点的 site.toml 里）"
    if pull.method == "GET" and pull.body != "query":
        yield "pull.body 为 json 或 form 时 pull.method 应为 POST"
    auth = pull.auth
    if isinstance(auth, ApiKey) and bool(auth.header) == bool(auth.query):
        yield "pull.auth 应写明 header 或 query 之一"
    if isinstance(auth, OAuth2 | Form) and not auth.path.startswith("/"):
        yield "pull.auth 的 path 应以 / 开头"
    if isinstance(pull.pages, NumberedPages | OffsetPages | CursorPages) and pull.pages.rows < 1:
        yield "pull.pages 的 rows 至少为 1"
    if pull.since is not None and not pull.since.parameter:
        yield "pull.since 缺少 parameter：用哪个参数说明从何时起"


def _database(platform: Platform, pull: DatabasePull) -> Iterator[str]:
    export = platform.export
    if export.format != "json" or export.records:
        yield "transport 为 database 时 export.format 应为 json，且不写 export.records"
    asked = set(export.columns) - platform.ignore.keys() - platform.forbidden.keys()
    if missing := asked - pull.columns.keys():
        yield f"pull.columns 没有说明 {'、'.join(sorted(missing))} 取自视图的哪一列"
    if never := pull.columns.keys() - asked:
        yield f"pull.columns 中的 {'、'.join(sorted(never))} 不使用或禁止，不应取"


def _since(platform: Platform, since: Since) -> Iterator[str]:
    export = platform.export
    if since.column not in {column.column for column in platform.fields.values()}:
        yield f"pull.since 的 column {since.column} 应是 [fields] 中使用的列"
    if export.key is None or export.merge_down or export.two_sheets is not None:
        yield "pull.since 需要 export.key，且一行自成一条记录：否则增量对不上以前的记录"
    if since.overlap_minutes < 0 or since.whole_every < 1:
        yield "pull.since 的 overlap_minutes 不能为负，whole_every 至少为 1"
    if since.kind == "time" and not _sorts(since.format):
        yield f"pull.since 的 format {since.format} 读不回它自己写出的时间"


def _sorts(pattern: str) -> bool:
    """Whether a time written so can be read back to the day."""
    moment = datetime(2026, 11, 29, 13, 45, 30, tzinfo=UTC)
    try:
        back = datetime.strptime(moment.strftime(pattern), pattern)
    except ValueError:
        return False
    return back.date() == moment.date()
