"""A platform's own list of what became of a batch: which rows it took, which it refused, in its words.

Belongs here: reading such a file by the `[receipt]` table of the platform's page, in the sandbox like any hostile file.
Lives elsewhere: the shape of that table (`platform_send.py`), matching rows to what was sent (`pipelines/receipts.py`).

Only the columns that the page names are read: the rest of the file repeats the people in it, and nobody needs them here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from connectors.errors import ExportRefused, Unreadable
from connectors.platform import Export, Platform
from connectors.platform_send import Receipt
from connectors.read import open_export
from connectors.read.batch import rows_of_batch
from connectors.read.guard import check_rows
from connectors.read.layout import DEEPEST, plain
from connectors.read.sheet import BROKEN, Row
from connectors.sandbox import Outcome, run_all
from connectors.send.answers import Verdict, cut, judged
from warehouse.site import Site

_NOT_RECEIPTS = (".", "~$")  # files of the system and of an open spreadsheet program


class Line(NamedTuple):
    """One row of a receipt: where it stands, whose row it is about, in which batch, and what is said of it."""

    row: int
    key: str
    number: str  # the ID number, where the page names its column
    batch: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Received:
    """A file in the folder of a platform's receipts; `message` says why nothing is in it."""

    slug: str
    path: Path
    sha256: str
    lines: tuple[Line, ...] = ()
    notes: str = ""
    message: str = ""


def waiting(site: Site) -> dict[str, list[Path]]:
    """The files that lie in the folders of receipts, by folder."""
    found: dict[str, list[Path]] = {}
    for path in sorted(site.receipts.glob("*/**/*")):
        if path.is_file() and not path.name.startswith(_NOT_RECEIPTS):
            found.setdefault(path.relative_to(site.receipts).parts[0], []).append(path)
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file, by which a receipt is known."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def receive(files: Sequence[tuple[Platform, Path, str]]) -> Iterator[Received]:
    """Read receipts: platform, file and digest of each. One that cannot be read costs nobody else anything."""
    jobs = [(path, sha256, platform.receipt) for platform, path, sha256 in files]
    for at, outcome in run_all(parse, jobs):
        platform, path, sha256 = files[at]
        yield _judge(platform, path, sha256, outcome)


def parse(path: Path, sha256: str, receipt: Receipt) -> dict[str, Any]:
    """The rows of one receipt; runs in the sandbox."""
    try:
        if digest(path) != sha256:
            raise Unreadable("文件在读取时发生了变化", "请等文件传完后再运行一次")
        fitting = Export(format=receipt.format, file=receipt.file, columns=receipt.headers)
        with open_export(path, fitting) as stream:
            at = {sheet: _header(rows, receipt) for sheet, rows in stream.heads.items()}
            if not any(at.values()):
                raise Unreadable(
                    f"没有找到表头（应有 {'、'.join(receipt.headers)}）",
                    "请确认这是平台的导入结果；平台改了表头时，请改平台文件里的 [receipt]",
                )
            return {"lines": list(_lines(stream.batches, at, receipt)), "notes": stream.notes}
    except Unreadable as error:
        return {"problem": [error.problem, error.next_move, error.sheet, error.place]}


def _header(rows: Sequence[Row], receipt: Receipt) -> tuple[int, dict[str, int]] | None:
    """The row on which all the headers stand that are read, and where each stands on it."""
    for row in rows[:DEEPEST]:
        names = [plain(cell) for cell in row.cells]
        if all(names.count(plain(header)) == 1 for header in receipt.headers):
            return row.row, {header: names.index(plain(header)) for header in receipt.headers}
    return None


def _lines(
    batches: Any, headers: dict[str, tuple[int, dict[str, int]] | None], receipt: Receipt
) -> Iterator[tuple[int, str, str, str, str, str]]:
    count = 0
    for batch in batches:
        count += len(batch)
        check_rows(count)
        header = headers.get(batch.column("sheet")[0].as_py()) if len(batch) else None
        for row in rows_of_batch(batch) if header else ():
            if header and row.row > header[0] and not row.blank:
                yield _line(row, header[1], receipt)


def _line(row: Row, at: dict[str, int], receipt: Receipt) -> tuple[int, str, str, str, str, str]:
    """As `Line`. What cannot be split into cells is kept as an answer that is not understood."""
    if BROKEN in row.types:
        return row.row, "", "", "", "unclear", cut(" ".join(row.cells))

    def cell(header: str) -> str:
        place = at.get(header, len(row.cells))
        return row.cells[place].strip() if place < len(row.cells) else ""

    word = cell(receipt.result)
    verdict = judged(word, receipt.accepted, receipt.refused)
    named = cell(receipt.key), cell(receipt.number), cell(receipt.batch)
    return row.row, *named, verdict, cut(cell(receipt.message) or word)


def _judge(platform: Platform, path: Path, sha256: str, outcome: Outcome) -> Received:
    answer = outcome.answer or {}
    if "lines" in answer:
        lines = tuple(Line(*line) for line in answer["lines"])
        return Received(platform.slug, path, sha256, lines, answer["notes"])
    died = ("读取这个文件的程序没有读完", "请不要用它；先在表格软件里打开检查，另存后重新放入", "", "")
    problem, next_move, sheet, place = answer.get("problem") or died
    refused = ExportRefused(platform.slug, path.name, sheet, place, problem, next_move)
    return Received(platform.slug, path, sha256, message=str(refused))
