"""The outbox: only what changes, in the platform's own words, and a manifest without personal values."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.platform import Platform, read_platforms
from connectors.read import read_export
from connectors.write.draft import Held, Homes, draft
from connectors.write.manifest import Change, Manifest
from connectors.write.note import NOTE
from connectors.write.outbox import MANIFEST, write_outbox
from connectors.write.preflight import refusal

PLATFORMS, _ = read_platforms()
NIGHT = date(2026, 11, 23)
GRID_HELD: Held = {
    "r1": {"name": "张伟(户主)", "address": "近江家园5-2-301", "phone": "1380"},
    "r2": {"name": "李娜", "address": "近江家园5-2-302"},
}
GRID_CHANGES = [
    Change("r1", "G001", "phone", "13812341234;0571-88881234", "correct"),
    Change("r1", "G001", "marital", "20", "fill"),
    Change("r2", "G002", "birth_date", "1990-02-03", "fill"),
]


def _written(
    folder: Path,
    platform: Platform,
    night: date,
    changes: Sequence[Change],
    held: Held,
    *,
    homes: Homes | None = None,
    live: bool = False,
) -> Manifest | None:
    return write_outbox(
        folder, draft(platform, changes, held, homes), night, batch="grid-20261116-1", live=live
    )


def _sheet(slug: str, folder: Path) -> list[dict[str, str]]:
    """The rows of the file as the platform's reader sees them, by header; a two-sheet book gives its members."""
    platform = PLATFORMS[slug]
    file = folder / f"{slug}{Path(platform.export.file).suffix}"
    rows = read_export(file, platform.export).sheets[-1].rows
    skipped = (platform.export.title is not None) + platform.export.header_rows - 1
    header = rows[skipped].cells
    body = rows[skipped + 1 + bool(platform.export.instructions) :]
    return [dict(zip(header, row.cells, strict=True)) for row in body]


def test_a_note_tells_the_clerk_what_changes_and_no_value(tmp_path: Path) -> None:
    _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    text = (tmp_path / NOTE).read_text(encoding="utf-8")
    assert "共 2 行、3 格有变化" in text and "  联系电话：1 格" in text and "影子模式" in text
    values = [change.value for change in GRID_CHANGES] + [
        v for held in GRID_HELD.values() for v in held.values()
    ]
    assert not any(value in text for value in values if len(value) > 2)


def test_a_row_holds_key_required_columns_and_changes_and_nothing_else(tmp_path: Path) -> None:
    manifest = _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    assert manifest is not None
    rows = _sheet("grid", tmp_path)
    assert [{name: cell for name, cell in row.items() if cell} for row in rows] == [
        {
            "人员编号": "G001",
            "姓名": "张伟(户主)",
            "门牌地址": "近江家园5-2-301",
            "联系电话": "13812341234;0571-88881234",
            "婚姻状况": "已婚",
        },
        {"人员编号": "G002", "姓名": "李娜", "门牌地址": "近江家园5-2-302", "出生日期": "19900203"},
    ]
    assert (manifest.rows, manifest.cells) == (2, 3)
    assert manifest.fields == {"birth_date": 1, "phone": 1, "marital": 1}


def test_a_new_site_writes_in_shadow_and_nothing_is_sent(tmp_path: Path) -> None:
    shadow = _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    live = _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD, live=True)
    assert shadow is not None
    assert live is not None
    assert (shadow.mode, live.mode) == ("shadow", "live")


def test_the_manifest_carries_no_personal_value(tmp_path: Path) -> None:
    _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    text = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    values = ["张伟", "李娜", "13812341234", "88881234", "1990", "近江", "G001", "已婚"]
    assert [value for value in values if value in text] == []
    stated = json.loads(text)
    assert [entry["record_id"] for entry in stated["records"]] == ["r1", "r2"]
    assert stated["purpose"]
    assert stated["basis"]
    assert stated["title"] == PLATFORMS["grid"].title


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    _written(tmp_path / "grid", PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "grid").iterdir()}
    assert modes == {"grid.xlsx": "0o600", MANIFEST: "0o600", NOTE: "0o600"}


