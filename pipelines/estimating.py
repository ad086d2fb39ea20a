"""Estimates of matching as a program and as a person reads them: always said to be estimates, and of what.

Lives elsewhere: estimating (`dedup/estimates.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dedup.estimates import Estimates
from pipelines.messages import Language, say


def told_estimates(found: Estimates, speak: Language) -> dict[str, Any]:
    """The keys of a JSON answer: shares from 0 to 1, and in words what the recall rests on. One that is carried from an
    earlier night says which, and how much has changed since."""
    told = {
        "precision_estimate": round(found.precision, 5),
        "recall_estimate": _rounded(found.recall),
        "recall_interval": [_rounded(found.recall_low), _rounded(found.recall_high)],
        "recall_basis": _basis(found, speak),
    }
    if found.drawn is None:
        return told
    return told | {"estimate_drawn": str(found.drawn), "estimate_changed_since": round(found.changed, 4)}


def estimates_in_words(told: Mapping[str, Any], speak: Language) -> str:
    """What `told_estimates` told, as a sentence for the terminal."""
    precision, recall, basis = (
        told[name] for name in ("precision_estimate", "recall_estimate", "recall_basis")
    )
    if recall is None:
        return say("estimate_precision", speak, precision=precision, basis=basis)
    low, high = told["recall_interval"]
    return say("estimate_both", speak, precision=precision, recall=recall, low=low, high=high, basis=basis)


def _basis(found: Estimates, speak: Language) -> str:
    if found.recall is None:
        basis = say("recall_unknown", speak)
    else:
        basis = say("recall_basis", speak, copies=found.copies, found=found.found)
    if found.drawn is None or not found.changed:
        return basis
    return f"{basis} {say('estimate_carried', speak, night=found.drawn, changed=found.changed)}"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
