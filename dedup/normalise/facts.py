"""The fact files beside the code, read once.

Belongs here: finding and parsing a TOML file of this package.
Lives elsewhere: what the facts mean (the module that asks for them).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def facts(name: str) -> dict[str, Any]:
    """The facts in `<name>.toml`, such as `facts("nulls")` or `facts("codes/sex")`.

    >>> facts("codes/sex")["standard"]
    'GB/T 2261.1-2003'
    """
    text = resources.files("dedup.normalise").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
