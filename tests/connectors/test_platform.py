"""Platform files: those that ship, and how a wrong one is refused."""

import re
from pathlib import Path
from typing import get_args

import pytest

from connectors.platform import PLATFORMS as PLATFORM_FILES
from connectors.platform import Format, PlatformFileError, read_platform, read_platforms
from warehouse.fields import fields

PLATFORMS, BROKEN = read_platforms()

GOOD = """
id = "P900"
title = "样例平台"
department = "民政"
level = "区"
tier = "T2"
entities = ["person"]
cadence = "月"
transport = "inbox"
basis = "modelled"
trust = 50
share = ["name"]

[export]
format = "csv"
file = "*.csv"
key = "编号"
columns = ["编号", "姓名", "性别", "出生日期", "备注", "宗教信仰"]

[fields]
name = { column = "姓名", required = true, max_length = 50 }
sex = "性别"
birth_date = { column = "出生日期", format = "%Y%m%d" }

[codes.sex]
"甲" = "1"
"乙" = "2"

[ignore]
"备注" = "自由文本"

[forbidden]
"宗教信仰" = "个人信息保护法第二十八条"

[receive]
fields = ["sex"]
purpose = "补全"
basis = "个人信息保护法第十三条第三项"
"""

# story, what stands in the good file, what stands there instead, what the one message must name
MISTAKES = [
    ("a typo in a key", "trust = 50", "trsut = 50", "trsut"),
    ("a typo in a key of a table", 'format = "csv"', 'fromat = "csv"', "fromat"),
    ("a typo in a key of a column", "max_length = 50", "max_lenght = 50", "max_lenght"),
    ("a key is missing", 'department = "民政"', "", "department"),
    ("a field nobody knows", 'sex = "性别"', 'gender = "性别"', "gender"),
    ("codes of a field that has no column", "[codes.sex]", "[codes.marital]", "marital"),
    ("a column listed twice in the export", '"姓名", "性别"', '"姓名", "姓名", "性别"', "姓名"),
    ("a column both used and ignored", '"备注" = "自由文本"', '"备注" = "自由文本"\n"性别" = "x"', "性别"),
    ("two fields in one column", 'sex = "性别"', 'sex = "性别"\ncommunity = "性别"', "性别"),
    ("a column nobody accounts for", '"备注" = "自由文本"', "", "备注"),
    ("a column the export does not have", '"备注" = "自由文本"', '"备注" = "自由文本"\n"籍贯" = "x"', "籍贯"),
    ("ignored without a reason", '"备注" = "自由文本"', '"备注" = " "', "备注"),
    ("a restricted platform", 'tier = "T2"', 'tier = "T4"', "T4"),
    ("a survey, whatever tier it states", 'id = "P900"', 'id = "P103"', "人口普查条例"),
    ("a kind that no law lets us have", 'id = "P900"', 'id = "P056"', "精神卫生法"),
    ("a kind of platform without a number", 'id = "P900"', 'id = "X1"', "id"),
    ("a path of records in a table", 'format = "csv"', 'format = "csv"\nrecords = ["data"]', "records"),
    ("a package without a path of records", 'format = "csv"', 'format = "xml"', "records"),
    (
        "files beside the data, and no archive",
        'format = "csv"',
        'format = "csv"\nbeside = ["*.txt"]',
        "beside",
    ),
    (
        "rows that name nobody",
        'name = { column = "姓名", required = true, max_length = 50 }',
        'community = "姓名"',
        "没有一行能知道是谁",
    ),
    ("admitting by nothing", 'fields = ["sex"]', 'fields = ["sex"]\nadmits = {}', "admits"),
    ("admitting an age alone", 'fields = ["sex"]', 'fields = ["sex"]\nadmits = { ages = [60] }', "ages"),
    (
        "admitting by a field nobody knows",
        'fields = ["sex"]',
        'fields = ["sex"]\nadmits = { holding = ["party"] }',
        "party",
    ),
    ("a tier that does not exist", 'tier = "T2"', 'tier = "T5"', "tier"),
    ("a format nobody reads", 'format = "csv"', 'format = "pdf"', "export"),
    ("a number in quotes", "trust = 50", 'trust = "50"', "trust"),
    ("a trust beyond all bounds", "trust = 50", "trust = 500", "trust"),
    ("a flag in quotes", "required = true", 'required = "yes"', "required"),
    ("sharing a field it does not have", 'share = ["name"]', 'share = ["phone"]', "phone"),
    ("receiving a field it does not have", 'fields = ["sex"]', 'fields = ["phone"]', "phone"),
    ("receiving without purpose", 'purpose = "补全"', "", "purpose"),
    ("receiving without legal basis", 'basis = "个人信息保护法第十三条第三项"', 'basis = " "', "basis"),
    ("receiving without a key", 'key = "编号"\ncolumns = ["编号", ', "columns = [", "export.key"),
    ("a code the standard does not know", '"甲" = "1"', '"甲" = "7"', "7"),
    ("codes for a date", "[codes.sex]", "[codes.birth_date]", "birth_date"),
    ("a date format without a day", "%Y%m%d", "%Y%m", "birth_date"),
    (
        "instructions for a column that is not there",
        "[fields]",
        '[export.instructions]\n"籍贯" = "x"\n[fields]',
        "籍贯",
    ),
    ("a table where a list belongs", 'entities = ["person"]', "entities = {}", "entities"),
    ("codes beside the column", 'sex = "性别"', 'sex = { column = "性别", codes = { "甲" = "1" } }', "codes"),
    ("a name other than the file's", "trust = 50", 'trust = 50\nslug = "grid"', "slug"),
    (
        "another name of a column that is not there",
        "[fields]",
        '[export.aliases]\n"籍贯" = ["原籍"]\n[fields]',
        "籍贯",
    ),
    (
        "another name that is a column's own",
        "[fields]",
        '[export.aliases]\n"姓名" = ["性别"]\n[fields]',
        "性别",
    ),
    ("no TOML at all", "[fields]", "[fields", "TOML"),
]


