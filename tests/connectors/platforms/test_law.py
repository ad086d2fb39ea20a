"""What the law keeps in one line of offices stays there, whoever writes the platform file."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from importlib import resources

import pytest

from connectors.platform import Platform, read_platforms
from warehouse.fields import fields

PLATFORMS = read_platforms()[0]
POLICY = tomllib.loads(resources.files("warehouse").joinpath("policy.toml").read_text(encoding="utf-8"))
# Bank accounts, faces and fingers, religion, illness by name: no office that reads our warehouse has a use for them.
NEVER = re.compile(r"(银行|金融|开户)账号|人脸|指纹|照片|宗教|病种|病史|慢性病|患病|血型")


def _lines(platform: Platform) -> list[str]:
    return platform.department.split("/")


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
def test_what_must_never_be_kept_is_blanked_before_landing(slug: str) -> None:
    kept = set(PLATFORMS[slug].export.columns) - PLATFORMS[slug].forbidden.keys()
    assert [header for header in sorted(kept) if NEVER.search(header)] == []


@pytest.mark.parametrize("name", sorted(POLICY["departments"]))
def test_a_field_of_some_lines_is_received_only_by_them(name: str) -> None:
    others = [
        slug
        for slug, platform in PLATFORMS.items()
        if name in platform.receive.fields
        and not any(line.startswith(one) for line in _lines(platform) for one in POLICY["departments"][name])
    ]
    assert others == []


def test_a_sensitive_platform_passes_on_none_of_its_sensitive_fields() -> None:
    sensitive = {name for name, facts in fields().items() if facts.tier == "T3"}
    shared = {(slug, name) for slug, one in PLATFORMS.items() for name in one.share if name in sensitive}
    assert shared == set()


def test_every_basis_names_a_law() -> None:
    named = re.compile(r"法|条例|办法|规定")
    bases = {slug: one.receive.basis for slug, one in PLATFORMS.items() if one.receive.fields}
    assert [slug for slug, basis in bases.items() if not named.search(basis)] == []


def test_each_kind_of_platform_is_declared_once() -> None:
    twice = [number for number, times in Counter(one.id for one in PLATFORMS.values()).items() if times > 1]
    assert twice == []
