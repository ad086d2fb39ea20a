"""Rendering: what a platform writes, it reads back as the same key."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.platform import Column, Platform, read_platforms
from connectors.write.render import broader_codes, expressible, nearest, render
from dedup.normalise.codes import TABLES, label
from dedup.normalise.read import read
from warehouse.fields import fields

PLATFORMS, _ = read_platforms()
CODED = [
    pytest.param(column, id=f"{platform.slug}.{name}")
    for platform in PLATFORMS.values()
    for name, column in platform.fields.items()
    if fields()[name].kind == "code"
]
# One column for each way in which some platform writes dates, or several phones: nothing else of it counts there.
DATED = {
    column.format: column
    for platform in PLATFORMS.values()
    for name, column in platform.fields.items()
    if fields()[name].kind == "date"
}
PHONED = {
    column.separator: column
    for platform in PLATFORMS.values()
    for name, column in platform.fields.items()
    if fields()[name].kind == "phone"
}
CODES = {table: [f"{n:02}" for n in range(100)] + [str(n) for n in range(10)] for table in TABLES}
MOBILES = st.from_regex(r"1[35-9][0-9]{9}", fullmatch=True)
LANDLINES = st.from_regex(r"0571-[28][0-9]{7}", fullmatch=True)


def _known(table: str) -> list[str]:
    return [code for code in CODES[table] if label(table, code) != code]


@pytest.mark.parametrize("column", CODED)
def test_every_code_a_platform_can_write_reads_back_as_itself(column: Column) -> None:
    facts = fields()[column.field]
    written = {code: render(column, facts, code) for code in _known(facts.table or "")}
    assert any(written.values())
    for code, stated in written.items():
        if stated is not None:
            assert read(facts.kind, stated, table=facts.table, codes=column.codes).key == code


@pytest.mark.parametrize("column", CODED)
def test_a_code_outside_a_platforms_own_list_is_not_written(column: Column) -> None:
    facts = fields()[column.field]
    if column.style == "none":
        outside = set(_known(facts.table or "")) - set(column.codes.values())
        assert all(render(column, facts, code) is None for code in outside)


@pytest.mark.parametrize("column", DATED.values(), ids=map(str, DATED))
@given(day=st.dates(date(1920, 1, 1), date(2026, 1, 1)))
def test_dates_come_back_from_every_platforms_format(column: Column, day: date) -> None:
    facts = fields()[column.field]
    for key in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        stated = render(column, facts, key)
        if stated is None:
            assert key != day.isoformat()
        else:
            assert read("date", stated).key == key


@pytest.mark.parametrize("column", PHONED.values(), ids=PHONED)
@given(
    mobiles=st.lists(MOBILES, unique=True, max_size=2), landlines=st.lists(LANDLINES, unique=True, max_size=1)
)
def test_phones_come_back_from_every_platforms_separator(
    column: Column, mobiles: list[str], landlines: list[str]
) -> None:
    key = read("phone", ";".join([*mobiles, *landlines])).key
    if key is not None:
        stated = render(column, fields()["phone"], key)
        assert stated is not None
        assert read("phone", stated).key == key


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_flags_come_back_from_every_platform(slug: str) -> None:
    platform: Platform = PLATFORMS[slug]
    for name, column in platform.fields.items():
        if fields()[name].kind == "flag":
            for key in ("0", "1"):
                stated = render(column, fields()[name], key)
                assert stated is not None
                assert read("flag", stated, codes=column.codes).key == key


@pytest.mark.parametrize(
    "stated",
    [
        "上城区望江街道近江社区近江路12号近江家园5幢2单元301室",
        "近江家园二期5幢301室",
        "上城区望江街道近江社区近江路12号",
    ],
)
def test_an_address_written_out_reads_back_as_the_same_address(stated: str) -> None:
    key = read("address", stated).key
    if key is None:
        pytest.fail("the address has no key")
    written = render(PLATFORMS["grid"].fields["address"], fields()["address"], key)
    assert written is not None
    assert read("address", written).key == key


def test_the_first_word_of_a_platforms_own_list_is_written() -> None:
    column = Column("marital", "婚姻", codes={"离异": "40", "离婚": "40"})
    assert render(column, fields()["marital"], "40") == "离异"


def test_a_word_that_says_too_much_is_read_and_never_written() -> None:
    column = PLATFORMS["all_population"].fields["education"]
    assert read("code", "1", table="education", codes=column.codes).key == "90"
    assert render(column, fields()["education"], "90") is None


def test_the_grid_asks_the_opposite_question() -> None:
    column = PLATFORMS["grid"].fields["residence_flag"]
    assert render(column, fields()["residence_flag"], "1") == "0"


@pytest.mark.parametrize("column", CODED)
def test_the_nearest_code_can_be_written(column: Column) -> None:
    facts = fields()[column.field]
    for code in _known(facts.table or ""):
        broad = nearest(column, facts, code)
        assert broad is None or render(column, facts, broad) is not None


def test_a_son_in_law_is_not_made_a_son() -> None:
    column = PLATFORMS["public_rental"].fields["relation"]
    assert nearest(column, fields()["relation"], "22") == "20"
    assert nearest(column, fields()["relation"], "28") == "97"


@pytest.mark.parametrize("platform", [pytest.param(p, id=slug) for slug, p in PLATFORMS.items()])
def test_what_a_platform_can_be_told_is_what_it_can_write_of_the_fields_it_receives(
    platform: Platform,
) -> None:
    found = {(name, value): told for _, name, value, told in expressible(platform)}
    coded = {
        name for name in platform.receive.fields if fields()[name].kind in ("code", "flag")
    }  # a field whose every code is missing would never be told
    assert {name for name, _ in found} == coded
    for (name, _), told in found.items():
        assert render(platform.fields[name], fields()[name], told) is not None


def test_a_broader_code_is_never_its_own_or_anothers_narrower_one() -> None:
    stated = set(broader_codes())
    assert ("relation", "22", "20") in stated
    assert all((field, broad, code) not in stated and code != broad for field, code, broad in stated)