# rows that name nobody: of dwellings
DWELLINGS = """
id = "P900"
title = "样例平台"
department = "公安"
level = "市"
tier = "T1"
entities = ["dwelling"]
cadence = "周"
transport = "inbox"
basis = "modelled"
trust = 50

[export]
format = "csv"
file = "*.csv"
key = "编码"
columns = ["编码", "地址", "电话"]

[fields]
address = "地址"

[ignore]
"电话" = "说的是人"
"""
DWELLING_MISTAKES = [
    ("rows that are said to be of people", '["dwelling"]', '["person"]', "没有一行能知道是谁"),
    ("dwellings without an address", 'address = "地址"', 'community = "地址"', "没有一行能知道是谁"),
    ("places without a name", '["dwelling"]', '["place"]', "没有一行能知道是谁"),
    ("a phone that is nobody's", "[ignore]\n", 'phone = "电话"\n[ignore]\n', "phone"),
    (
        "telling it of people",
        "[ignore]",
        '[receive]\nfields = ["address"]\npurpose = "补全"\nbasis = "x"\n[ignore]',
        "[receive]",
    ),
]


def test_rows_may_name_nobody_where_they_are_of_dwellings(tmp_path: Path) -> None:
    platform = read_platform(_write(tmp_path, DWELLINGS))
    assert (platform.about, platform.named_by) == ("dwelling", ("address",))


@pytest.mark.parametrize(
    ("stands", "instead", "named"),
    [pytest.param(*mistake[1:], id=mistake[0]) for mistake in DWELLING_MISTAKES],
)
def test_a_wrong_file_of_dwellings_is_refused(tmp_path: Path, stands: str, instead: str, named: str) -> None:
    assert stands in DWELLINGS
    text = DWELLINGS.replace(stands, instead, 1)
    if named == "phone":
        text = text.replace('"电话" = "说的是人"\n', "")
    with pytest.raises(PlatformFileError, match=re.escape(named)):
        read_platform(_write(tmp_path, text))


