"""What an interface answers: whether it took a call, and which of its rows it refused and why.

Belongs here: reading the words that a platform's page explains.
Lives elsewhere: the call (`http.py`), the same words in a file (`connectors/receipts.py`).
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from connectors.platform_send import HttpSend, Results
from connectors.pull.wire import Reply
from connectors.read.decode import decode
from connectors.send.parcel import Heard, Row, places

Verdict = Literal["accepted", "refused", "unclear"]
_LONGEST = 1_000  # characters of a platform's words that are kept


def judged(word: str, accepted: Sequence[str], refused: Sequence[str]) -> Verdict:
    """What a platform's word says of a row, by its page.

    >>> judged("0", ("0",), ()), judged("9", ("0",), ()), judged("9", ("0",), ("1",)), judged("", ("0",), ())
    ('accepted', 'refused', 'unclear', 'unclear')
    """
    if word in accepted:
        return "accepted"
    return "refused" if word in refused or (word and not refused) else "unclear"


def cut(words: str) -> str:
    """Words of a platform, no longer than a person would read."""
    return words[:_LONGEST]


def document(reply: Reply) -> Any:
    """The answer as JSON; None for one that is not, an empty one among them."""
    try:
        return json.loads(decode(reply.body.removeprefix(codecs.BOM_UTF8)))
    except (ValueError, RecursionError):
        return None


def word_at(answer: Any, path: str) -> str:
    """The word at a path of an answer; '' for none.

    >>> word_at({"data": {"ok": True}}, "data.ok"), word_at({"code": 0}, "code"), word_at([], "code")
    ('true', '0', '')
    """
    found = _at(answer, path) if path else None
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None or isinstance(found, dict | list) else str(found).strip()


def hear_rows(answer: Any, send: HttpSend, rows: Sequence[Row], first: int, heard: Heard) -> bool:
    """Note what an answer says of the rows of one call, the first of which stands at this place; False if it says nothing."""
    results = send.results
    found = _at(answer, results.at) if results is not None else None
    if results is None or not isinstance(found, list) or not found:
        return False
    said: set[int] = set()
    for at, verdict, words in _verdicts(found, results, rows, heard):
        said.add(at)
        if verdict == "refused":
            heard.refused.append((first + at, words))
        elif verdict == "unclear":
            heard.unclear.append((first + at, words))
    heard.silent += len(rows) - len(said)
    return True


def _verdicts(
    found: Sequence[Any], results: Results, rows: Sequence[Row], heard: Heard
) -> Iterator[tuple[int, Verdict, str]]:
    named = [(word_at(one, results.key), word_at(one, results.number)) for one in found]
    for one, ats in zip(found, places(rows, named), strict=True):
        heard.stray += not ats
        word = word_at(one, results.ok)
        words = word_at(one, results.message)
        for at in ats:
            yield at, judged(word, results.accepted, results.refused), cut(words or word)


def _at(answer: Any, path: str) -> Any:
    for step in path.split("."):
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer
