"""What the product gives to processes of its own, done in this one: for tests whose law is not about these processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.sandbox import Answer, Outcome

_HANDING_OUT = ("connectors.land", "connectors.receipts", "connectors.write.form", "pipelines.trial")


def run_here(
    function: Callable[..., Answer],
    jobs: Sequence[tuple[Any, ...]],
    *,
    beginning: Callable[[int], None] = lambda _: None,
    **_limits: object,
) -> Iterator[tuple[int, Outcome]]:
    """`connectors.sandbox.run_all` without workers: nothing to start, and nothing that ends a job."""
    for at, job in enumerate(jobs):
        beginning(at)
        try:
            outcome = Outcome("done", json.loads(json.dumps(function(*job))))
        except Exception as error:
            outcome = Outcome("failed", detail=type(error).__name__)
        yield at, outcome


@contextmanager
def nights_here() -> Iterator[None]:
    """All that a night gives to workers is done in this process while the block runs."""
    with pytest.MonkeyPatch.context() as patched:
        for module in _HANDING_OUT:
            patched.setattr(f"{module}.run_all", run_here)
        yield