# the [pull] table of an HTTP platform, and what is wrong with each variant of it
PULL = """transport = "http"
[pull]
path = "/people"
auth = { kind = "oauth2", path = "/token" }
pages = { kind = "number", rows = 100, total = "data.total" }
since = { column = "gxsj", parameter = "from" }
"""
ASKED = (
    GOOD.replace('format = "csv"', 'format = "json"')
    .replace('"出生日期", "备注"', '"出生日期", "gxsj", "备注"')
    .replace("[codes.sex]", 'updated_on = "gxsj"\n[codes.sex]')
)
PULL_MISTAKES = [
    ("a typo", 'path = "/people"', 'pth = "/people"', "pth"),
    ("a host in the path", '"/people"', '"https://x/people"', "pull.path"),
    ("an unknown login", "oauth2", "oauth3", "kind"),
    ("a key of another login", 'path = "/token"', 'path = "/token", header = "X"', "header"),
    ("a login without its path", ', path = "/token"', "", "path"),
    ("an unknown paging", '"number"', '"numbers"', "kind"),
    ("no rows on a page", "rows = 100", "rows = 0", "rows"),
    ("changes without a parameter", ', parameter = "from"', "", "parameter"),
    ("changes by a column that is not used", '"gxsj"', '"备注"', "备注"),
    ("changes by a time nobody can read back", '"from" }', '"from", format = "%Y-%m-%d %q" }', "%q"),
    ("a negative overlap", '"from" }', '"from", overlap_minutes = -1 }', "overlap_minutes"),
    ("no budget", 'path = "/people"', 'path = "/people"\nbudget_seconds = 0', "budget_seconds"),
    ("a body that GET does not have", 'path = "/people"', 'path = "/people"\nbody = "json"', "POST"),
    ("a literal secret", 'path = "/people"', 'path = "/people"\nsecret = "hunter2"', "secret"),
    ("the table of another transport", '"http"', '"sftp"', "path"),
    ("a table for the inbox", '"http"', '"inbox"', "[pull]"),
    ("a transport without a table", PULL, 'transport = "sftp"\n', "[pull]"),
    ("a transport nobody knows", '"http"', '"ftp"', "transport"),
]


def _asked(pull: str) -> str:
    """The good file, asked by HTTP: the [pull] table stands after the plain keys."""
    head, _, table = pull.partition("\n")
    return ASKED.replace('transport = "inbox"', head) + "\n" + table


def test_the_pull_table_these_tests_break_is_good(tmp_path: Path) -> None:
    assert read_platform(_write(tmp_path, _asked(PULL))).pull is not None


@pytest.mark.parametrize(
    ("stands", "instead", "named"), [pytest.param(*mistake[1:], id=mistake[0]) for mistake in PULL_MISTAKES]
)
def test_a_wrong_pull_table_is_refused_with_one_message(
    tmp_path: Path, stands: str, instead: str, named: str
) -> None:
    assert stands in PULL
    with pytest.raises(PlatformFileError) as refused:
        read_platform(_write(tmp_path, _asked(PULL.replace(stands, instead, 1))))
    assert named in str(refused.value)
    assert "hunter2" not in str(refused.value)


# the [send] table of each transport and a [receipt], and what is wrong with each variant of them
HTTP = """[send]
transport = "http"
path = "/push"
rows_at = "rows"
batch_at = "no"
auth = { kind = "oauth2", path = "/token" }
success = { path = "code", values = ["0"] }
rejected = ["500"]
results = { at = "list", key = "bh", ok = "ok", accepted = ["1"], refused = ["0"] }
read_back = { path = "/batch", parameter = "no", at = "state", there = ["1"], absent = ["0"], absent_status = 404 }
"""
SFTP = '[send]\ntransport = "sftp"\nfolder = "/in"\ntaken = "/done"\n'
TABLE = """[send]
transport = "database"
table = "people"
batches = "arrivals"
columns = { "编号" = "id", "性别" = "sex" }
"""
RECEIPT = """[receipt]
format = "xlsx"
file = "*.xlsx"
key = "编号"
result = "结果"
accepted = ["成功"]
"""
SEND_MISTAKES = [
    ("a typo", HTTP, 'rows_at = "rows"', 'row_at = "rows"', "row_at"),
    ("no transport", HTTP, 'transport = "http"', "", "transport"),
    ("a transport nobody knows", HTTP, '"http"', '"ftp"', "transport"),
    ("the table of another transport", HTTP, '"http"', '"sftp"', "path"),
    ("a host in the path", HTTP, '"/push"', '"https://x/push"', "send.path"),
    ("an unknown login", HTTP, "oauth2", "oauth3", "kind"),
    ("a typo in the results", HTTP, 'ok = "ok"', 'okay = "ok"', "okay"),
    ("no word for yes", HTTP, 'accepted = ["1"]', "accepted = []", "send.results"),
    ("a word for yes and no", HTTP, 'refused = ["0"]', 'refused = ["1"]', "send.results"),
    ("reading back without a word for it", HTTP, 'there = ["1"]', "there = []", "read_back"),
    ("a status that says nothing", HTTP, "404", "200", "absent_status"),
    ("a name that has no place", HTTP, 'rows_at = "rows"', "", "rows_at"),
    (
        "several rows in a call of one",
        HTTP,
        'rows_at = "rows"',
        'body = "row"\nrows_per_call = 5',
        "rows_per_call",
    ),
    ("refusals nobody can see", HTTP, 'success = { path = "code", values = ["0"] }', "", "send.success"),
    ("no header for the name", HTTP, "[send]", '[send]\nkey_header = ""', "key_header"),
    ("no budget", SFTP, "[send]", "[send]\nbudget_seconds = 0", "budget_seconds"),
    ("the same folder twice", SFTP, '"/done"', '"/in"', "send.taken"),
    ("a received column without a place", TABLE, ', "性别" = "sex"', "", "性别"),
    ("a key without a place", TABLE, '"编号" = "id", ', "", "编号"),
    ("a column that is not used", TABLE, '"性别" = "sex"', '"性别" = "sex", "备注" = "x"', "备注"),
    ("two in one column", TABLE, '"sex"', '"id"', "同一列"),
    ("batches among the people", TABLE, '"arrivals"', '"people"', "send.batches"),
    ("inserting without what is required", TABLE, "[send]", '[send]\nmissing = "insert"', "姓名"),
    ("a receipt with a typo", RECEIPT, "result", "reslut", "reslut"),
    ("a receipt without a word for yes", RECEIPT, '["成功"]', "[]", "receipt"),
    ("a receipt whose columns are one", RECEIPT, 'result = "结果"', 'result = "编号"', "[receipt]"),
]


