"""Masked values show what they may and no more."""

from __future__ import annotations

import pytest

from dedup.normalise.masks import masked


@pytest.mark.parametrize(
    ("kind", "key", "shown"),
    [
        ("name", "张伟", "张*"),
        ("name", "张小伟", "张**"),
        ("name", "JOHN SMITH", "J*** *****"),
        ("id_number", "330106800101123", "330106******123"),
        ("identifier", "33010619800101123441", "330106********1234**"),
        ("identifier", "A1", "**"),
        ("phone", "88881234", "****1234"),
        ("date", "1980", "1980"),
        ("text", "浙江秋涛建设集团有限公司", "*"),
        ("name", "", ""),
    ],
)
def test_a_value_is_shown_masked_by_kind(kind: str, key: str, shown: str) -> None:
    assert masked(kind, key) == shown
