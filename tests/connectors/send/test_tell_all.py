"""Several batches at a time: one that hangs or kills its worker costs itself alone, and nothing leaves unannounced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from servers import Peer, Said

import connectors.send
from connectors.errors import Unreadable
from connectors.platform import Platform
from connectors.send import Parcel, misfit, tell_all
from connectors.send.parcel import Packed, unpack
from warehouse.connections import Connection
from warehouse.site import Site

Page = Callable[..., Platform]
MakeParcel = Callable[..., Parcel]


def send(path: str) -> str:
    return f'transport = "http"\npath = "{path}"\nrows_at = "rows"\nbudget_seconds = 14'


def test_a_platform_that_outstays_its_budget_leaves_its_batch_in_doubt_and_the_others_are_told(
    page: Page, connect: Callable[..., Site], parcel: MakeParcel, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.send, "_GRACE", -4.0)
    peer.answers.update({"/good": lambda _: Said({}), "/slow": lambda _: Said(b"x" * 999, drip=0.1)})
    site, begun = connect(peer.address), list[str]()
    parcels = [replace(parcel(page(send(path))), batch=path) for path in ("/slow", "/good")]
    told = {
        one.batch: heard
        for one, heard in tell_all(site, parcels, beginning=lambda one: begun.append(one.batch))
    }
    assert begun == ["/slow", "/good"]
    assert told["/good"].fates == ["took"] * 3
    assert told["/slow"].fates == ["doubtful"] * 3 and "send.budget_seconds" in told["/slow"].next_move


def test_batches_that_nobody_got_to_certainly_did_not_leave(
    page: Page, connect: Callable[..., Site], parcel: MakeParcel, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.send, "ALL_SECONDS", 4.0)
    monkeypatch.setattr(connectors.send, "_AT_ONCE", 1)
    peer.answers["/slow"] = lambda _: Said(b"x" * 999, drip=0.1)
    begun: list[str] = []
    parcels = [replace(parcel(page(send("/slow"))), batch=name) for name in ("a", "b")]
    told = {
        one.batch: heard
        for one, heard in tell_all(
            connect(peer.address), parcels, beginning=lambda one: begun.append(one.batch)
        )
    }
    assert begun == ["a"]
    assert told["a"].fates == ["doubtful"] * 3
    assert told["b"].fates == ["missed"] * 3 and "没有轮到" in told["b"].problem


@pytest.mark.parametrize(
    ("table", "address", "says"),
    [
        (send("/push"), "https://x.example", ""),
        (send("/push"), "sftp://x.example", "https://"),
        ('transport = "sftp"\nfolder = "/in"', "sftp://x.example", ""),
        ('transport = "sftp"\nfolder = "/in"', "postgresql://x.example", "sftp://"),
    ],
)
def test_a_way_out_fits_the_transport_of_its_page(page: Page, table: str, address: str, says: str) -> None:
    problem = misfit(page(table), Connection(address, place="[sending.trial]"))
    assert (says in problem and "[sending.trial]" in problem) if says else problem == ""


def test_the_same_draft_is_packed_into_the_same_bytes_for_its_owner_only(
    page: Page, parcel: MakeParcel
) -> None:
    first = parcel(page(send("/push")))
    data = first.packed.file.read_bytes()
    again = parcel(page(send("/push")))
    assert again.packed == first.packed and again.packed.file.read_bytes() == data
    assert first.packed.file.stat().st_mode & 0o077 == 0
    assert [row.key for row in unpack(first.packed).rows] == ["K1", "K2", "K3"]


@pytest.mark.parametrize("harm", ["template", "rows", "gone"])
def test_a_batch_that_is_not_what_was_noted_is_not_unpacked(
    page: Page, parcel: MakeParcel, harm: str
) -> None:
    packed: Packed = parcel(page(send("/push"))).packed
    file: Path = {"template": packed.file.parent / "trial.csv"}.get(harm, packed.file)
    file.unlink() if harm == "gone" else file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(Unreadable, match="不能再送"):
        unpack(packed)
