"""What a platform says once for a household and not for each of its people.

Belongs here: which columns these are, in each shape of file, and what rows of one household agree on.
Lives elsewhere: writing them once (`plan.py`, `nested.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.platform import Platform


def household_columns(platform: Platform) -> frozenset[str]:
    """Headers that are stated once per household: merged down, on a sheet of their own, or outside the members."""
    export = platform.export
    if export.two_sheets is not None:
        return frozenset(c for c in export.columns if c.startswith(f"{export.two_sheets.household}/"))
    if len(export.records) > 1:
        inner = f"{export.records[1]}."
        return frozenset(c for c in export.columns if not c.startswith(inner))
    return frozenset(export.merge_down)


def one_voice(
    rows: Sequence[Mapping[str, str]], columns: frozenset[str]
) -> tuple[dict[str, str], frozenset[str]]:
    """What the rows of one household state in these columns, and the columns in which they differ.

    >>> one_voice([{"户号": "1", "地址": "甲"}, {"户号": "1", "地址": "乙"}, {"户号": "1"}], frozenset(("户号", "地址")))
    ({'户号': '1'}, frozenset({'地址'}))
    """
    stated: dict[str, set[str]] = {}
    for row in rows:
        for header in row.keys() & columns:
            stated.setdefault(header, set()).add(row[header])
    common = {header: next(iter(cells)) for header, cells in sorted(stated.items()) if len(cells) == 1}
    return common, frozenset(header for header, cells in stated.items() if len(cells) > 1)
