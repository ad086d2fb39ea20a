"""Every sentence exists in both languages and wants the same words in both."""

from __future__ import annotations

from string import Formatter

import pytest

from pipelines.messages import say
from stewardship.desk.rendering import say as words
from stewardship.sentences import say as sentences
from warehouse.speech import Catalogue, language

CATALOGUES = {"messages.toml": say, "words.toml": words, "sentences.toml": sentences}
SENTENCES = [(file, name) for file, catalogue in CATALOGUES.items() for name in catalogue.sentences]


@pytest.mark.parametrize(("file", "name"), SENTENCES)
def test_a_sentence_wants_the_same_words_in_both_languages(file: str, name: str) -> None:
    sentence = CATALOGUES[file].sentences[name]
    wanted = [{word for _, word, _, _ in Formatter().parse(text) if word} for text in sentence.values()]
    assert sentence.keys() == {"zh", "en"}
    assert wanted[0] == wanted[1]


def test_a_sentence_is_filled_in() -> None:
    assert Catalogue("pipelines", "messages.toml")("status_done", "en") == "done"
    with pytest.raises(KeyError):
        say("no such sentence", "zh")


@pytest.mark.parametrize(
    ("locale", "speaks"), [("en_GB.UTF-8", "en"), ("zh_CN.UTF-8", "zh"), ("C", "zh"), ("", "zh")]
)
def test_the_locale_decides_and_chinese_is_the_default(
    monkeypatch: pytest.MonkeyPatch, locale: str, speaks: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("LC_MESSAGES", "")
    monkeypatch.setenv("LANG", "")
    assert language() == speaks
    assert language("en") == "en"