@pytest.mark.parametrize("table", [HTTP, SFTP, TABLE, RECEIPT, HTTP + RECEIPT])
def test_the_ways_out_these_tests_break_are_good(tmp_path: Path, table: str) -> None:
    path = tmp_path / "sample.toml"
    path.write_text(f"{GOOD}\n{table}", encoding="utf-8")
    platform = read_platform(path)
    assert (platform.send is not None, platform.receipt is not None) == (
        "[send]" in table,
        "[receipt]" in table,
    )


@pytest.mark.parametrize(
    ("story", "table", "good", "bad", "says"), SEND_MISTAKES, ids=[m[0] for m in SEND_MISTAKES]
)
def test_a_wrong_way_out_is_refused_with_one_message(
    tmp_path: Path, story: str, table: str, good: str, bad: str, says: str
) -> None:
    assert good in table
    path = tmp_path / "sample.toml"
    path.write_text(f"{GOOD}\n{table.replace(good, bad)}", encoding="utf-8")
    with pytest.raises(PlatformFileError) as refused:
        read_platform(path)
    assert says in refused.value.problem and "enter-once platform check sample" in str(refused.value)


def test_a_platform_that_receives_nothing_is_told_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sample.toml"
    path.write_text(GOOD.split("[receive]")[0] + SFTP, encoding="utf-8")
    with pytest.raises(PlatformFileError, match="receive"):
        read_platform(path)


def test_a_table_for_newcomers_has_to_take_them_in(tmp_path: Path) -> None:
    path = tmp_path / "sample.toml"
    admits = '[receive.admits]\neveryone = true\nfields = ["name", "id_number"]\n'
    good = GOOD.replace('"备注", "宗教', '"备注", "证件", "宗教').replace(
        "[codes.sex]", 'id_number = "证件"\n[codes.sex]'
    )
    columns = TABLE.replace('"sex" }', '"sex", "姓名" = "name", "证件" = "number" }')
    path.write_text(f"{good}\n{admits}\n{columns}", encoding="utf-8")
    with pytest.raises(PlatformFileError, match="insert"):
        read_platform(path)
    path.write_text(f'{good}\n{admits}\n{columns}missing = "insert"\n', encoding="utf-8")
    assert read_platform(path).send is not None


def test_a_database_is_asked_for_what_is_used_and_for_nothing_else(tmp_path: Path) -> None:
    columns = (
        'columns = { "编号" = "bh", "姓名" = "xm", "性别" = "xb", "出生日期" = "csrq", "gxsj" = "gxsj" }'
    )
    view = f'transport = "database"\n[pull]\nview = "v"\n{columns}\n'
    assert read_platform(_write(tmp_path, _asked(view))).pull is not None
    for wrong, named in (
        (view.replace('"姓名" = "xm", ', ""), "姓名"),
        (view.replace('"gxsj" }', '"gxsj", "宗教信仰" = "zjxy" }'), "宗教信仰"),
        (view.replace('"gxsj" }', '"gxsj", "备注" = "bz" }'), "备注"),
    ):
        with pytest.raises(PlatformFileError, match=named):
            read_platform(_write(tmp_path, _asked(wrong)))


