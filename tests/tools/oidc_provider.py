"""
A small real OpenID provider: discovery, authorisation with PKCE, tokens, keys, userinfo.

It asks nobody for a password: whoever comes is `person`. What a broken or hostile provider would
do instead is said in `lies`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

CLIENT, SECRET = "troisdorf-twin", "s3cret: with/signs %"
PERSON = {
    "sub": "4711", "email": "Erika@Town.de", "email_verified": True, "name": "Erika Muster",
}  # fmt: skip


@dataclass
class Lies:
    """What the next answers say instead of the truth."""

    claims: dict[str, Any] = field(default_factory=dict)  # None leaves a claim out
    algorithm: str = "RS256"
    foreign_key: bool = False  # signed with a key that the provider does not publish
    raw: str | None = None  # an id_token as it stands
    description: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    big: bool = False


@dataclass
class OidcProvider:
    """State of one provider; `app` is what a server runs."""

    issuer: str = ""
    return_to: str = ""
    person: dict[str, Any] = field(default_factory=lambda: dict(PERSON))
    lies: Lies = field(default_factory=Lies)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
                Route("/userinfo", self.userinfo),
            ]
        )

    def rotate(self) -> None:
        """Sign with a new key from now on, as providers do every few weeks."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    async def describe(self, _: Request) -> Response:
        if self.lies.is_down:
            return PlainTextResponse("gone", 503)
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }
        if self.lies.big:
            described["padding"] = "x" * 1_000_000
        return JSONResponse(described | self.lies.description)

    async def authorize(self, request: Request) -> Response:
        asked = request.query_params
        right = (
            asked.get("client_id") == CLIENT
            and asked.get("redirect_uri") == self.return_to
            and asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and asked.get("code_challenge")
        )
        if not right:
            return PlainTextResponse(f"no such request: {dict(asked)}", 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = {
            "nonce": asked.get("nonce", ""),
            "challenge": asked["code_challenge"],
            "return_to": asked["redirect_uri"],
        }
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{self.return_to}?{back}", 302)

    async def token(self, request: Request) -> Response:
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        known = self.codes.pop(form.get("code", ""), None)  # a code is good for one time
        if not self._is_client(request) or known is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != known["challenge"] or form.get("redirect_uri") != known["return_to"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        self.access[access] = self.person
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        return JSONResponse(answer | {"id_token": self._id_token(known["nonce"])})

    async def keys(self, _: Request) -> Response:
        odd = {"kty": "oct", "k": "AAAA", "kid": "one"}, {"kty": "??"}
        return JSONResponse({"keys": [*odd, self.key.as_dict(private=False) | {"use": "sig"}]})

    async def userinfo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.access:
            return PlainTextResponse("who?", 401)
        return JSONResponse(self.access[token] | self.lies.userinfo)

    def _is_client(self, request: Request) -> bool:
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        return kind == "Basic" and hmac.compare_digest(sent, expected)

    def _id_token(self, nonce: str) -> str:
        if self.lies.raw is not None:
            return self.lies.raw
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
            **self.person, **self.lies.claims,
        }  # fmt: skip
        told = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.lies.algorithm, "kid": self.key.kid}
        if self.lies.algorithm == "ES256":
            return jwt.encode(header, told, ECKey.generate_key("P-256"))
        return jwt.encode(header, told, self.other if self.lies.foreign_key else self.key)
