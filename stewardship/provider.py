"""Asking the city's identity provider who somebody is: OpenID Connect, the code flow with PKCE.

Belongs here: its discovery document, the address to leave for, the code for an id_token, and proving that token.
Lives elsewhere: where it is (`warehouse/provider.py`), which browser left (`departures.py`), whose account it is (`subjects.py`).

The document and the keys are read anew at each log-in: these are few, and a key that was changed over there is known at once.
No token is kept: once it says who came, nothing of it is needed. Nothing of an answer is quoted in an error.
"""

from __future__ import annotations

import json
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stewardship.departures import Departure, TurnedAway
from stewardship.subjects import Subject
from warehouse.provider import Provider, protected
from warehouse.secrets import NoSecret, referred_file, reveal

ALGORITHMS = ("RS256", "ES256")
PATIENCE = 10.0  # seconds for one answer, all of it
LEEWAY = 60  # seconds by which two clocks may differ
LARGEST_ANSWER = 256 * 1024  # bytes
_FAULTS = (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, NoSecret, ValueError)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the provider does what, by its discovery document. end_session: '' where it cannot be logged out there."""

    authorization: str
    token: str
    keys: str
    end_session: str
    basic: bool  # whether our secret goes into a header; else into the form


class ProviderClient:
    """The provider as the desk asks it; `root` is the site's folder, beside which its secret and authority lie."""

    def __init__(self, provider: Provider, root: Path) -> None:
        self._provider, self._root = provider, root

    def missing(self) -> str:
        """What of this site's own is not there that every log-in needs, and what to do; '' where all is."""
        try:
            reveal(self._provider.client_secret, self._root)
            self._authority()
        except NoSecret as fault:
            return str(fault)
        return ""

    def way_there(self, departure: Departure) -> str:
        """Where a browser goes to log in.

        Raises:
            TurnedAway: the provider cannot be asked.
        """
        with self._talk() as client:
            there = self._endpoints(client)
        return _with(
            there.authorization,
            response_type="code",
            client_id=self._provider.client_id,
            redirect_uri=self._provider.way_back,
            scope="openid profile email" if self._provider.claim == "email" else "openid profile",
            state=departure.state,
            nonce=departure.nonce,
            code_challenge=urlsafe_b64encode(departure.challenge).rstrip(b"=").decode(),
            code_challenge_method="S256",
        )

    def way_out(self) -> str:
        """Where a browser goes to log out of the provider, too; empty when it has no such place, or cannot be asked."""
        try:
            with self._talk() as client:
                there = self._endpoints(client)
        except TurnedAway:
            return ""
        back = f"{self._provider.desk.rstrip('/')}/login"
        return there.end_session and _with(
            there.end_session, client_id=self._provider.client_id, post_logout_redirect_uri=back
        )

    def who_came(self, answer: Mapping[str, str], departure: Departure, now: datetime) -> Subject:
        """Who it is that comes back with an answer (the query of the address that they were sent to).

        Raises:
            TurnedAway: nobody was logged in, the provider cannot be asked, or it does not prove who it was.
        """
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise TurnedAway("unproven")
        if "error" in answer or not answer.get("code"):
            raise TurnedAway("declined")
        with self._talk() as client:
            there = self._endpoints(client)
            token = self._token(client, there, answer["code"], departure.verifier)
            keys = _fetched(client, client.build_request("GET", there.keys))
        return self._proven(token, keys, departure, now)

    @contextmanager
    def _talk(self) -> Iterator[httpx.Client]:
        """A conversation with the provider; whatever goes wrong in it that is nobody's guilt is told alike."""
        try:
            with httpx.Client(
                verify=_trust(self._authority()),
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(PATIENCE, connect=PATIENCE / 2),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "enter-once",
                },
            ) as client:
                yield client
        except _FAULTS as fault:
            raise TurnedAway("down") from fault

    def _authority(self) -> Path | None:
        """The file of the authority that signed the provider's certificate; None: the system knows it."""
        return referred_file(self._provider.ca, self._root, private=False) if self._provider.ca else None

    def _endpoints(self, client: httpx.Client) -> Endpoints:
        place = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        stated = _fetched(client, client.build_request("GET", place))
        if stated.get("issuer") != self._provider.issuer:
            raise ValueError("the document is another provider's")
        needed = [stated.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        authorization, token, keys = (_address(one) for one in needed)
        end = stated.get("end_session_endpoint")
        methods = stated.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Endpoints(
            authorization, token, keys, _address(end) if end else "", "client_secret_basic" in methods
        )

    def _token(self, client: httpx.Client, there: Endpoints, code: str, verifier: str) -> str:
        """The id_token for a code."""
        ours, secret = self._provider.client_id, reveal(self._provider.client_secret, self._root)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.way_back,
            "code_verifier": verifier,
        }
        login = httpx.BasicAuth(quote_plus(ours), quote_plus(secret)) if secret and there.basic else None
        if login is None:
            form |= {"client_id": ours} | ({"client_secret": secret} if secret else {})
        try:
            said = _fetched(client, client.build_request("POST", there.token, data=form), login)
        except httpx.HTTPStatusError as refused:
            # A code that is none, was used, or belongs to another way there.
            if refused.response.status_code == 400:
                raise TurnedAway("unproven") from refused
            raise
        return str(said.get("id_token", ""))

    def _proven(self, token: str, keys: Mapping[str, Any], departure: Departure, now: datetime) -> Subject:
        """Who an id_token is about, once everything about it was checked."""
        ours, moment = self._provider.client_id, int(now.timestamp())
        expected = jwt.JWTClaimsRegistry(
            now=moment,
            leeway=LEEWAY,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": ours},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": departure.nonce},
        )
        try:
            claims = jwt.decode(token, KeySet.import_key_set(dict(keys)), list(ALGORITHMS)).claims  # type: ignore[arg-type]
            expected.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise TurnedAway("unproven") from fault
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        party = claims.get("azp", ours if others == [ours] else "")
        if party != ours or claims["iat"] < departure.made.timestamp() - LEEWAY:
            raise TurnedAway("unproven")
        return Subject(self._provider.issuer, claims["sub"], self._name(claims))

    def _name(self, claims: Mapping[str, Any]) -> str:
        """The name of the account that the claims state; an address of mail that nobody has verified names none."""
        name = claims.get(self._provider.claim, "")
        if self._provider.claim == "email" and claims.get("email_verified") is not True:
            return ""
        return name if isinstance(name, str) else ""


@cache
def _trust(ca: Path | None) -> ssl.SSLContext:
    """The authorities that are believed, read once: another file counts when the desk is started again, as `site.toml` does."""
    return ssl.create_default_context(cafile=ca)


def _fetched(client: httpx.Client, request: httpx.Request, login: httpx.Auth | None = None) -> dict[str, Any]:
    """The JSON object that an address answers with, in time and not endless.

    Raises:
        httpx.HTTPError, ValueError: it answers otherwise, or not.
    """
    until, body = time.monotonic() + PATIENCE, b""
    response = client.send(request, stream=True, auth=login)
    try:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER or time.monotonic() > until:
                raise ValueError("the answer does not end")
    finally:
        response.close()
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the answer is no object")
    return found


def _address(stated: object) -> str:
    """An address of the discovery document, refused where others could read along."""
    if not isinstance(stated, str) or not protected(stated):
        raise ValueError("an address that is not protected")
    return stated


def _with(address: str, **query: str) -> str:
    """An address with more in its query than it may have already."""
    return str(httpx.URL(address).copy_merge_params(query))
