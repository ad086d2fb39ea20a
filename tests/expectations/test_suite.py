"""The suite files are read strictly, and every expectation tells a person what to do."""

from __future__ import annotations

import pytest

from expectations.suite import DOORS, SuiteError, read_suite, suite

GOOD = """
[[expect]]
type = "ExpectColumnValuesToNotBeNull"
kwargs = { column = "name" }
severity = "warning"
owner = "x"
reason = { zh = "甲", en = "a" }
next_move = { zh = "乙", en = "b" }
"""


@pytest.mark.parametrize("door", DOORS)
def test_every_door_has_something_that_blocks(door):
    assert any(expectation.severity == "critical" for expectation in suite(door))


def test_a_good_suite_is_read():
    (expectation,) = read_suite("golden", GOOD)
    assert (expectation.place, expectation.columns) == (1, ("name",))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('owner = "x"', ""),
        ('owner = "x"', 'owner = "x"\ncolour = "red"'),
        ('severity = "warning"', 'severity = "fatal"'),
        ('reason = { zh = "甲", en = "a" }', 'reason = { zh = "甲" }'),
        ("[[expect]]", "[[expected]]"),
    ],
)
def test_a_typo_in_a_suite_is_an_error_that_names_the_file(was, becomes):
    with pytest.raises(SuiteError, match=r"expectations/golden\.toml"):
        read_suite("golden", GOOD.replace(was, becomes))
