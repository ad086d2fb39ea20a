"""Every sentence exists in both languages and wants the same words in both."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

import pytest

import pipelines
from pipelines.messages import language

CATALOGUE = tomllib.loads((Path(pipelines.__file__).parent / "messages.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_sentence_wants_the_same_words_in_both_languages(name):
    wanted = [
        {word for _, word, _, _ in Formatter().parse(text) if word} for text in CATALOGUE[name].values()
    ]
    assert CATALOGUE[name].keys() == {"zh", "en"}
    assert wanted[0] == wanted[1]


@pytest.mark.parametrize(
    ("locale", "speaks"), [("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C", "zh"), ("", "zh")]
)
def test_the_locale_decides_and_chinese_is_the_default(monkeypatch, locale, speaks):
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("LC_MESSAGES", "")
    monkeypatch.setenv("LANG", "")
    assert language() == speaks
    assert language("en") == "en"