def _write(folder: Path, text: str, slug: str = "sample") -> Path:
    path = folder / f"{slug}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sample_these_tests_break_is_good(tmp_path: Path) -> None:
    assert read_platform(_write(tmp_path, GOOD)).fields["sex"].codes == {"甲": "1", "乙": "2"}


@pytest.mark.parametrize(
    ("stands", "instead", "named"),
    [pytest.param(*mistake[1:], id=mistake[0]) for mistake in MISTAKES],
)
def test_a_wrong_platform_file_is_refused_with_one_message(
    tmp_path: Path, stands: str, instead: str, named: str
) -> None:
    assert stands in GOOD
    path = _write(tmp_path, GOOD.replace(stands, instead, 1))
    with pytest.raises(PlatformFileError) as refused:
        read_platform(path)
    message = str(refused.value)
    assert named in message
    assert "connectors/platforms/sample.toml" in message
    assert "enter-once platform check sample" in message
    assert "\n" not in refused.value.problem or "TOML" in message


def test_one_bad_file_disables_one_platform(tmp_path: Path) -> None:
    _write(tmp_path, GOOD, "good")
    _write(tmp_path, GOOD.replace("trust", "trsut"), "bad")
    good, bad = read_platforms(tmp_path)
    assert list(good) == ["good"]
    assert list(bad) == ["bad"]


def test_all_platforms_that_ship_can_be_used() -> None:
    assert [str(error) for error in BROKEN.values()] == []


def test_they_bring_every_format() -> None:
    formats = {platform.export.format for platform in PLATFORMS.values()}
    assert formats == set(get_args(Format))


def test_they_bring_every_shape_of_file() -> None:
    exports = [platform.export for platform in PLATFORMS.values()]
    shapes = {
        "instruction row": any(export.instructions for export in exports),
        "title row": any(export.title for export in exports),
        "two-level header": any(export.header_rows == 2 for export in exports),
        "merged households": any(export.merge_down for export in exports),
        "two sheets": any(export.two_sheets for export in exports),
        "nested": any(len(export.records) == 2 for export in exports),
        "ditto and several people": any(export.ditto and export.split_people for export in exports),
        "footer": any(export.footer for export in exports),
        "no key": any(export.key is None for export in exports),
        "wide": any(len(export.columns) >= 60 for export in exports),
        "GB18030 text": any(e.format == "csv" and e.encoding == "gb18030" for e in exports),
        "archive": any(export.packed for export in exports),
        "copied by hand": any(p.receive.returns == "copy_sheet" for p in PLATFORMS.values()),
        "admitting by rule": any(p.receive.admits for p in PLATFORMS.values()),
        "byte order mark": any(export.encoding == "utf-8-sig" for export in exports),
    }
    assert [shape for shape, there in shapes.items() if not there] == []


def test_pure_sources_receive_nothing() -> None:
    for slug in ("actual_population", "social_card", "community_ledger"):
        assert PLATFORMS[slug].receive.fields == ()


def test_no_platform_receives_what_is_never_published() -> None:
    for platform in PLATFORMS.values():
        assert all(fields()[name].publish for name in platform.receive.fields)


def test_political_status_flows_only_to_lines_that_may_have_it() -> None:
    lines = {p.department for p in PLATFORMS.values() if "political" in p.receive.fields}
    assert lines <= {"组织部", "政法委", "民政"}


def test_dbf_field_names_and_lengths_fit_the_format() -> None:
    for platform in PLATFORMS.values():
        if platform.export.format == "dbf":
            assert set(platform.export.widths) == set(platform.export.columns)
            assert all(len(name) <= 10 and name.isascii() for name in platform.export.columns)


def test_feeds_name_platforms_that_exist_and_fields_that_they_state() -> None:
    for platform in PLATFORMS.values():
        for source, names in platform.feeds.items():
            assert set(names) <= PLATFORMS[source].fields.keys()


def test_a_template_of_two_sheets_carries_the_link_in_every_row(tmp_path: Path) -> None:
    text = (PLATFORM_FILES / "public_rental.toml").read_text(encoding="utf-8")
    loose = text.replace("required = true, max_length = 20 }\nhead_name", "max_length = 20 }\nhead_name", 1)
    assert loose != text
    with pytest.raises(PlatformFileError, match="关联列"):
        read_platform(_write(tmp_path, loose))
