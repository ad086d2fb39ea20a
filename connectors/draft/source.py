"""Opening a sample that nothing is known of: its format, its encoding, and where the records are in it.

Belongs here: trying the formats, telling what is no table at all, the data file of an archive, widths of a DBF.
Lives elsewhere: where records are inside other records (`records.py`), the readers (`connectors/read`), where the
header stands in a sheet (`shape.py`).
"""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from dbfread import DBF

from connectors.draft.aliases import knowledge
from connectors.draft.records import record_path
from connectors.errors import Unreadable
from connectors.platform import Export, Format
from connectors.read import read_export
from connectors.read.guard import check_size, check_zip
from connectors.read.packed import entry_name, unpacked
from connectors.read.recognise import Met, recognise
from connectors.read.sheet import Reading

_TRIED: tuple[Format, ...] = ("xls", "dbf", "json")
_PICTURES = {
    b"\x89PNG": "图片（PNG）",
    b"\xff\xd8\xff": "图片（JPEG）",
    b"GIF8": "图片（GIF）",
    b"BM": "图片（BMP）",
    b"II*\0": "图片（TIFF）",
    b"%PDF": "PDF 文件",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
}
_WORKBOOK = "[Content_Types].xml"
_DATA = (".xls", ".xlsx", ".csv", ".dbf", ".json", ".xml", ".htm", ".html")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A sample as it was opened."""

    format: Format
    met: Met
    reading: Reading
    file: str  # glob for files like it
    encoding: str = "utf-8"
    records: tuple[str, ...] = ()
    packed: bool = False  # it came in a zip
    beside: tuple[str, ...] = ()  # globs of the other files in that zip
    widths: dict[str, int] = field(default_factory=dict)


def open_source(path: Path, name: str) -> Source:
    """Read a sample of any format. `name`: what the file is called, which the format is not taken from.

    Raises:
        Unreadable: no table, or one that cannot be read; says what it is and what to do.
    """
    check_size(path)
    if not _is_archive(path):
        return _open(path, name)
    inside, beside = _data_file(path)
    with unpacked(path, beside) as data:
        source = _open(data, inside)
    return replace(source, file=f"*{Path(name).suffix.lower()}", packed=True, beside=beside)


def _open(path: Path, name: str) -> Source:
    check_size(path)
    _refuse_pictures(path)
    met = _met(path)
    suffix = Path(name).suffix.lower()
    form = _format(met, suffix)
    records = record_path(path, met) if met in ("json", "xml") else ()
    # The headers we know tell a table of data from a login page.
    known = tuple(word for words in knowledge().fields.values() for word in words)
    reading = read_export(path, Export(form, "*", known, records=records))
    return Source(
        format=form,
        met=met,
        reading=reading,
        file=f"*{suffix}",
        encoding=_encoding(path, met),
        records=records,
        widths=_widths(path) if met == "dbf" else {},
    )


def _is_archive(path: Path) -> bool:
    """A zip that is no workbook."""
    if not zipfile.is_zipfile(path):
        return False
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        return _WORKBOOK not in archive.namelist()


def _data_file(path: Path) -> tuple[str, tuple[str, ...]]:
    """The largest file of data in an archive, and globs of the files beside it."""
    with zipfile.ZipFile(path) as archive:
        sizes = {entry_name(entry): entry.file_size for entry in archive.infolist() if not entry.is_dir()}
    data = [name for name in sizes if Path(name).suffix.lower() in _DATA]
    if not data:
        raise Unreadable("压缩包里没有数据文件", "请确认平台导出的是数据包，再重新导出")
    chosen = max(data, key=lambda name: sizes[name])
    suffix = Path(chosen).suffix
    others = [Path(name.replace("\\", "/")).name for name in sizes if name != chosen]
    globs = (f"*{Path(name).suffix}" if Path(name).suffix not in ("", suffix) else name for name in others)
    return chosen, tuple(dict.fromkeys(globs))


def _refuse_pictures(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    for mark, what in _PICTURES.items():
        if head.startswith(mark):
            raise Unreadable(f"这是{what}，不是数据表", "请从平台导出 Excel、CSV、DBF 或 JSON 再试")


def _met(path: Path) -> Met:
    """The format met: one of those tried takes it, or the last one tried says what is wrong."""
    wrong: Unreadable | None = None
    for form in _TRIED:
        try:
            return _recognised(path, form)
        except Unreadable as error:
            wrong = error
    assert wrong is not None
    raise wrong


def _recognised(path: Path, form: Format) -> Met:
    """XML that is no page begins like one."""
    met = recognise(path, form)
    if met == "html" and b"<table" not in path.read_bytes().lower():
        return recognise(path, "xml")
    return met


def _format(met: Met, suffix: str) -> Format:
    """The declared format that stands for what was met."""
    match met:
        case "text":
            return "text" if suffix == ".xls" else "csv"
        case "spreadsheetml":
            return "html"
        case _:
            return met


def _encoding(path: Path, met: Met) -> str:
    """The encoding that a file of text is written in, by the same tests that reading makes."""
    if met == "dbf":
        return "gb18030"
    if met not in ("text", "html", "xml"):
        return "utf-8"
    data = path.read_bytes()
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _widths(path: Path) -> dict[str, int]:
    return {
        item.name: item.length for item in DBF(str(path), load=False, ignore_missing_memofile=True).fields
    }
