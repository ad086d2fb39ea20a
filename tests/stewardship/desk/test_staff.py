"""Accounts and the audit at the desk: an administrator's, and one's own password."""

from __future__ import annotations

import sqlite3

import pytest

from stewardship.accounts import check_password
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import PASSWORD, STAFF, Office, Visitor

NEXT = "another long one"


def logs_in(office: Office, name: str, password: str) -> bool:
    with open_desk(office.site) as con:
        return check_password(con, name, password, office.clock()) is not None


def secret(visitor: Visitor) -> str:
    (shown,) = visitor.tree.xpath("//code[@class='secret']/text()")
    return str(shown)


def test_an_administrator_makes_an_account_whose_password_is_shown_once(office: Office) -> None:
    admin = office.at_work("admin")
    admin.get("/accounts")
    admin.submit("/accounts", name="小陈", role="clerk")
    made = secret(admin)
    assert logs_in(office, "小陈", made)
    admin.get("/accounts")
    assert made not in admin.text and "小陈" in admin.text
    admin.submit("/accounts", name="小陈", role="clerk")
    assert admin.page is not None and admin.page.status_code == 409 and "已经存在" in admin.text
    with sqlite3.connect(office.site.audit) as con:
        assert made not in str(
            con.execute("select * from line").fetchall() + con.execute("select * from value").fetchall()
        )
    assert [by for kind, by in office.noted() if kind == "account"] == ["admin"]


def test_a_role_counts_from_the_next_click_on_and_closing_logs_out(office: Office) -> None:
    admin, wang = office.at_work("admin"), office.at_work("wang")
    assert wang.get("/approvals").status_code == 200
    admin.get("/accounts")
    admin.submit("/accounts/wang/role", role="clerk")
    assert "角色已改" in admin.text
    assert wang.get("/approvals").status_code == 403
    admin.submit("/accounts/wang/close")
    assert "已停用" in admin.text and not logs_in(office, "wang", PASSWORD)
    assert wang.get("/tonight").url.path == "/login"
    office.clock.pass_by(days=400)
    assert not logs_in(office, "wang", PASSWORD)  # unlike a lock, it does not run out
    back = office.at_work("admin")
    back.get("/accounts")
    back.submit("/accounts/wang/open")
    assert logs_in(office, "wang", PASSWORD)


def test_another_password_ends_what_was_open(office: Office) -> None:
    admin, wang = office.at_work("admin"), office.at_work("wang")
    wang.get("/tonight")
    admin.get("/accounts")
    admin.submit("/accounts/wang/password")
    assert logs_in(office, "wang", secret(admin)) and not logs_in(office, "wang", PASSWORD)
    assert wang.get("/tonight").url.path == "/login"


def test_the_last_administrator_stays_one(office: Office) -> None:
    admin = office.at_work("admin")
    admin.get("/accounts")
    for action, said in (("/accounts/admin/role", {"role": "clerk"}), ("/accounts/admin/close", {})):
        key = admin.form("/accounts")["form_key"]
        answer = admin.client.post(action, data={"form_key": key, **said})
        assert answer.status_code == 409 and "最后一个管理员" in answer.text
    key = admin.form("/accounts")["form_key"]
    assert admin.client.post("/accounts/nobody/close", data={"form_key": key}).status_code == 409
    assert admin.client.post("/accounts/wang/role", data={"form_key": key, "role": "king"}).status_code == 409
    assert [kind for kind, _ in office.noted()] == []


def test_everybody_changes_their_own_password_knowing_the_old_one(office: Office) -> None:
    here, elsewhere = office.at_work("wang"), office.at_work("wang")
    here.get("/password")
    for old, new, again, told in (
        (PASSWORD, NEXT, NEXT + "x", "两遍新口令不一样"),
        (PASSWORD, "short", "short", "至少 10 个字符"),
        ("wrong", NEXT, NEXT, "原口令不对"),
    ):
        here.submit("/password", old=old, new=new, again=again)
        assert here.page is not None and here.page.status_code == 409 and told in here.text
    here.submit("/password", old=PASSWORD, new=NEXT, again=NEXT)
    assert "口令已改" in here.text and logs_in(office, "wang", NEXT)
    assert here.get("/tonight").url.path == "/tonight"
    assert elsewhere.get("/tonight").url.path == "/login"


def test_guessing_the_old_password_locks_the_account(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/password")
    for _ in range(5):
        wang.submit("/password", old="a wrong guess", new=NEXT, again=NEXT)
    wang.submit("/password", old=PASSWORD, new=NEXT, again=NEXT)
    assert "原口令不对" in wang.text and not logs_in(office, "wang", NEXT)


def test_the_audit_says_who_looked_and_why_and_for_whom_somebody_searched_it_does_not(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/next")
    wang.submit("/values", why="电话核实")
    wang.submit("/search", asked="李建国")
    admin = office.at_work("admin")
    admin.get("/audit")
    assert "显示原值" in admin.text and "电话核实" in admin.text and "查找找到 1" in admin.text
    assert "李建国" not in admin.text
    admin.get("/audit?by=admin&event=viewed")
    assert "wang" not in admin.tree.xpath("string(//tbody)") and "页面 审计" in admin.text


def test_the_audit_says_that_a_limit_was_lifted_and_an_account_opened_again(office: Office) -> None:
    admin = office.at_work("admin")
    admin.get("/accounts")
    admin.submit("/accounts/wang/areas", areas="近江社区")
    admin.submit("/accounts/wang/areas", areas="")
    admin.submit("/accounts/wang/close")
    admin.submit("/accounts/wang/open")
    admin.get("/audit?event=account")
    told = [one.text_content().strip() for one in admin.tree.xpath("//td[@class='of-what']")]
    assert told == [
        "账号 wang · 重新启用", "账号 wang · 停用 1", "账号 wang · 不再限定区域", "账号 wang · 区域 近江社区",
    ]  # fmt: skip


def test_the_audit_proves_both_books_and_names_the_first_bad_line(office: Office) -> None:
    admin, wang = office.at_work("admin"), office.at_work("wang")
    wang.get("/next")
    wang.judges("unsure")
    admin.get("/audit?prove=1")
    assert "账本: 共 1 行，一行不少" in admin.text
    with sqlite3.connect(office.site.audit) as con:
        con.execute("drop trigger line_update")
        con.execute("""update line set body = replace(body, 'wang', 'li') where seq = 1""")
    admin.get("/audit?prove=1")
    assert "审计: 第 1 行有问题" in admin.text


@pytest.mark.parametrize("name", [name for name, role in STAFF.items() if role != "admin"])
def test_nobody_else_sees_accounts_or_audit(office: Office, name: str) -> None:
    one = office.at_work(name)
    assert one.get("/accounts").status_code == one.get("/audit").status_code == 403
    one.get("/password")
    key = one.form("/password")["form_key"]
    forged = one.client.post("/accounts", data={"form_key": key, "name": "me", "role": "admin"})
    assert forged.status_code == 403


def test_a_full_disk_is_told_and_what_was_typed_stays_in_the_form(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    admin = office.at_work("admin")
    admin.get("/accounts")
    monkeypatch.setattr("stewardship.desk.accounts.add_account", full)
    admin.submit("/accounts", name="sun", role="steward")
    assert admin.page is not None and admin.page.status_code == 503
    assert "没有保存" in admin.text and admin.form("/accounts")["name"] == "sun"
    monkeypatch.setattr("stewardship.desk.current.note", full)  # nor is there room for a look
    admin.submit("/accounts/li/role", role="approver")
    assert admin.page.status_code == 503 and "可能已经保存" in admin.text
