"""Whatever happens to a file's bytes: it is read, or refused with a reason; nothing else comes out of a reader."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.platform import Format
from connectors.read.sheet import Reading

Read = Callable[..., Reading]

DBF = (
    struct.pack("<4BIHH20x", 3, 126, 11, 1, 2, 97, 27)
    + struct.pack("<11sc4xBB14x", b"XM", b"C", 8, 0)
    + struct.pack("<11sc4xBB14x", b"CSRQ", b"D", 18, 0)
    + b"\r"
    + (b" " + "张三".encode("gb18030").ljust(8) + b"19800101".ljust(18)) * 2
)
SHEET_ML = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a"><Table><Row ss:Index="2">
<Cell ss:MergeDown="1"><Data ss:Type="Number">330106198001011234</Data></Cell></Row></Table></Worksheet></Workbook>"""
# Not the workbooks: their parser is known to abort the process, which is what the sandbox is for.
FILES: dict[str, tuple[Format, bytes]] = {
    "html": ("html", "<table><tr><td rowspan=2>姓名</td></tr></table>".encode("gb18030")),
    "spreadsheetml": ("xls", SHEET_ML.encode()),
    "csv": ("csv", '姓名,电话\n"张\n三",1\n'.encode("gb18030") * 9),
    "dbf": ("dbf", DBF),
    "xml": (
        "xml",
        "<?xml version='1.0'?><D><R><XM>张三</XM><M><N id='1'>a</N></M></R></D>".encode("gb18030"),
    ),
    "json": ("json", json.dumps({"data": {"list": [{"hh": 1, "members": [{"xm": "a"}]}]}}).encode()),
}
RECORDS = {"json": ("data.list", "members"), "xml": ("D.R", "M")}


@pytest.mark.parametrize("name", FILES)
# Each example writes its file anew.
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(read: Read, name: str, data: st.DataObject) -> None:
    declared, whole = FILES[name]
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(1, len(whole)))]
    with suppress(Unreadable):
        reading = read(bytes(damaged), declared, records=RECORDS.get(name, ()))
        assert all(len(row.cells) == len(row.types) for sheet in reading.sheets for row in sheet.rows)
