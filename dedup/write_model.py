"""Writing a model down as the TOML file that `model.py` reads: the whole of it on one screen.

Lives elsewhere: reading one (`model.py`), learning one (`train.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from dedup.model import BlockKey, Cap, Comparison, Model, ModelError, Trained


def writable(out: Path) -> None:
    """Refuse, before anything is learned, a place where no model can be written.

    Raises:
        ModelError: it is no .toml file, or its folder does not exist.
    """
    if out.suffix != ".toml":
        raise ModelError(f"{out}：模型文件的名字须以 .toml 结尾")
    if not out.parent.is_dir():
        raise ModelError(f"{out.parent}：没有这个文件夹。请先建好，或换一个位置")


def write_model(model: Model, out: Path) -> Model:
    """Write a learned model, whole or not at all; the model under the version it was given.

    The version is the base's with a digest of what was learned: other weights never go by the same version.
    """
    versioned = replace(model, name=out.stem, version=_version(model))
    aside = out.with_name(out.name + ".tmp")
    try:
        aside.write_text(model_toml(versioned), encoding="utf-8")
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return versioned


def model_digest(model: Model) -> str:
    """Another digest for every change of a model, also one by hand that keeps its version."""
    return sha256(model_toml(model).encode()).hexdigest()[:12]


def _version(model: Model) -> str:
    return f"{model.version.split('+')[0]}+{model_digest(replace(model, version=''))[:8]}"


def model_toml(model: Model) -> str:
    """The file of a model."""
    return "\n".join(_lines(model)) + "\n"


def _lines(model: Model) -> Iterator[str]:
    yield "# Learned by `enter-once train`. Points are log2 of how much more often a level is met among records of one"
    yield "# person than among records of two people; prior, link and review are log2 odds. See docs/matching.md."
    yield from _keys(version=model.version, reads=model.reads, prior=model.prior)
    yield from _keys(link=model.link, review=model.review, redraw=model.redraw)
    if model.groups != "person":
        yield from _keys(groups=model.groups)
    if model.crowd:
        yield from ("", "[crowd]", *_keys(**model.crowd))
    if model.columns:
        yield from ("", "[columns]", *_keys(**model.columns))
    if model.trained:
        yield from _of_trained(model.trained)
    for one in model.comparisons:
        yield from _of_comparison(one)
    for cap in model.caps:
        yield from _of_cap(cap)
    yield ""
    for key in model.blocks:
        yield from _of_block(key)


def _of_trained(trained: Trained) -> Iterator[str]:
    yield from ("", "[trained]")
    for one in fields(trained):
        value = getattr(trained, one.name)
        if one.name != "counts" and value is not None:
            yield from _keys(**{one.name: value})
    yield "# Pairs of one person, and of two people, that the points of each level rest on."
    yield "[trained.counts]"
    yield from _keys(**trained.counts)


def _of_comparison(one: Comparison) -> Iterator[str]:
    yield from ("", "[[comparison]]", *_keys(name=one.name, compares=one.compares))
    if one.columns:
        yield from _keys(columns=one.columns)
    if one.options:
        yield from _keys(options=one.options)
    yield "[comparison.levels]"
    for name, level in one.levels.items():
        yield from _keys(**{name: {"points": level.points, "zh": level.zh}})


def _of_cap(cap: Cap) -> Iterator[str]:
    yield from ("", "[[cap]]", *_keys(when=cap.when))
    if cap.unless:
        yield from _keys(unless=cap.unless)
    for one in fields(cap):
        value = getattr(cap, one.name)
        if one.name not in ("when", "unless", "zh") and value != one.default:
            yield from _keys(**{one.name: value})
    yield from _keys(zh=cap.zh)


def _of_block(key: BlockKey) -> Iterable[str]:
    asks = {"asks": key.asks} if key.asks else {}
    return ("[[block]]", *_keys(columns=key.columns, budget=key.budget, **asks))


def _keys(**said: Any) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in said.items()]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    """A TOML value; a basic string of TOML is one of JSON, but for DEL.

    >>> _value({"when": ("a", "b"), "points": -2.0, "against": False})
    '{ when = ["a", "b"], points = -2.0, against = false }'
    """
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_keys(**value)) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
