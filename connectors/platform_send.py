"""How a kind of platform is told, and how it answers in files: the `[send]` and `[receipt]` tables of a platform file.

Belongs here: the shape of these tables, and what they must obey.
Lives elsewhere: where one site's platform is and with which secret (`[sending]` in `warehouse/connections.py`), telling it
(`connectors/send/`), reading its answers (`connectors/receipts.py`), which values may go (`[receive]`, `warehouse`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Literal

from connectors.platform_pull import AUTHS, ApiKey, Auth, Form, NoAuth, OAuth2, Success

if TYPE_CHECKING:
    from connectors.platform import Platform


@dataclass(frozen=True, slots=True)
class Results:
    """Where an answer says of each row whether it was taken; paths within the answer, then within a row's result."""

    at: str  # the list of results
    key: str  # in each: the platform's own key of the row
    ok: str  # in each: the word that says whether it was taken
    accepted: tuple[str, ...]
    number: str = ""  # in each: the ID number, by which the row of a newcomer is known, who had no key
    refused: tuple[str, ...] = ()  # empty: every word that is not accepted refuses
    message: str = ""  # in each: why it was refused


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Asking the platform whether a batch is there. `absent` has to mean that it never will be: not that it waits."""

    path: str
    parameter: str  # of the query, takes the name of the batch
    at: str  # path of the word that says so
    there: tuple[str, ...]
    absent: tuple[str, ...] = ()
    absent_status: int = 0  # an HTTP status that says the same, such as 404; 0: none does


@dataclass(frozen=True, slots=True)
class HttpSend:
    """A JSON interface that takes the rows of a batch, by the platform's own column names, blanks left out."""

    path: str
    method: Literal["POST", "PUT"] = "POST"
    parameters: Mapping[str, str] = dataclass_field(default_factory=dict)  # beside the rows, in the body
    body: Literal["rows", "row"] = "rows"  # a list of them; or one row a call, and no list around it
    rows_at: str = ""  # path of the rows in the body; empty: they are the body
    batch_at: str = ""  # path of the batch's name in the body, where it is wanted there
    rows_per_call: int = 0  # 0: the whole batch in one call
    key_header: str = "Idempotency-Key"
    idempotent: bool = False  # it honours that key: the same call twice is applied once
    auth: Auth = dataclass_field(default_factory=NoAuth)
    success: Success | None = None
    rejected: tuple[str, ...] = ()  # words at success.path which say that nothing was applied
    results: Results | None = None
    read_back: ReadBack | None = None
    budget_seconds: int = 600


@dataclass(frozen=True, slots=True)
class SftpSend:
    """A folder into which the platform's template is put, under the name of the batch."""

    folder: str
    stays: bool = False  # the platform leaves the file where it is: one that is not there never arrived
    taken: str = ""  # the folder into which the platform moves what it has taken
    budget_seconds: int = 600


@dataclass(frozen=True, slots=True)
class DatabaseSend:
    """A table into which changed cells are written, in one transaction with the batch's name in a table of batches."""

    table: str
    columns: Mapping[str, str]  # header of the template -> column of the table; the key among them
    batches: str  # table of the batches
    batch: str = "batch"  # its column that holds their names, unique
    schema: str = ""
    missing: Literal["refuse", "insert"] = "refuse"  # what becomes of a row whose key is not in the table
    budget_seconds: int = 600


Send = HttpSend | SftpSend | DatabaseSend

