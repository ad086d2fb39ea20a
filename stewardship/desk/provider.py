"""Logging in with the city's identity provider: leaving for it, coming back, being let in or turned away.

Belongs here: these three addresses, and the words for who is turned away. Lives elsewhere: asking the provider
(`stewardship/provider.py`), whose account it is (`subjects.py`), the log-in form (`entry.py`).

Two browsers' rules shape the way. A form of ours may be sent to this site only, also by a redirect (`form-action`), so its
answer is a page that goes on by itself. And the cookie of a browser that is not logged in yet is `SameSite=Strict`, so it
does not come along from the provider: whoever returns lands on a page of ours first, which goes on within the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from stewardship.departures import TurnedAway, Why, come_back, depart
from stewardship.desk.entry import let_in
from stewardship.desk.faults import tell_fault
from stewardship.desk.guard import TONIGHT, Asking, log_in_page, onward_page, pending_of
from stewardship.provider import ProviderClient
from stewardship.subjects import admit
from warehouse.provider import Provider

_ANSWER = ("state", "code", "iss", "error")  # what of a provider's answer goes on within the site
_STATUS: Mapping[Why, int] = {"state": 400, "down": 503}


def leave(asking: Asking) -> Response:
    """Off to the provider, with what was about to be saved kept here."""
    pending = pending_of(asking)
    departure = depart(asking.con, asking.visit, pending, asking.now)
    try:
        return onward_page(asking, _client(asking).way_there(departure))
    except TurnedAway as away:
        return _turned_away(asking, away, pending)


def land(asking: Asking) -> Response:
    """Back from the provider, on a page that goes on within the site."""
    answer = {name: asking.query[name] for name in _ANSWER if name in asking.query}
    return onward_page(asking, f"/login/arrived?{urlencode(answer)}")


def arrive(asking: Asking) -> Response:
    """Let somebody in whom the provider vouches for and who has an account here."""
    if asking.session:
        return RedirectResponse(TONIGHT, 303)
    pending: Mapping[str, str] = {}
    try:
        departure = come_back(asking.con, asking.visit, asking.query.get("state", ""), asking.now)
        pending = departure.pending
        subject = _client(asking).who_came(asking.query, departure, asking.now)
        account, first = admit(asking.con, subject, asking.now)
    except TurnedAway as away:
        return _turned_away(asking, away, pending)
    if first:
        asking.current.note("account", account.name, account=account.name, bound=1)
    return let_in(asking, account, pending, provided=True)


def _turned_away(asking: Asking, away: TurnedAway, pending: Mapping[str, str]) -> Response:
    """The log-in form again, and why. The log hears of what somebody has to repair, the audit of everything."""
    if isinstance(away.__cause__, Exception):
        tell_fault(away.__cause__)
    asking.current.note("login_failed", away.account, why=away.why)
    return log_in_page(asking, _STATUS.get(away.why, 403), pending=pending, told=f"away_{away.why}")


def _client(asking: Asking) -> ProviderClient:
    return ProviderClient(_provider(asking), asking.current.site.root)


def _provider(asking: Asking) -> Provider:
    found = asking.current.site.provider
    assert found is not None  # these addresses are there where a site names one
    return found


OPEN = (("/login/provider", leave, "POST"), ("/login/back", land, "GET"), ("/login/arrived", arrive, "GET"))
