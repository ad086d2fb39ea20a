"""A store's records as the rows of its own export, in its own format.

Belongs here: household blocks, 同上, several people in one cell, copied columns, and the file's name.
Lives elsewhere: what stands in a cell (`exports.py`), the bytes of each format (`connectors/write`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from connectors.platform import Platform
from connectors.write import write_export
from connectors.write.cell import Cell
from synthetic_city.exports import Entry, Household, Store
from synthetic_city.habits import unused_cells

Row = tuple[list[int], dict[str, Cell]]  # the people a row states, and its cells
DITTO = ("同上", "〃")


def write_store(store: Store, stores: Mapping[str, Store], inbox: Path, night: date) -> list[list[int]]:
    """Write a platform's export of one night; who stands in each row, in the file's order."""
    rows = export_rows(store, stores)
    folder = inbox / night.isoformat() / store.platform.slug
    folder.mkdir(parents=True, exist_ok=True)
    cells = [_fitting(store.platform, cells) for _, cells in rows]
    write_export(store.platform, cells, folder / file_name(store.platform, night))
    return [people for people, _ in rows]


def fitted_rows(store: Store, stores: Mapping[str, Store]) -> list[dict[str, Cell]]:
    """The cells of each row of the export, as its file can hold them."""
    return [_fitting(store.platform, cells) for _, cells in export_rows(store, stores)]


def file_name(platform: Platform, night: date) -> str:
    """What the platform calls its export.

    >>> from connectors.platform import PLATFORMS, read_platform
    >>> file_name(read_platform(PLATFORMS / "grid.toml"), date(2026, 11, 16))
    'grid-20261116.xlsx'
    """
    return f"{platform.slug}-{night:%Y%m%d}{Path(platform.export.file).suffix}"


def export_rows(store: Store, stores: Mapping[str, Store]) -> list[Row]:
    """The rows of the export, households together where the file says things once per household."""
    platform, fed = store.platform, copied(store, stores)
    shared = store.shared
    silent = {**platform.ignore, **platform.forbidden}
    unused = {header: text for header, text in unused_cells().items() if header in silent}
    rows: list[Row] = []
    blocks: list[int] = []  # of each row: the how-manieth household it belongs to
    in_order = _in_order(store, together=bool(shared) or platform.export.ditto)
    for block, (household, entries) in enumerate(in_order, start=1):
        first = {**entries[0].cells, **fed(entries[0])}
        if len(entries) > 1 and store.in_one_cell(household):
            rows.append(_one_cell(platform, entries, first))
            blocks.append(block)
            continue
        for place, entry in enumerate(entries):
            cells = {**entry.cells, **fed(entry)}
            cells.update((header, first[header]) for header in shared if header in first)
            if place and platform.export.ditto:
                _say_ditto(platform, entry, cells, first)
            rows.append(([entry.person], cells))
            blocks.append(block)
    for number, ((_, cells), block) in enumerate(zip(rows, blocks, strict=True), start=1):
        cells.update(
            (header, text.format(n=block if header in shared else number)) for header, text in unused.items()
        )
    return rows


def _fitting(platform: Platform, cells: dict[str, Cell]) -> dict[str, Cell]:
    """Cells cut to the field widths of a DBF, as the old clients cut them."""
    for header in platform.export.widths:
        if header in cells:
            cells[header] = fitting(platform, header, cells[header])
    return cells


def fitting(platform: Platform, header: str, cell: Cell) -> Cell:
    """One cell, cut to the width of its field."""
    width, encoding = platform.export.widths.get(header), platform.export.encoding
    if width is None or not isinstance(cell, str) or len(cell) * 4 <= width:
        return cell
    return cell.encode(encoding)[:width].decode(encoding, "ignore")


def _in_order(store: Store, *, together: bool) -> list[tuple[Household, list[Entry]]]:
    if not together:
        return [(entry.household, [entry]) for entry in store.entries]
    return list(store.households().items())


def _one_cell(platform: Platform, entries: Sequence[Entry], first: Mapping[str, Cell]) -> Row:
    """张三、李四 in the name cell; of the rest only what holds for all of them."""
    name, address = platform.fields["name"].column, platform.fields["address"].column
    spoken = [str(entry.cells[name]) for entry in entries]
    cells: dict[str, Cell] = {name: "、".join(spoken), address: first[address]}
    if "phone" in platform.fields:
        cells[platform.fields["phone"].column] = first[platform.fields["phone"].column]
    return [entry.person for entry in entries], cells


def _say_ditto(platform: Platform, entry: Entry, cells: dict[str, Cell], first: Mapping[str, Cell]) -> None:
    """The family's address is written out once; under it stands 同上, or the same address again."""
    address = platform.fields["address"].column
    if first[address]:
        cells[address] = DITTO[entry.person // 2 % 2] if entry.person % 2 else first[address]


def copied(store: Store, stores: Mapping[str, Store]) -> Callable[[Entry], dict[str, Cell]]:
    """The cells that are copied from another platform every night, as it declares in `feeds`."""
    copies: list[tuple[dict[int, Entry], list[tuple[str, str]]]] = []
    for slug, names in store.platform.feeds.items():
        if slug in stores:
            source = stores[slug]
            columns = [(store.platform.fields[n].column, source.platform.fields[n].column) for n in names]
            copies.append(({entry.person: entry for entry in reversed(source.entries)}, columns))
    homes = store.households() if store.shared else {}

    def known(held: dict[int, Entry], entry: Entry, ours: str, theirs: str) -> bool:
        """A cell that is kept once for a household is taken over when it is the same for everybody in it."""
        if ours not in store.shared:
            return entry.person in held
        others = [held.get(one.person) for one in homes[entry.household]]
        return None not in others and len({one.cells.get(theirs) for one in others if one}) == 1

    def fed(entry: Entry) -> dict[str, Cell]:
        return {
            ours: held[entry.person].cells.get(theirs)
            for held, columns in copies
            for ours, theirs in columns
            if known(held, entry, ours, theirs)
        }

    return fed
