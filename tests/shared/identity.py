"""A small identity provider on loopback: OpenID Connect with the code flow, PKCE and signed tokens, over real HTTP.

Belongs here: what a city's own would do, and knobs for what a broken or hostile one does. It logs in whoever `person` is, with
no question asked. Lives elsewhere: what the desk makes of it (`tests/stewardship/desk/test_provider.py`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from servers import Peer, Said, Seen

CLIENT, SECRET = "enter-once", "client-s3cret-not-to-be-seen"
Claims = dict[str, Any]


def as_it_is(claims: Claims) -> Claims:
    return claims


@dataclass
class IdentityProvider:
    """The provider. It stands at another host name than the desk, so that a browser takes the two for two sites."""

    way_back: str
    person: Claims = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "wang"})
    twist: Callable[[Claims], Claims] = as_it_is  # what it states instead
    sign: Callable[[Claims], str] | None = None  # how it signs instead
    ends_sessions: bool = True
    peer: Peer = field(default_factory=Peer)
    key: RSAKey | ECKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
    )
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.peer.answers |= {
            "/.well-known/openid-configuration": self._document,
            "/authorize": self._authorize,
            "/token": self._token,
            "/keys": lambda _: Said(KeySet([self.key]).as_dict(private=False)),
            "/logout": self._logout,
        }

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.peer.port}"

    def signed(self, claims: Claims, key: RSAKey | ECKey | None = None) -> str:
        algorithm = "ES256" if isinstance(key or self.key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": "k1"}, claims, key or self.key)

    def _document(self, _: Seen) -> Said:
        there = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?realm=staff",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "code_challenge_methods_supported": ["S256"],
        }
        return Said(there | ({"end_session_endpoint": f"{self.issuer}/logout"} if self.ends_sessions else {}))

    def _authorize(self, seen: Seen) -> Said:
        asked = seen.parameters
        known = (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (
            CLIENT,
            self.way_back,
            "code",
        )
        if not known or asked["code_challenge_method"] != "S256" or asked["realm"] != "staff":
            return Said(status=400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return Said(status=302, headers={"Location": f"{self.way_back}?{answer}"})

    def _token(self, seen: Seen) -> Said:
        told = base64.b64decode(seen.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if told.partition(":")[::2] != (CLIENT, SECRET):
            return Said({"error": "invalid_client"}, status=401)
        form = dict(parse_qsl(seen.body.decode()))
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not asked or challenge != asked["code_challenge"] or form["redirect_uri"] != self.way_back:
            return Said({"error": "invalid_grant", "error_description": "13900000001"}, status=400)
        return Said({"token_type": "Bearer", "access_token": "a", "id_token": self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        return (self.sign or self.signed)(self.twist(claims | self.person))

    def _logout(self, seen: Seen) -> Said:
        return Said(
            status=302, headers={"Location": unquote_plus(seen.parameters["post_logout_redirect_uri"])}
        )


def settings(provider: IdentityProvider, desk: str, more: str = "") -> str:
    """The table of `site.toml` that names it."""
    return (
        f'\n[oidc]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "env:OIDC_SECRET"\n'
        f'desk = "{desk}"\nlabel = "市统一身份认证登录"\n{more}'
    )
