"""Names of people.

Belongs here: a stated name → its canonical spelling, and what kind of name it is.
Lives elsewhere: pinyin (`pinyin.py`), comparing two names (`dedup`), splitting a cell with several people (`connectors`).
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from dedup.normalise.characters import HAN, compact, han_but, plain, simplified, traditional
from dedup.normalise.distinct import Reads, themselves
from dedup.normalise.facts import facts
from dedup.normalise.nulls import WORDS, absent
from dedup.normalise.quality import INVALID, Read

_FACTS = facts("names")
_SURNAMES = facts("surnames")
_SINGLE = frozenset(_SURNAMES["single"]) - {"\n"}
COMPOUND = frozenset(_SURNAMES["compound"])
_NOT_NAMES = frozenset(_FACTS["not_names"])
_NEWBORN_WORDS = frozenset(_FACTS["newborn_words"])
_COMPOSITIONS: dict[str, str] = _FACTS["compositions"]
_LOST = facts("characters")["lost"]

_HAN_ONLY = re.compile("[一-鿿]+")
_COMMON = re.compile("[一-鿿]{2,3}")
_PADDED_OR_NOTED = (
    "^(?:([一-鿿])[ \u3000]+([一-鿿]{1,2})|([一-鿿]{2,3})(?:[(（][一-鿿]{1,3}[)）]|[0-9]{1,2}))$"
)
_ODD_ENDS = "氏子女宝儿某头名妻母夫父"
_HAN = re.compile(f"[{HAN}]+")
_FULL = re.compile(f"[{HAN}]{{2,}}(?:·[{HAN}]+)*|[{HAN}](?:·[{HAN}]+)+")
_PARTIAL = re.compile(f"(?=.*[{HAN}])[{HAN}?·]+")
_STARRED = re.compile(f"(?=.*[{HAN}])[{HAN}*·?]+")
_LATIN = re.compile(r"[^\W\d_]+(?:[ .'\-]+[^\W\d_]+)*\.?")
_DOTS = re.compile(f"[{re.escape(facts('characters')['dots'])}]+")
_DOTS_BETWEEN = re.compile(f"(?<=[{HAN}])[{re.escape(facts('characters')['dots_between_han'])}]+(?=[{HAN}])")
_HYPHEN = re.compile(f"(?<=[{HAN}]{{2}})-(?=[{HAN}]{{2}})")
_LOST_RUN = re.compile(f"[{re.escape(_LOST)}\ue000-\uf8ff]")
_NOTE = re.compile(
    r"(?<!^)[(\[【〔<《{][^)\]】〕>》}]*(?:[)\]】〕>》}]|$)|^[(\[【〔<《{][^)\]】〕>》}]*[)\]】〕>》}]"
)
_ORDINAL = re.compile(r"^\d{1,3}[.、:)]\s*|[\d#]+$|(?<=[一-鿿]{2})[A-Z]$")
_SEPARATED = re.compile(r"[、,;/\\|&，；／＼｜＆﹑\n\r]+")
_COMPOSITION = re.compile(_FACTS["composition"])
_PINYIN = re.compile(r"[A-Za-zÀ-ɏ]+[1-5]?")
_SOMEBODY = re.compile(f"([{HAN}]{{1,2}}?)(某+|×+|[Xx]{{1,2}}|〇+|○+|●+)")
_TITLES = tuple(_FACTS["titles"])
_NEWBORN_ENDS = tuple(_FACTS["newborn_ends"])
_MAIDEN = re.compile(
    f"[{HAN}]{{1,3}}氏|[{HAN}]{{1,2}}门[{HAN}]{{1,2}}氏?|[{HAN}]+(?:{'|'.join(_FACTS['maiden_ends'])})"
)


def name(stated: str) -> Read:
    """Read a name; the key is its canonical spelling: simplified, · for the dot, no notes behind it.

    Qualities: ok; masked (`张*`); partial (a character was lost: `?` stands for it in the key); newborn (no name of
    its own yet); maiden (王张氏); latin (upper case); several (two people: not split here), invalid, empty, none
    (no key).

    >>> name("王　伟"), name("張偉(户主)"), name("阿卜杜热合曼•买买提")
    (Read(key='王伟', quality='ok'), Read(key='张伟', quality='ok'), Read(key='阿卜杜热合曼·买买提', quality='ok'))
    >>> name("张*"), name("王□"), name("王yǎn"), name("张三之子").quality, name("王张氏").quality
    (Read(key='张*', quality='masked'), Read(key='王?', quality='partial'), Read(key='王?', quality='partial'), 'newborn', 'maiden')
    >>> name("John  Smith"), name("张三、李四").quality, name("12").quality
    (Read(key='JOHN SMITH', quality='latin'), 'several', 'invalid')
    """
    if _HAN_ONLY.fullmatch(stated):  # nothing to clean
        return absent(stated) or _classified(simplified(stated))
    if _SEPARATED.search(stated):
        return _listed(stated)
    text = plain(stated)
    nothing = absent(text)
    if nothing is not None:
        return nothing
    if not text.isascii():
        text = _NOTE.sub(_note, simplified(text))
    text = _ORDINAL.sub("", text.strip()).strip()
    if text and (nothing := absent(text)) is not None:  # 不详2, 无(户主)
        return nothing
    if text.isascii():
        return Read(text.upper(), "latin") if len(text) > 1 and _LATIN.fullmatch(text) else INVALID
    text = _with_dots(text)
    if " " in text:
        if _several(text.split()):
            return Read(None, "several")
        text = _joined(text.split())
    return _classified(text)


def common_names(stated: pa.StringArray) -> Reads:
    """A column of names: those that are common as they stand, padded, or without a short note or number behind them.

    >>> common_names(pa.array(["王小伟", "王 伟", "王偉", "王先生", "王某", "不详", "欧阳小伟"])).keys.to_pylist()
    ['王小伟', '王伟', None, None, None, None, None]
    """
    bare = pc.replace_substring_regex(stated, _PADDED_OR_NOTED, r"\1\2\3")
    titled = pc.is_in(pc.utf8_slice_codeunits(bare, -2), pa.array(_TITLES))
    word = pc.is_in(bare, pa.array(sorted(_NOT_NAMES | WORDS.keys())))
    shaped = pc.match_substring_regex(bare, _common_shape())
    return themselves(bare, pc.and_not(shaped, pc.or_(titled, word)))


@cache
def _common_shape() -> str:
    """An expression, for Arrow, of names that read as themselves, some words and titles apart."""
    return f"^[{han_but(traditional())}]{{1,2}}[{han_but({*traditional(), *_ODD_ENDS})}]$"


def surname_of(key: str) -> str:
    """The surname a name starts with: two characters when it is a compound one.

    >>> surname_of("欧阳小伟"), surname_of("王伟")
    ('欧阳', '王')
    """
    return key[:2] if key[:2] in COMPOUND and len(key) > 2 else key[:1]


def split_names(keys: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
    """A column of names: surnames as `surname_of` tells them, and what stands behind them.

    >>> [part.to_pylist() for part in split_names(pa.array(["欧阳小伟", "王伟", "欧阳"]))]
    [['欧阳', '王', '欧'], ['小伟', '伟', '阳']]
    """
    two = pc.utf8_slice_codeunits(keys, 0, 2)
    compound = pc.and_(pc.is_in(two, pa.array(sorted(COMPOUND))), pc.greater(pc.utf8_length(keys), 2))
    return (
        pc.if_else(compound, two, pc.utf8_slice_codeunits(keys, 0, 1)),
        pc.if_else(compound, pc.utf8_slice_codeunits(keys, 2), pc.utf8_slice_codeunits(keys, 1)),
    )


def _listed(stated: str) -> Read:
    """A cell with separators: several people, or one with a stray mark."""
    pieces = [piece for piece in _SEPARATED.split(plain(_SEPARATED.sub("、", stated))) if piece.strip()]
    if len(pieces) == 1 and not _SEPARATED.search(pieces[0]):
        return name(pieces[0])
    if not pieces:
        return absent(plain(stated)) or INVALID
    reads = [name(piece) for piece in pieces if not _SEPARATED.search(piece)]
    people = sum(read.quality in ("ok", "masked", "newborn", "maiden") for read in reads)
    return Read(None, "several") if people > 1 else INVALID


def _classified(text: str) -> Read:
    """The kind of a Han name without spaces or notes."""
    if _COMMON.fullmatch(text) and text[-1] not in _ODD_ENDS and text not in _NOT_NAMES:
        return Read(text, "ok") if not text.endswith(_TITLES) else _titled(text)
    if text in _NEWBORN_WORDS:
        return Read(None, "newborn")
    if text in _NOT_NAMES:
        return INVALID
    if text.endswith(_NEWBORN_ENDS) and _FULL.fullmatch(text):
        return Read(text, "newborn")
    if _MAIDEN.fullmatch(text):
        return Read(text, "maiden")
    somebody = _SOMEBODY.fullmatch(text)
    if somebody is not None:
        return Read(somebody[1] + "*" * len(somebody[2]), "masked")
    if text.endswith(_TITLES):
        return _titled(text)
    return _spelled(text)


def _titled(text: str) -> Read:
    bare = next(text[: -len(title)] for title in _TITLES if text.endswith(title))
    if len(bare) == 1 or bare in COMPOUND:
        return Read(bare + "?", "partial")
    return _spelled(bare)


def _spelled(text: str) -> Read:
    """By the characters it is written with."""
    if _FULL.fullmatch(text):
        return Read(text, "ok")
    if "*" in text:
        return Read(text, "masked") if _STARRED.fullmatch(text) else INVALID
    text = _PINYIN.sub("?", _LOST_RUN.sub("?", text))
    if _PARTIAL.fullmatch(text):
        return Read(text if len(text) > 1 else text + "?", "partial")
    return INVALID


def _with_dots(text: str) -> str:
    text = _DOTS_BETWEEN.sub("·", _DOTS.sub("·", text))
    return re.sub(" *·[ ·]*", "·", text).strip("· ") if "·" in text else _HYPHEN.sub("·", text)


def _note(match: re.Match[str]) -> str:
    """A note in brackets goes; a description of a character becomes that character."""
    inside = match[0][1:-1]
    if _COMPOSITION.fullmatch(inside):
        return _COMPOSITIONS.get(inside, "?")
    return ""


def _several(words: list[str]) -> bool:
    """Whether words with only spaces between them are several people: each starts with a surname and could be a name."""
    return len(words) > 1 and all(
        _HAN.fullmatch(word)
        and 2 <= len(word) <= 4
        and (word[0] in _SINGLE or word[:2] in COMPOUND)
        and word not in COMPOUND
        for word in words
    )


def _joined(words: list[str]) -> str:
    """Padded (王 伟), or a space for the dot of a long name."""
    if len(words) == 2 and all(_HAN.fullmatch(word) and len(word) > 2 for word in words):
        return "·".join(words)
    return compact("".join(words))
