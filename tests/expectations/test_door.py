"""Doors find what is wrong, at which platform, and keep nothing of a person."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from expectations.door import DoorBroken, check_door, run_suite
from expectations.suite import suite

SECRET = "33010219900101123X"


def landed(**changes) -> pd.DataFrame:
    rows = [
        {"platform": "grid", "critical": 0, "warnings": 0},
        {"platform": "card", "critical": 0, "warnings": 0},
    ]
    rows[0] |= changes
    return pd.DataFrame(rows)


def golden(**changes) -> pd.DataFrame:
    rows = [
        {
            "resident_id": f"R{place}",
            "name": "张三",
            "sex": "1",
            "full_id_number": f"33010219900101{place:03d}X",
            "birth_date_differs": 0,
            "unsourced": 0,
            "trusted_numbers": 1,
            "records": 3,
        }
        for place in range(5)
    ]
    rows[0] |= changes
    return pd.DataFrame(rows)


def test_good_exports_pass_the_landed_door():
    assert check_door("landed", landed()).failed == ()


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"critical": 2}, "critical"),
        ({"warnings": 1}, "warning"),
    ],
)
def test_a_bad_export_fails_alone_and_with_its_severity(changes, severity):
    result = check_door("landed", landed(**changes))
    assert [check.expectation.severity for check in result.failed] == [severity]
    assert result.failed[0].platforms == ("grid",)
    assert result.stopped == ({"grid"} if severity == "critical" else set())


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"trusted_numbers": 2}, "critical"),
        ({"resident_id": None}, "critical"),
        ({"resident_id": "R1"}, "critical"),
        ({"unsourced": 1}, "critical"),
        ({"full_id_number": "330102199001011"}, "critical"),
        ({"sex": "男"}, "critical"),
        ({"birth_date_differs": 1}, "warning"),
        ({"name": None}, "warning"),
    ],
)
def test_a_bad_golden_resident_is_found(changes, severity):
    result = check_door("golden", golden(**changes))
    assert [check.expectation.severity for check in result.failed] == [severity]


def test_an_empty_warehouse_does_not_pass_the_golden_door():
    assert check_door("golden", golden()[:0]).critical


def test_results_hold_counts_and_no_value():
    result = check_door("golden", golden(sex=SECRET, full_id_number=SECRET + "0"))
    assert len(result.critical) == 2
    assert SECRET not in repr(result)


def test_an_expectation_that_cannot_run_stops_the_run_and_is_no_data_failure():
    with pytest.raises(DoorBroken, match="没有列 critical"):
        check_door("landed", landed().drop(columns="critical"))


def test_an_exception_inside_an_expectation_is_told_without_the_value_it_choked_on():
    words = golden()
    words["records"] = SECRET
    with pytest.raises(DoorBroken) as caught:
        check_door("golden", words)
    assert "golden.toml" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_kind_of_expectation_that_does_not_exist_is_named():
    wrong = replace(suite("landed")[0], type="ExpectMiracles")
    with pytest.raises(DoorBroken, match="ExpectMiracles"):
        run_suite("landed", [wrong], landed())


def test_great_expectations_is_not_imported_before_the_first_door():
    code = "import sys, expectations.door, expectations.report; print('great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
