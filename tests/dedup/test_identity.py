"""What ID numbers and addresses say by the column: the same as by an obvious look at one record."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.columns import Coded, coded
from dedup.identity import homes_of, read_id_numbers
from dedup.normalise.address_parts import parts_of
from dedup.normalise.addresses import dwelling_key
from dedup.normalise.id_numbers import birth_date_of, check_character, sex_of


def rows(column: Coded) -> list[str | None]:
    return [column.values.strings[code] if code >= 0 else None for code in column.codes]


class Said(NamedTuple):
    """What one number says; None where it says nothing."""

    kind: str
    key: str | None = None
    prefix: str | None = None
    ends: str | None = None
    birth: str | None = None
    sex: str | None = None
    sound: bool = False
    trusted: bool = False


def said_by_one(number: str | None, quality: str | None, birth: str | None, sex: str | None) -> Said:
    """The rule in plain words, for one record."""
    if number is None or quality is None:
        return Said("none")
    ends = number[:6] + number[-4:]
    own_birth, own_sex = birth_date_of(number), sex_of(number)
    if quality == "foreign_doc":
        return Said("foreign", number)
    if quality == "masked":
        return Said("masked", number, ends=None if "*" in ends else ends)
    if quality == "truncated15":
        return Said("prefix", number, number[:15], birth=own_birth)
    if (
        birth
        and own_birth
        and len(birth) == 10
        and int(birth[:4]) - int(own_birth[:4]) >= 14
        and birth[5:] != own_birth[5:]
    ):
        return Said("parent")
    sound = quality != "checksum_fail"
    agrees = (not birth or (own_birth or "").startswith(birth)) and (sex not in ("1", "2") or sex == own_sex)
    trusted = quality in ("ok", "ok_unknown_area") and agrees
    return Said(
        "full",
        number,
        number[:15],
        ends,
        own_birth if sound else None,
        own_sex if sound else None,
        sound,
        trusted,
    )


BIRTHS = st.sampled_from(["19800101", "19800201", "19500707", "19950707", "20010101"])
SOUND = (
    st.tuples(st.sampled_from(["330102", "990102"]), BIRTHS, st.sampled_from(["001", "002"]))
    .map("".join)
    .map(lambda first: (first + check_character(first), "ok"))
)
NUMBERS = st.one_of(
    SOUND,
    SOUND.map(lambda said: (said[0], "len15")),
    SOUND.map(lambda said: (said[0], "ok_unknown_area")),
    SOUND.map(lambda said: (said[0][:17] + "A", "checksum_fail")),
    SOUND.map(lambda said: (said[0][:15], "truncated15")),
    SOUND.map(lambda said: (said[0][:6] + "*" * 8 + said[0][14:], "masked")),
    SOUND.map(lambda said: (said[0][:3] + "*" * 11 + said[0][14:], "masked")),
    st.sampled_from([("E12345678", "foreign_doc"), ("军字第12345号", "foreign_doc"), (None, None), ("330102198013010010", "checksum_fail")]),
)  # fmt: skip
STATED_BIRTHS = st.sampled_from(
    [None, "1980-01-01", "1980-01", "1980-02", "1980", "1994-07-07", "1964-07-07", "2001-01-01", "2016"]
)
RECORDS = st.lists(st.tuples(NUMBERS, STATED_BIRTHS, st.sampled_from([None, "1", "2", "9"])), max_size=20)


@settings(max_examples=300)
@given(records=RECORDS)
def test_a_column_of_numbers_says_what_each_says_alone(
    records: list[tuple[tuple[str, str], str, str]],
) -> None:
    flat = [(number, quality, birth, sex) for (number, quality), birth, sex in records]
    number, quality, birth, sex = (
        coded(list(column)) for column in (zip(*flat, strict=True) if flat else [[]] * 4)
    )
    found = read_id_numbers(number, quality, birth, sex)
    columns = (rows(one) for one in (found.key, found.prefix, found.ends, found.birth, found.sex))
    said = zip(found.kind, *columns, found.sound, found.trusted, strict=True)
    assert [Said(*one) for one in said] == [said_by_one(*one) for one in flat]
    for column in (found.key, found.prefix, found.ends, found.birth, found.sex):
        assert set(rows(column)) - {None} == set(column.values.strings)


PARTS = (["", "上城区"], ["", "望江街道"], ["", "近江社区", "陈坪村"], ["", "近江路"], ["", "12", "123弄"], ["", "近江家园"], ["", "二期"], ["", "5", "A座"], ["", "2"], ["", "3"], ["", "301"])  # fmt: skip
ADDRESSES = st.lists(st.one_of(st.none(), st.tuples(*map(st.sampled_from, PARTS)).map("|".join)), max_size=30)


class Home(NamedTuple):
    """Where one address is; None where it does not go so far."""

    dwelling: str | None = None
    no_unit: str | None = None
    has_unit: bool = False
    building: str | None = None
    estate: str | None = None


def home_by_one(address: str | None) -> Home:
    """The obvious way."""
    if not address:
        return Home()
    parts = parts_of(address)
    spot = parts.estate + parts.phase or (parts.number and parts.road + parts.number)
    place = f"{parts.district}|{spot}" if spot else None
    dwelling = dwelling_key(address)
    building = f"{place}|{parts.building}" if place and parts.building else None
    if not place and parts.community and parts.building:
        building = f"{parts.community}|{parts.building}|{parts.unit}|{parts.room}"
    finer = parts.road, parts.estate, parts.building, parts.unit, parts.room
    in_village = parts.community.endswith("村") and parts.number and not any(finer)
    house = "|".join((parts.district, parts.street, parts.community, parts.number)) if in_village else None
    return Home(
        dwelling=dwelling or house,
        no_unit=f"{place}|{parts.building}|{parts.room}" if dwelling else None,
        has_unit=bool(parts.unit),
        building=building,
        estate=place or parts.community or None,
    )


@settings(max_examples=300)
@given(addresses=ADDRESSES)
def test_a_column_of_addresses_leads_to_the_homes_that_each_leads_to_alone(
    addresses: list[str | None],
) -> None:
    places, has_unit = homes_of(coded(addresses))
    homes = [home_by_one(address) for address in addresses]
    assert has_unit.tolist() == [home.has_unit for home in homes]
    for name, column in places.items():
        assert rows(column) == [getattr(home, name) for home in homes], name
        assert len(set(column.values.strings)) == len(column.values)
