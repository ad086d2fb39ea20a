"""Several people in one cell of a hand-made table: 张三、李四 becomes two parts of one row.

Belongs here: telling names apart, and giving each person the pieces of the other cells that are theirs.
Lives elsewhere: what a single name means (`dedup/normalise`), the words (`words.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from connectors.platform import Platform
from connectors.stage.block import Block, Flags, Texts
from connectors.stage.quarantine import Quarantine
from connectors.stage.words import words
from warehouse.fields import fields

_HAN = r"\u3007\u3400-\u9fff\ue000-\uf8ff\U00020000-\U000323af"
_NOTE = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_STRONG = re.compile(r"\s*[、;；，,/／\n]\s*")
_SPACE = re.compile(rf"(?<=[{_HAN}])[ \u3000]+(?=[{_HAN}])")
_NAME = re.compile(rf"[{_HAN}][{_HAN}·•‧・.．?？□*＊ ]+[0-9]?")
_SEPARATORS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"[、;；，,\s]+"),
    "address": re.compile(r"[、;；\n]+"),
    "text": re.compile(r"[、;；\n]+"),
}
_ANY = re.compile(r"[、;；，,/／\s]+")


def split_names(stated: str) -> list[str] | None:
    """The names in one cell; one name stays one; None if there are several that cannot be told apart.

    >>> split_names("张三(户主)、李四"), split_names("张三 李四"), split_names("王 伟"), split_names("欧阳 建国")
    (['张三(户主)', '李四'], ['张三', '李四'], ['王 伟'], ['欧阳 建国'])
    >>> split_names("张三等3人") is None, split_names("张三、李") is None
    (True, True)
    """
    notes = _NOTE.findall(stated)
    bare = _NOTE.sub("\ufffc", stated).strip()
    if words().together.search(bare):
        return None
    pieces = [piece for piece in _STRONG.split(bare) if piece]
    if len(pieces) == 1:
        pieces = _split_at_space(bare)
    if len(pieces) <= 1:
        return [stated]
    if not all(_NAME.fullmatch(piece.replace("\ufffc", "").strip()) for piece in pieces):
        return None
    # Notes were set aside so that a separator inside one splits nothing; each goes back to its place.
    back = iter(notes)
    return [re.sub("\ufffc", lambda _: next(back), piece) for piece in pieces]


def _split_at_space(bare: str) -> list[str]:
    """Names apart by a space alone: only if each piece is a whole name by itself."""
    pieces = _SPACE.split(bare)
    whole = all(2 <= len(piece.replace("\ufffc", "")) <= 3 for piece in pieces)
    return pieces if whole and pieces[0] not in words().double_surnames else [bare]


def split_people(block: Block, platform: Platform, quarantine: Quarantine) -> Block:
    """One row per person. A cell with as many pieces as there are people is dealt out in order.

    What people of a row share (the dwelling, the household) goes to each of them; any other cell to the first only,
    marked as not theirs alone.
    """
    header = platform.export.split_people
    if header is None:
        return block
    found = {text: split_names(text) for text in block.columns[header].distinct()}
    bad = block.columns[header].each(lambda text: found[text] is None)
    block = quarantine.take_out(block, bad, "unsplittable_people", header)
    names = [found[text] or [text] for text in block.columns[header].texts.to_pylist()]
    counts = np.array([len(people) for people in names], dtype=np.int64)
    if not len(counts) or int(counts.max()) == 1:
        return block
    at = np.repeat(np.arange(len(block)), counts)
    split = block.take(at)
    split.parts = (np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts) + 1).astype(np.int32)
    kinds = {column.column: field for field, column in platform.fields.items()}
    texts = {name: column.one_by_one() for name, column in split.columns.items()}
    for place in np.flatnonzero(counts[at] > 1):
        part = int(split.parts[place]) - 1
        people = names[at[place]]
        for name, column in split.columns.items():
            if name == header:
                texts[name][place] = people[part]
            elif name in kinds and name != platform.export.key:
                _deal(texts[name], column.several, int(place), part, len(people), kinds[name])
    for name, column in split.columns.items():
        column.texts = pa.array(texts[name], pa.string()).dictionary_encode()
    return split


def _deal(texts: Texts, several: Flags, place: int, part: int, people: int, field: str) -> None:
    """Give one person of several what is theirs of one cell."""
    stated = str(texts[place]).strip()
    pieces = [piece for piece in _SEPARATORS.get(fields()[field].kind, _ANY).split(stated) if piece]
    if len(pieces) == people:
        texts[place] = pieces[part]
    elif field not in words().shared:
        texts[place] = stated if part == 0 else ""
        several[place] = part == 0 and bool(stated)
