"""A case for two people at the desk: the second answers without knowing the first, an approver decides where they differ."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stewardship.four_eyes import Tier
from tests.stewardship.desk.conftest import Office, Visitor
from warehouse.ledger import open_ledger
from warehouse.words import Word


@pytest.fixture(autouse=True)
def everything_needs_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stewardship.four_eyes.tier", lambda: Tier(0, {}))


@pytest.fixture
def first(office: Office) -> str:
    return office.book.cases[0].id


def standing(office: Office) -> list[Word]:
    with open_ledger(office.site) as ledger:
        return [one.verdict for one in ledger.verdicts()]


def answers(office: Office, case: str) -> Callable[[str, str], Visitor]:
    """Somebody opens the case, and answers it."""

    def answer(name: str, word: str) -> Visitor:
        one = office.at_work(name)
        one.get(f"/cases/{case}")
        one.judges(word, because=f"{name} 的理由")
        return one

    return answer


def test_the_second_person_sees_the_evidence_and_not_the_first_answer(office: Office, first: str) -> None:
    wang = answers(office, first)("wang", "same")
    assert "还须另一人" in wang.text and standing(office) == []
    wang.get("/")
    assert "5 案待裁定" in wang.text and "等第二人的 1 案" in wang.text
    li = office.at_work("li")
    li.get("/next")
    assert li.case == first
    assert "须两人裁定" in li.text and "wang 的理由" not in li.text
    assert li.tree.xpath("//ol[@class='history']") == [] and "是同一人 等第二人" not in li.text
    li.get(f"/residents/{office.book.cases[0].residents[0]}")
    assert "wang" not in li.text
    li.get(f"/cases/{first}")
    li.judges("same")
    assert "两人一致，已生效" in li.text and standing(office) == ["same"]
    li.get(f"/cases/{first}")
    assert "wang 的理由" in li.text


def test_where_they_differ_an_approver_sees_both_and_decides(office: Office, first: str) -> None:
    answer = answers(office, first)
    answer("wang", "same")
    li = answer("li", "different")
    assert "已转批准人" in li.text and standing(office) == []
    assert li.get(f"/cases/{first}").status_code == 200 and "wang 的理由" in li.text
    assert len(li.tree.xpath("//button[@name='verdict' and @disabled]")) == 3
    li.get("/")
    assert "5 案待裁定" in li.text
    zhou = office.at_work("zhou")
    zhou.get("/")
    assert "6 案待裁定" in zhou.text and "等您决定" in zhou.text
    zhou.get(f"/cases/{first}")
    assert "wang 的理由" in zhou.text and "li 的理由" in zhou.text
    zhou.judges("different")
    assert standing(office) == ["different"]


def test_an_approver_who_was_one_of_the_two_does_not_decide(office: Office, first: str) -> None:
    answer = answers(office, first)
    answer("wang", "same")
    zhou = answer("zhou", "different")
    zhou.get(f"/cases/{first}")
    form = zhou.form(f"/cases/{first}/verdict") | {"verdict": "different"}
    assert zhou.client.post(f"/cases/{first}/verdict", data=form).status_code == 409
    zhou.get("/next")
    zhou.submit("/undo")  # their own word they may take back
    zhou.get(f"/next?from={first}")
    answer("li", "same")
    assert standing(office) == ["same"]


def test_who_does_not_know_leaves_the_case_to_others(office: Office, first: str) -> None:
    answers(office, first)("wang", "unsure")
    wang, li = office.at_work("wang"), office.at_work("li")
    wang.get("/next")
    li.get("/next")
    assert wang.case != first and li.case == first


def test_who_saw_two_agree_looks_again_once_one_of_them_takes_it_back(office: Office, first: str) -> None:
    answer = answers(office, first)
    answer("wang", "same")
    li = answer("li", "same")
    zhou = office.at_work("zhou")
    zhou.get(f"/cases/{first}")
    assert "wang 的理由" in zhou.text
    li.submit("/undo")
    assert zhou.judges("different").status_code == 409
    assert "已被撤回" in zhou.text and "wang 的理由" not in zhou.text
    assert standing(office) == []
    assert zhou.judges("same").status_code == 200
    assert standing(office) == ["same"]
