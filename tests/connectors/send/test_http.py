"""Telling an HTTP interface that applies, refuses, hangs, forgets and lies: what is known of each batch afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from servers import Answers, Peer, Said, Seen

from connectors.platform import PLATFORMS, Platform, read_platform
from connectors.platform_send import HttpSend
from connectors.send import Parcel, knock
from connectors.send.http import Call, body_of
from connectors.send.parcel import Row
from warehouse.site import Site

Page = Callable[..., Platform]
Connect = Callable[..., Site]
MakeParcel = Callable[..., Parcel]

SEND = 'transport = "http"\npath = "/push"\nrows_at = "rows"\nbudget_seconds = 60'
HONOURS = SEND + "\nidempotent = true"
BACK = (
    SEND + '\nread_back = { path = "/batch", parameter = "no", at = "state",'
    ' there = ["done"], absent = ["none"], absent_status = 404 }'
)


@dataclass
class Target:
    """A platform's interface: the phones it holds, the batches it knows, and how often each row was applied."""

    honours: bool = False
    phones: dict[str, str] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    keys: dict[str, Said] = field(default_factory=dict)

    def push(self, seen: Seen) -> Said:
        key = seen.headers["idempotency-key"]
        if self.honours and key in self.keys:
            return self.keys[key]
        body = json.loads(seen.body)
        for row in body["rows"] if isinstance(body, dict) and "rows" in body else [body]:
            self.phones[row["bh"]] = row["sjh"]
            self.applied.append(row["bh"])
        self.keys[key] = Said({"code": 0})
        return self.keys[key]

    def batch(self, seen: Seen) -> Said:
        return Said({"state": "done"}) if seen.parameters["no"] in self.keys else Said(status=404)


@pytest.fixture
def target(peer: Peer) -> Target:
    made = Target()
    peer.answers.update({"/push": made.push, "/batch": made.batch})
    return made


def first(*answers: Answers, then: Answers) -> Answers:
    """These answers, one after the other, then this one for good."""
    left = list(answers)
    return lambda seen: left.pop(0)(seen) if left else then(seen)


def says(**said: Any) -> Answers:
    return lambda _: Said(**said)


def cut_after(answer: Answers) -> Answers:
    """It does what is asked, and the line goes dead before it says so."""

    def cut(seen: Seen) -> Said:
        answer(seen)
        return Said(b"x" * 100, after=10)

    return cut


