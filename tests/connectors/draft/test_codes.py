"""Which list of codes a column follows."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.draft.codes import code_map, national, schemes, stated_codes
from dedup.normalise.codes import TABLES


def test_words_of_the_standard_need_no_map():
    assert stated_codes("ethnic", code_map("ethnic", Counter({"汉族": 9, "回族": 1}))) == {}


def test_words_of_their_own_are_mapped():
    found = stated_codes("marital", code_map("marital", Counter({"有配偶": 5, "离异": 2, "未婚": 3})))

    assert found == {"有配偶": "20", "离异": "40", "未婚": "10"}


def test_the_standards_codes_stay_as_they_are():
    found = code_map("marital", Counter({"10": 5, "20": 7}))

    assert (found.style, found.scheme, stated_codes("marital", found)) == ("code", "national", {})


def test_a_list_counted_from_one_is_told_from_the_standard():
    assert code_map("marital", Counter({"1": 5, "2": 7, "4": 1})).codes == {"1": "10", "2": "20", "4": "40"}


def test_which_of_two_lists_it_is_shows_in_other_columns():
    stated = Counter({"1": 5, "0": 5})
    women = code_map("sex", stated, agreeing=[("0", "2"), ("1", "1"), ("0", "2")])
    unknown = code_map("sex", stated)

    assert women.codes == {"1": "1", "0": "2"} and women.sure
    assert not unknown.sure


def test_a_value_that_is_not_understood_is_not_shown():
    found = code_map("marital", Counter({"已婚": 8, "张三丰": 1, "9": 1}))

    assert found.unknown == ("9", "（3 个字符）")


@pytest.mark.parametrize("table", [*TABLES, "flag"])
def test_lists_of_platforms_stand_for_codes_of_the_table(table):
    assert all(ours in national(table) for codes in schemes(table).values() for ours in codes.values())