def test_a_draft_names_the_cells_of_its_file_and_writes_nothing(tmp_path: Path) -> None:
    changes = [*GRID_CHANGES, Change("r1", "G001", "education", "00", "fill")]
    drafted = draft(PLATFORMS["grid"], changes, GRID_HELD)
    assert drafted.cells == {(change.record_id, change.field) for change in GRID_CHANGES}
    assert [(left.record_id, left.field) for left in drafted.left_out] == [("r1", "education")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_changes_in_any_order_give_the_same_bytes(tmp_path: Path, order: int) -> None:
    first = _written(tmp_path / "a", PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    second = _written(tmp_path / "b", PLATFORMS["grid"], NIGHT, GRID_CHANGES[::order], GRID_HELD)
    assert first == second
    assert (tmp_path / "a/grid.xlsx").read_bytes() == (tmp_path / "b/grid.xlsx").read_bytes()


def test_no_change_leaves_nothing_not_even_what_lay_there(tmp_path: Path) -> None:
    _written(tmp_path, PLATFORMS["grid"], NIGHT, GRID_CHANGES, GRID_HELD)
    assert _written(tmp_path, PLATFORMS["grid"], NIGHT, [], GRID_HELD) is None
    assert list(tmp_path.iterdir()) == []


# story, platform, the change, what the platform holds, part of the reason
REFUSED = [
    (
        "outside the allow-list",
        "grid",
        ("address", "|||||||||||"),
        {"name": "张伟", "address": "甲"},
        "可接收",
    ),
    (
        "a field the platform does not have",
        "grid",
        ("guardian", "李娜"),
        {"name": "张伟", "address": "甲"},
        "可接收",
    ),
    ("too long", "resident_points", ("community", "近" * 21), {"name": "张伟", "phone": "1"}, "限长 20"),
    ("a required cell is missing", "grid", ("phone", "13812341234"), {"name": "张伟"}, "必填项「门牌地址」"),
    (
        "a code the platform cannot say",
        "grid",
        ("marital", "21"),
        {"name": "张伟", "address": "甲"},
        "代码表",
    ),
    (
        "text that a spreadsheet would run",
        "resident_points",
        ("community", "=HYPERLINK(1)"),
        {"name": "张伟", "phone": "13812341234"},
        "公式",
    ),
    (
        "a control character",
        "resident_points",
        ("community", "近江\x07"),
        {"name": "张伟", "phone": "13812341234"},
        "控制字符",
    ),
    ("a masked value", "grid", ("phone", "138****1234"), {"name": "张伟", "address": "甲"}, "脱敏"),
    ("the platform masked a required cell", "grid", ("sex", "1"), {"name": "张*", "address": "甲"}, "脱敏"),
    (
        "what the platform itself holds would run as a formula",
        "resident_points",
        ("community", "近江"),
        {"name": "=1+1", "phone": "13812341234"},
        "必填项「姓名」",
    ),
]


@pytest.mark.parametrize(
    ("slug", "change", "held", "reason"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_what_the_platform_would_refuse_is_left_out_with_a_reason(
    tmp_path: Path, slug: str, change: tuple[str, str], held: dict[str, str], reason: str
) -> None:
    field, value = change
    manifest = _written(
        tmp_path, PLATFORMS[slug], NIGHT, [Change("r1", "K1", field, value, "fill")], {"r1": held}
    )
    assert manifest is not None
    assert (manifest.rows, manifest.file) == (0, None)
    assert [(left.record_id, left.field) for left in manifest.left_out] == [("r1", field)]
    assert reason in manifest.left_out[0].reason
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, NOTE]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t"])
def test_text_that_begins_like_a_formula_stands_in_no_file_that_a_spreadsheet_would_run(first: str) -> None:
    lines, book = PLATFORMS["resident_points"].export, PLATFORMS["grid"].export
    assert "当作公式执行" in (refusal(lines, "社区", None, f"{first}1+1") or "")
    assert refusal(book, "社区", None, f"{first}1+1") is None  # in a text cell it stays text


def test_a_rare_character_that_the_platforms_encoding_lacks_is_named_and_costs_no_other_cell(
    tmp_path: Path,
) -> None:
    points = PLATFORMS["resident_points"]
    old = replace(points, export=replace(points.export, encoding="gbk"))
    changes = [
        Change("r1", "K1", "community", "𠮷祥社区", "fill"),
        Change("r2", "K2", "community", "近江", "fill"),
    ]
    held = {one: {"name": "张伟", "phone": "13812341234"} for one in ("r1", "r2")}
    manifest = _written(tmp_path, old, NIGHT, changes, held)
    assert manifest is not None and manifest.rows == 1
    assert [(left.record_id, left.reason) for left in manifest.left_out] == [("r1", "有字符无法用 gbk 编码")]


def test_one_refused_cell_does_not_cost_the_row(tmp_path: Path) -> None:
    changes = [*GRID_CHANGES, Change("r1", "G001", "education", "00", "fill")]
    manifest = _written(tmp_path, PLATFORMS["grid"], NIGHT, changes, GRID_HELD)
    assert manifest is not None
    assert manifest.cells == 3
    assert [left.field for left in manifest.left_out] == ["education"]


def test_a_record_without_the_platforms_own_key_cannot_be_addressed(tmp_path: Path) -> None:
    changes = [replace(change, source_key="#ab12-1") for change in GRID_CHANGES]
    manifest = _written(tmp_path, PLATFORMS["grid"], NIGHT, changes, GRID_HELD)
    assert manifest is not None
    assert {left.reason for left in manifest.left_out} == {"该记录在平台没有唯一编号，无法对应"}


def test_too_wide_for_a_dbf_field_is_named_and_never_cut(tmp_path: Path) -> None:
    held = {
        "name": "张伟",
        "sex": "1",
        "birth_date": "19800101",
        "id_number": "1",
        "relation": "01",
        "household_number": "9",
    }
    wide = replace(PLATFORMS["all_population"].fields["phone"], max_length=None)
    platform = PLATFORMS["all_population"]
    platform = replace(platform, fields={**platform.fields, "phone": wide})
    numbers = ";".join(f"1381234{n:04}" for n in range(9))
    manifest = _written(
        tmp_path, platform, NIGHT, [Change("r1", "K1", "phone", numbers, "fill")], {"r1": held}
    )
    assert manifest is not None
    assert "40 字节" in manifest.left_out[0].reason


MEMBERS: Held = {
    "r1": {
        "household_number": "D1",
        "head_name": "张伟",
        "head_id_number": "1",
        "name": "张伟",
        "id_number": "1",
    },
    "r2": {
        "household_number": "D1",
        "head_name": "张伟",
        "head_id_number": "1",
        "name": "李娜",
        "id_number": "2",
    },
}
HOUSEHOLD: Homes = {"D1": {"r1": {}, "r2": {}}}
HOME = "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301"
MOVED = "上城区|望江街道|近江社区|近江路|12|近江家园||6|2||301"


@pytest.mark.parametrize("slug", ["minimum_living", "public_rental", "one_table"])
def test_what_is_said_once_for_a_household_is_changed_once(tmp_path: Path, slug: str) -> None:
    held = {key: {**cells, "relation": "x"} for key, cells in MEMBERS.items()}
    changes = [
        Change("r1", "K1", "address", HOME, "fill"),
        Change("r2", "K2", "phone", "13812341234", "fill"),
    ]
    manifest = _written(tmp_path, PLATFORMS[slug], NIGHT, changes, held)
    assert manifest is not None
    assert (manifest.rows, manifest.cells, manifest.left_out) == (2, 2, ())


@pytest.mark.parametrize("slug", ["minimum_living", "public_rental", "one_table"])
def test_two_changes_to_one_household_cell_are_left_to_a_person(tmp_path: Path, slug: str) -> None:
    held = {key: {**cells, "relation": "x"} for key, cells in MEMBERS.items()}
    changes = [Change("r1", "K1", "address", HOME, "fill"), Change("r2", "K2", "address", MOVED, "fill")]
    manifest = _written(tmp_path, PLATFORMS[slug], NIGHT, changes, held)
    assert manifest is not None
    assert (manifest.rows, len(manifest.left_out)) == (0, 2)
    assert {left.reason for left in manifest.left_out} == {"同一户的成员给出了不同的值，请先核实"}


@pytest.mark.parametrize("slug", ["minimum_living", "public_rental", "one_table"])
def test_one_member_does_not_move_the_whole_household(tmp_path: Path, slug: str) -> None:
    held = {key: {**cells, "relation": "x"} for key, cells in MEMBERS.items()}
    changes = [
        Change("r1", "K1", "address", HOME, "correct"),
        Change("r2", "K2", "phone", "13812341234", "fill"),
    ]
    alone = _written(tmp_path, PLATFORMS[slug], NIGHT, changes, held, homes=HOUSEHOLD)
    assert alone is not None
    assert [(left.record_id, left.field) for left in alone.left_out] == [("r1", "address")]
    assert alone.fields == {"phone": 1}
    assert "5幢" not in str(_sheet(slug, tmp_path))
    together = [*changes, Change("r2", "K2", "address", HOME, "correct")]
    moved = _written(tmp_path, PLATFORMS[slug], NIGHT, together, held, homes=HOUSEHOLD)
    assert moved is not None
    assert (moved.left_out, moved.fields) == ((), {"address": 2, "phone": 1})


@pytest.mark.parametrize("slug", ["minimum_living", "public_rental", "one_table"])
def test_a_member_whose_own_row_cannot_be_written_is_no_other_opinion_of_the_household(
    tmp_path: Path, slug: str
) -> None:
    held = {key: {**cells, "relation": "x"} for key, cells in MEMBERS.items()}
    hidden = {**held, "r2": {**held["r2"], "name": "李*"}}
    changes = [
        Change(record, key, "address", HOME, "correct") for record, key in (("r1", "K1"), ("r2", "K2"))
    ]
    manifest = _written(tmp_path, PLATFORMS[slug], NIGHT, changes, hidden, homes=HOUSEHOLD)
    assert manifest is not None
    assert manifest.fields == {"address": 1}
    assert [(left.record_id, "脱敏" in left.reason) for left in manifest.left_out] == [("r2", True)]


@pytest.mark.parametrize("slug", ["minimum_living", "public_rental", "one_table"])
@pytest.mark.parametrize(("golden", "told"), [(HOME, 1), (MOVED, 0)])
def test_of_whom_a_value_may_not_be_passed_on_it_is_no_less_true(
    tmp_path: Path, slug: str, golden: str, told: int
) -> None:
    held = {key: {**cells, "relation": "x"} for key, cells in MEMBERS.items()}
    homes = {"D1": {"r1": {"address": HOME}, "r2": {"address": golden}}}
    asked = [Change("r1", "K1", "address", HOME, "correct")]
    manifest = _written(tmp_path, PLATFORMS[slug], NIGHT, asked, held, homes=homes)
    assert (manifest.cells if manifest else 0) == told


def test_a_required_cell_that_one_member_asks_to_change_does_not_hold_up_the_others(tmp_path: Path) -> None:
    platform = PLATFORMS["disaster_relief"]
    held = {key: {**cells, "address": "婺江路32号7幢"} for key, cells in MEMBERS.items()}
    changes = [
        Change("r1", "K1", "address", HOME, "correct"),
        Change("r2", "K2", "phone", "13812341234", "fill"),
    ]
    manifest = _written(tmp_path, platform, NIGHT, changes, held, homes=HOUSEHOLD)
    assert manifest is not None
    assert manifest.fields == {"phone": 1}
    assert [(left.record_id, left.field) for left in manifest.left_out] == [("r1", "address")]


# One golden value per kind or field, each different from what the platform holds.
GOLDEN = {
    "name": "欧阳娜娜",
    "former_name": "欧阳小娜",
    "id_number": "330102198001010018",
    "sex": "2",
    "birth_date": "1980-01-01",
    "ethnic": "03",
    "marital": "30",
    "political": "13",
    "education": "20",
    "employment": "24",
    "employer": "市政工程公司",
    "phone": "13812341234;0571-88881234",
    "address": HOME,
    "registered_address": MOVED,
    "community": "近江社区",
    "grid": "第三网格",
    "residence_flag": "0",
    "death_flag": "0",
    "death_date": "2026-01-02",
    "moved_out_flag": "0",
    "moved_out_date": "2026-01-02",
    "hukou_type": "10",
    "guardian": "欧阳建国",
    "guardian_phone": "13912341234",
}
HELD_REQUIRED = {
    "name": "张伟",
    "sex": "男",
    "birth_date": "1979-01-01",
    "id_number": "330102197901010017",
    "phone": "13912345678",
    "address": "上城区望江街道近江社区近江路1号1幢101室",
    "residence_flag": "01",
    "household_number": "900001",
    "head_name": "张建国",
    "head_id_number": "330102195001010019",
    "relation": "子",
    "employer": "市容环境卫生所",
    "employment": "登记失业",
    "education": "大专",
    "disability_number": "33010219790101001744",
    "guardian_phone": "13712345678",
}


def _fitting(platform: Platform, name: str) -> str:
    """The golden value; one phone where the template is too narrow for two."""
    narrow = name == "phone" and (platform.fields[name].max_length or 99) < len(GOLDEN[name])
    return GOLDEN[name].partition(";")[0] if narrow else GOLDEN[name]


TAKING_FILES = [
    slug for slug, one in PLATFORMS.items() if one.receive.fields and one.receive.returns == "template"
]


@pytest.mark.parametrize("slug", TAKING_FILES)
def test_the_platforms_own_reader_finds_the_golden_values_in_its_file(
    tmp_path: Path, slug: str, read_back: Callable[[Platform, Path], list[dict[str, tuple[str, str]]]]
) -> None:
    platform = PLATFORMS[slug]
    golden = {name: _fitting(platform, name) for name in platform.receive.fields}
    changes = [Change("r1", "K0001", name, value, "correct") for name, value in golden.items()]
    manifest = _written(tmp_path, platform, NIGHT, changes, {"r1": HELD_REQUIRED})
    assert manifest is not None
    assert manifest.left_out == ()
    [person] = read_back(platform, tmp_path / str(manifest.file))
    assert person[""][0] == "K0001"
    assert {name: person[name][1] for name in golden} == golden
    shown = {name for name in person if name and name not in platform.receive.fields}
    assert shown <= {name for name, column in platform.fields.items() if column.required} | {"name"}


def test_a_key_the_file_cannot_carry_is_named(tmp_path: Path) -> None:
    changes = [replace(change, source_key="=1") for change in [Change("r1", "", "community", "近江", "fill")]]
    held = {"r1": {"name": "张伟", "phone": "13812341234"}}
    manifest = _written(tmp_path, PLATFORMS["resident_points"], NIGHT, changes, held)
    assert manifest is not None
    assert "编号「积分账号」" in manifest.left_out[0].reason