def test_a_batch_goes_in_one_call_by_the_platforms_own_names_under_its_own_name(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    send = (
        SEND + '\nbatch_at = "head.no"\nparameters = { "head.area" = "330102" }\nauth = { kind = "bearer" }'
    )
    heard = world.hear(connect(peer.address), parcel(page(send)))
    assert (heard.fates, heard.refused, heard.problem) == (["took"] * 3, [], "")
    (seen,) = peer.seen
    assert (seen.method, seen.headers["idempotency-key"]) == ("POST", world.BATCH)
    assert seen.headers["authorization"] == f"Bearer {world.SECRET}"
    body = json.loads(seen.body)
    assert body["head"] == {"no": world.BATCH, "area": "330102"}
    # The address, which does not change, is no blank that would empty it.
    assert body["rows"][0] == {"bh": "K1", "xm": "张K1", "sjh": "13800000001"}


def test_several_calls_bear_the_batch_and_a_number_and_never_a_persons_key(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    world.hear(connect(peer.address), parcel(page(SEND + "\nrows_per_call = 2")))
    world.hear(connect(peer.address), parcel(page(SEND.replace('rows_at = "rows"', 'body = "row"'))))
    keys = [seen.headers["idempotency-key"] for seen in peer.seen]
    assert keys == [f"{world.BATCH}.{number}" for number in (1, 2, 1, 2, 3)]
    assert target.applied == ["K1", "K2", "K3"] * 2
    assert json.loads(peer.seen[2].body) == {"bh": "K1", "xm": "张K1", "sjh": "13800000001"}


def test_nested_rows_go_as_the_platforms_interface_nests_them() -> None:
    platform = read_platform(PLATFORMS / "one_table.toml")
    assert isinstance(platform.send, HttpSend)
    house = {"hbh": "H1", "jzdz": "近江家园1幢"}
    rows = [
        Row(f"r{n}", f"R{n}", "", {**house, "members.ryid": f"R{n}", "members.xm": "张三"}, ())
        for n in (1, 2)
    ]
    body = body_of(platform, platform.send, Call("one_table-20261101-1", 0, rows))
    members = [{"ryid": "R1", "xm": "张三"}, {"ryid": "R2", "xm": "张三"}]
    assert body == {"batchNo": "one_table-20261101-1", "data": {"list": [{**house, "members": members}]}}


CERTAIN = {
    "nobody_listens": None,
    "closed_for_today": says(status=503),
    "throttled_for_a_day": says(status=429, headers={"Retry-After": "86400"}),
    "denied": says(status=401),
    "wrong_path": says(status=404),
    "too_much": says(status=413),
    "moved": says(status=308, headers={"Location": "/elsewhere"}),
}


@pytest.mark.parametrize("story", CERTAIN)
def test_what_certainly_did_not_arrive_is_called_so(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, dead_port: int, story: str
) -> None:
    answer = CERTAIN[story]
    if answer is not None:
        peer.answers["/push"] = answer
    site = connect(peer.address if answer else f"http://127.0.0.1:{dead_port}")
    brief = HONOURS.replace("= 60", "= 2")
    heard = world.hear(site, parcel(page(brief + '\nauth = { kind = "basic" }')))
    assert heard.fates == ["missed"] * 3
    assert heard.problem and heard.next_move and world.SECRET not in heard.problem + heard.next_move
    assert story != "denied" or "env:PEER_SECRET" in heard.next_move


DOUBTFUL = {
    "applied_and_cut": cut_after,
    "server_error": lambda _: says(status=500),
    "gateway_gave_up": lambda _: says(status=504),
    "goes_elsewhere_to_see": lambda _: says(status=303, headers={"Location": "/elsewhere"}),
    "conflict": lambda _: says(status=409),
    "login_page": lambda _: says(body="<html>用户名</html>"),
}


@pytest.mark.parametrize("story", DOUBTFUL)
def test_what_nobody_knows_is_in_doubt_and_is_not_said_again(
    world: Any,
    page: Page,
    connect: Connect,
    parcel: MakeParcel,
    peer: Peer,
    target: Target,
    story: str,
) -> None:
    peer.answers["/push"] = DOUBTFUL[story](target.push)
    heard = world.hear(connect(peer.address), parcel(page(SEND)))
    assert heard.fates == ["doubtful"] * 3 and heard.problem and "不会再送" in heard.next_move
    assert len(peer.seen) == 1


def test_a_platform_that_hangs_leaves_its_batch_in_doubt_within_its_budget(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/push"] = lambda seen: Said(b"x" * 1000, drip=0.05) if target.push(seen) else Said()
    heard = world.hear(connect(peer.address), parcel(page(SEND.replace("= 60", "= 1"))))
    assert heard.fates == ["doubtful"] * 3 and "1 秒内没有送完" in heard.problem


@pytest.mark.parametrize("story", ["busy", "throttled", "cut", "error"])
def test_a_platform_that_honours_the_key_is_told_again_and_applies_once(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target, story: str
) -> None:
    target.honours = True
    fault = {
        "busy": says(status=503),
        "throttled": says(status=429, headers={"Retry-After": "1"}),
        "cut": cut_after(target.push),
        "error": says(status=500),
    }[story]
    peer.answers["/push"] = first(fault, then=target.push)
    heard = world.hear(connect(peer.address), parcel(page(HONOURS)))
    assert heard.fates == ["took"] * 3
    assert sorted(target.applied) == ["K1", "K2", "K3"]
    assert {seen.headers["idempotency-key"] for seen in peer.seen} == {world.BATCH}


def test_what_was_busy_first_and_is_told_then_needs_no_honoured_key(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/push"] = first(says(status=503), then=target.push)
    assert world.hear(connect(peer.address), parcel(page(SEND))).fates == ["took"] * 3
    assert target.applied == ["K1", "K2", "K3"]


def test_doubt_that_ends_with_a_platform_that_is_down_stays_doubt(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    target.honours = True
    peer.answers["/push"] = first(cut_after(target.push), then=says(status=404))
    assert world.hear(connect(peer.address), parcel(page(HONOURS))).fates == ["doubtful"] * 3


def test_a_no_after_a_doubt_may_only_mean_that_it_is_there_already(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/push"] = first(cut_after(target.push), then=says(body={"code": 500, "msg": "重复提交"}))
    send = RESULTS + "\nidempotent = true"
    assert world.hear(connect(peer.address), parcel(page(send))).fates == ["doubtful"] * 3


def test_a_batch_that_can_be_asked_about_is_asked_about_at_once_and_believed_only_if_it_is_there(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/push"] = cut_after(target.push)
    heard = world.hear(connect(peer.address), parcel(page(BACK)))
    assert (heard.fates, heard.problem) == (["took"] * 3, "")
    target.keys.clear()
    peer.answers["/push"] = says(status=500)  # it may still be at work: "not there" proves nothing yet
    assert world.hear(connect(peer.address), parcel(page(BACK))).fates == ["doubtful"] * 3


@pytest.mark.parametrize(("known", "fate"), [(True, "took"), (False, "missed")])
def test_a_batch_of_an_earlier_run_is_asked_about_and_never_told_blindly(
    world: Any,
    page: Page,
    connect: Connect,
    parcel: MakeParcel,
    peer: Peer,
    target: Target,
    known: bool,
    fate: str,
) -> None:
    if known:
        target.keys[world.BATCH] = Said({})
    assert world.hear(connect(peer.address), parcel(page(BACK), again=True)).fates == [fate] * 3
    blind = world.hear(connect(peer.address), parcel(page(SEND), again=True))
    assert blind.fates == ["doubtful"] * 3 and blind.problem and "由人定夺" in blind.next_move
    assert target.applied == [] and not peer.of("/push")


def test_a_batch_of_an_earlier_run_is_finished_under_its_name_where_that_is_honoured(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    target.honours = True
    shadow = parcel(page(HONOURS), again=True, resend=False)
    assert world.hear(connect(peer.address), shadow).fates == ["doubtful"] * 3 and not peer.seen
    for _ in range(2):
        assert world.hear(connect(peer.address), parcel(page(HONOURS), again=True)).fates == ["took"] * 3
    assert target.applied == ["K1", "K2", "K3"]
    peer.answers["/push"] = says(status=429, headers={"Retry-After": "86400"})
    down = world.hear(connect(peer.address), parcel(page(HONOURS), again=True))
    assert down.fates == ["doubtful"] * 3


def test_a_batch_whose_files_were_changed_is_never_sent_again(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    target.honours = True
    made = parcel(page(HONOURS), again=True)
    (made.packed.file.parent / "trial.csv").write_text("bh,xm\n", encoding="utf-8")
    heard = world.hear(connect(peer.address), made)
    assert heard.fates == ["doubtful"] * 3 and "与账本记的不同" in heard.problem and not peer.seen


def test_calls_after_one_in_doubt_are_not_made_and_certainly_did_not_arrive(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/push"] = first(target.push, cut_after(target.push), then=target.push)
    heard = world.hear(connect(peer.address), parcel(page(SEND + "\nrows_per_call = 1")))
    assert heard.fates == ["took", "doubtful", "missed"]


RESULTS = (
    SEND + '\nsuccess = { path = "code", values = ["0"], expired = ["401"] }\nrejected = ["500"]\n'
    'results = { at = "data.list", key = "bh", ok = "ok", accepted = ["true"], refused = ["false"], message = "msg" }'
)


def test_rows_that_are_refused_are_told_in_the_platforms_own_words(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer
) -> None:
    listed = [
        {"bh": "K1", "ok": True},
        {"bh": "K2", "ok": False, "msg": "手机号已被占用"},
        {"bh": "K3", "ok": "处理中"},
        {"bh": "K9", "ok": True},
    ]
    peer.answers["/push"] = says(body={"code": 1, "data": {"list": listed}})
    heard = world.hear(connect(peer.address), parcel(page(RESULTS)))
    assert heard.fates == ["took"] * 3
    assert heard.refused == [(1, "手机号已被占用")] and heard.unclear == [(2, "处理中")]
    assert (heard.silent, heard.stray) == (0, 1)
    peer.answers["/push"] = says(body={"code": 0, "data": {"list": listed[:1]}})
    assert world.hear(connect(peer.address), parcel(page(RESULTS))).silent == 2


@pytest.mark.parametrize(("code", "fate"), [("0", "took"), ("500", "missed"), ("206", "doubtful")])
def test_an_answer_with_status_200_is_believed_by_its_own_word(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, code: str, fate: str
) -> None:
    peer.answers["/push"] = says(body={"code": code})
    assert world.hear(connect(peer.address), parcel(page(RESULTS))).fates == [fate] * 3


def test_a_login_that_expired_is_renewed_before_anything_is_called_missed(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    peer.answers["/token"] = says(body={"access_token": "T"})
    peer.answers["/push"] = first(says(body={"code": 401}), then=target.push)
    send = RESULTS + '\nauth = { kind = "oauth2", path = "/token" }'
    assert world.hear(connect(peer.address), parcel(page(send))).fates == ["took"] * 3
    assert len(peer.of("/token")) == 2 and target.applied == ["K1", "K2", "K3"]


def test_one_row_a_call_that_is_refused_costs_itself_alone(
    world: Any, page: Page, connect: Connect, parcel: MakeParcel, peer: Peer, target: Target
) -> None:
    send = SEND.replace('rows_at = "rows"', 'body = "row"').replace("POST", "PUT")
    send += '\nresults = { at = "list", key = "bh", ok = "ok", accepted = ["1"], message = "msg" }'
    peer.answers["/push"] = first(target.push, says(status=422, body={"msg": "查无此人"}), then=target.push)
    heard = world.hear(connect(peer.address), parcel(page(send)))
    assert (heard.fates, heard.refused) == (["took"] * 3, [(1, "查无此人")])
    assert target.applied == ["K1", "K3"]
    peer.answers["/push"] = says(status=404)  # without a word on the row it is the path that is wrong
    wrong = world.hear(connect(peer.address), parcel(page(send)))
    assert (wrong.fates, wrong.refused) == (["missed"] * 3, []) and "send" in wrong.next_move


def test_knocking_logs_in_and_sends_nothing(page: Page, connect: Connect, peer: Peer, target: Target) -> None:
    peer.answers["/token"] = says(body={"access_token": "T"})
    send = BACK + '\nauth = { kind = "oauth2", path = "/token" }'
    site, platform = connect(peer.address), page(send)
    assert knock(site, platform) == ""
    assert [seen.path for seen in peer.seen] == ["/token", "/batch"]
    peer.answers["/token"] = says(status=400)
    assert "env:PEER_SECRET" in knock(site, platform)
    peer.answers.update({"/token": says(body={"access_token": "T"}), "/batch": says(body={"state": "done"})})
    assert "从没送过的批次" in knock(site, platform)
    assert target.applied == []