SENDS = {"http": HttpSend, "sftp": SftpSend, "database": DatabaseSend}
# Tables inside [send]: of the shape that their `kind` names, or of one shape.
SEND_CHOICES = {"auth": AUTHS}
SEND_INNER = {"success": Success, "results": Results, "read_back": ReadBack}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's own list of what became of a batch, row by row, as somebody downloads it."""

    format: Literal["xlsx", "xls", "csv", "text", "html"]
    file: str  # glob inside receipts/<slug>/
    key: str  # header of the platform's own key of the row
    result: str  # header of the word that says whether it was taken
    accepted: tuple[str, ...]
    refused: tuple[str, ...] = ()  # empty: every word that is not accepted refuses
    message: str = ""  # header of why it was refused
    batch: str = ""  # header of the batch's name; empty: the name of the file holds it
    number: str = ""  # header of the ID number, by which the row of a newcomer is known, who had no key

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns that are read; whatever else stands in the file is not."""
        return tuple(filter(None, (self.key, self.result, self.message, self.batch, self.number)))


def send_problems(platform: Platform) -> Iterator[str]:
    """All that is wrong with how a platform is told and answers."""
    send, receipt = platform.send, platform.receipt
    if not platform.receive.fields and (send is not None or receipt is not None):
        yield "[send] 与 [receipt] 只用于 [receive] 中有字段的平台"
        return
    if send is not None and send.budget_seconds < 1:
        yield "send.budget_seconds 至少为 1"
    match send:
        case HttpSend():
            yield from _http(send)
        case SftpSend():
            yield from _sftp(platform, send)
        case DatabaseSend():
            yield from _database(platform, send)
    if receipt is not None:
        yield from _words("receipt", receipt.accepted, receipt.refused)
        if len(set(receipt.headers)) < len(receipt.headers):
            yield "[receipt] 的 key、result、message、batch、number 应是不同的列"


def _http(send: HttpSend) -> Iterator[str]:
    paths = {"path": send.path, "read_back": send.read_back.path if send.read_back else "/"}
    if isinstance(send.auth, OAuth2 | Form):
        paths["auth"] = send.auth.path
    for name, path in paths.items():
        if not path.startswith("/"):
            yield f"send.{name} 的路径应以 / 开头，不含主机名（主机写在站点的 site.toml 里）"
    if isinstance(send.auth, ApiKey) and bool(send.auth.header) == bool(send.auth.query):
        yield "send.auth 应写明 header 或 query 之一"
    if send.rows_per_call < 0 or (send.body == "row" and send.rows_per_call not in (0, 1)):
        yield 'send.rows_per_call 不能为负；body = "row" 时每次一行，不必写'
    if send.body == "rows" and not send.rows_at and (send.batch_at or send.parameters):
        yield "send.batch_at 与 parameters 需要 rows_at：行本身就是整个请求时，别无处可放"
    if send.rejected and send.success is None:
        yield "send.rejected 需要 send.success：在哪里看出没有收"
    if not send.key_header:
        yield "send.key_header 不能为空：批次名总要让平台看到"
    if send.results is not None:
        yield from _words("send.results", send.results.accepted, send.results.refused)
    if send.read_back is not None:
        yield from _words("send.read_back", send.read_back.there, send.read_back.absent)
        if send.read_back.absent_status and not 400 <= send.read_back.absent_status < 500:
            yield "send.read_back.absent_status 应是 4xx，如 404"


def _sftp(platform: Platform, send: SftpSend) -> Iterator[str]:
    if platform.receive.returns != "template":
        yield "transport 为 sftp 的 [send] 送的是导入模板，receive.returns 应为 template"
    if send.taken == send.folder:
        yield "send.taken 应是另一个文件夹"


def _database(platform: Platform, send: DatabaseSend) -> Iterator[str]:
    key, admits, columns = platform.export.key, platform.receive.admits, set(send.columns)
    told = (*platform.receive.fields, *(admits.fields if admits else ()))
    needed = {platform.fields[name].column for name in told if name in platform.fields}
    if send.missing == "insert":
        needed |= {column.column for column in platform.fields.values() if column.required}
    elif admits is not None:
        yield 'send.missing 应为 "insert"：[receive.admits] 收平台还没有的人'
    if key is not None and (lacking := (needed | {key}) - columns):
        yield f"send.columns 没有说明 {'、'.join(sorted(lacking))} 写到表的哪一列"
    if stray := columns - {column.column for column in platform.fields.values()} - {key}:
        yield f"send.columns 中的 {'、'.join(sorted(stray))} 不是 [fields] 中使用的列"
    if len(set(send.columns.values())) < len(send.columns):
        yield "send.columns 中有两列写到表的同一列"
    if send.batches == send.table:
        yield "send.batches 应是另一张表：它只记批次"


def _words(place: str, yes: tuple[str, ...], no: tuple[str, ...]) -> Iterator[str]:
    if not yes:
        yield f"[{place}] 没有写明表示成功的词"
    if both := set(yes) & set(no):
        yield f"[{place}] 中 {'、'.join(sorted(both))} 既表示成功又表示失败"
