"""Dates: one day in every form, and no day where there is none."""

from __future__ import annotations

from datetime import date as Day

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dedup.normalise.dates import date, exists

DAYS = st.dates(Day(1930, 1, 1), Day(2029, 12, 31))
FORMS = (
    "{y}-{m:02}-{d:02}", "{y}/{m}/{d}", "{y}.{m}.{d}", "{y}{m:02}{d:02}", "{y}年{m}月{d}日", "{y}年{m:02}月{d:02}日", "{y} {m} {d}",
    "{y}-{m}-{d} 00:00:00", "{y}-{m:02}-{d:02}T08:30:00.000+08:00", "{y}{m:02}{d:02}000000",
)  # fmt: skip


@given(day=DAYS)
def test_one_day_in_every_form_gives_one_key(day: Day) -> None:
    for form in FORMS:
        assert date(form.format(y=day.year, m=day.month, d=day.day)) == (day.isoformat(), "ok"), form


@given(day=DAYS)
def test_a_spreadsheet_serial_is_its_day(day: Day) -> None:
    serial = (day - Day(1899, 12, 30)).days
    for stated in (str(serial), f"{serial}.0"):
        assert date(stated, numeric_cell=True) == (day.isoformat(), "ok")
        assert date(stated) == (day.isoformat(), "ok")


@given(
    year=st.integers(1900, 2049),
    month=st.integers(0, 99),
    day=st.integers(0, 99),
    form=st.sampled_from(FORMS),
)
def test_a_day_that_the_calendar_does_not_have_never_becomes_a_full_date(
    year: int, month: int, day: int, form: str
) -> None:
    assume(not exists(year, month, day))
    assert date(form.format(y=year, m=month, d=day)).quality != "ok"


@given(year=st.integers(1, 9999), month=st.integers(0, 13), day=st.integers(0, 32))
def test_the_calendar_is_the_civil_one(year: int, month: int, day: int) -> None:
    try:
        Day(year, month, day)
    except ValueError:
        assert not exists(year, month, day)
    else:
        assert exists(year, month, day)


@given(day=DAYS)
def test_what_was_stated_to_the_month_or_year_is_not_read_further(day: Day) -> None:
    assert date(f"{day.year}年{day.month}月") == (f"{day:%Y-%m}", "month")
    assert date(f"{day:%Y-%m}-00") == (f"{day:%Y-%m}", "month")
    assert date(f"{day.year}年") == (f"{day:%Y}", "year")


@given(night=DAYS, ahead=st.integers(1, 3000))
def test_a_day_after_the_night_is_future(night: Day, ahead: int) -> None:
    day = Day.fromordinal(night.toordinal() + ahead)
    assert date(day.isoformat(), night=night).quality == "future"
    assert date(night.isoformat(), night=night).quality == "ok"


@pytest.mark.parametrize(
    ("stated", "night", "key"),
    [("25.1.1", Day(2026, 11, 1), "2025-01-01"), ("28.1.1", Day(2026, 11, 1), "1928-01-01")],
)
def test_a_two_digit_year_never_lies_after_the_night(stated: str, night: Day, key: str) -> None:
    assert date(stated, night=night) == (key, "ok")
