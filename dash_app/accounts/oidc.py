"""Signing in with the town's own service: OpenID Connect, authorization code with PKCE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dash_app.accounts.errors import AccessError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dash_app.settings import Oidc

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures with a key that only the service has; `none` and shared secrets are no signature."""

SCOPE = "openid email profile"
PATIENCE_S = (5, 10)  # to connect, to answer
LEEWAY_S = 60  # by which two clocks may differ
FRESH_S = 600  # so long a description of the service is taken for true
MOST_BYTES = 500_000


class OidcError(AccessError):
    """Signing in with the other service did not work; `reason` is for the log."""

    def __init__(
        self, template: str, *, reason: str, status: int = 403, hint: str = "", **values: object
    ) -> None:
        self.reason = reason
        super().__init__(template, status=status, hint=hint, wait_s=0, **values)


@dataclass(frozen=True)
class Started:
    """What a sign-in under way must be met with when it comes back."""

    state: str
    nonce: str
    verifier: str  # of PKCE: only who started it can finish it


@dataclass(frozen=True)
class Identity:
    """Who the service says somebody is."""

    subject: str  # issuer and its number of the person
    email: str
    is_verified: bool
    name: str


def new_start() -> Started:
    """Return fresh random values for one sign-in."""
    return Started(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


class Provider:
    """The sign-in service: what it says of itself is asked anew after ten minutes."""

    def __init__(self, oidc: Oidc, return_to: str) -> None:
        self.oidc = oidc
        self.return_to = return_to
        self._lock = Lock()
        self._known: tuple[float, dict[str, Any]] | None = None

    def address(self, start: Started) -> str:
        """Return the address at the service where somebody signs in."""
        described = self._described()
        with self._session(described) as session:
            address, _ = session.create_authorization_url(
                described["authorization_endpoint"],
                state=start.state,
                nonce=start.nonce,
                code_challenge=_challenge(start.verifier),
                code_challenge_method="S256",
            )
        return str(address)

    def identity(self, answer: Mapping[str, str], start: Started) -> Identity:
        """
        Return who has signed in, from the parameters that the service sent back.

        Raises
        ------
        OidcError
            It was broken off, or anything of the answer is not as it must be.
        """
        described = self._described()
        issuer = answer.get("iss")
        if issuer is not None and issuer != self.oidc.issuer:
            raise _not_believed("another issuer in the answer")
        if problem := answer.get("error"):
            raise OidcError(
                "Signing in with {name} was broken off.", name=self.oidc.name, status=401,
                reason=problem[:60],
            )  # fmt: skip
        token = self._token(described, answer.get("code", ""), start)
        claims = self._claims(described, token, start)
        if "email" not in claims:
            claims = {**self._userinfo(described, token, claims), **claims}
        return _identity(claims, self.oidc.issuer)

    def _described(self) -> dict[str, Any]:
        """Return what the service says of itself."""
        with self._lock:
            if self._known and time.monotonic() - self._known[0] < FRESH_S:
                return self._known[1]
            where = f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = self._json(requests.Session(), where)
            if found.get("issuer") != self.oidc.issuer:
                raise _not_believed("the description names another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not _is_safe(found.get(name)):
                    raise _not_believed(f"{name} is missing or not https")
            self._known = time.monotonic(), found
            return found

    def _session(self, described: Mapping[str, Any]) -> OAuth2Session:
        secret = Path(self.oidc.client_secret_file).read_text("utf-8").strip()
        kinds = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        kind = "client_secret_basic" if "client_secret_basic" in kinds else "client_secret_post"
        return OAuth2Session(
            self.oidc.client_id, secret, token_endpoint_auth_method=kind, scope=SCOPE,
            redirect_uri=self.return_to,
        )  # fmt: skip

    def _token(self, described: Mapping[str, Any], code: str, start: Started) -> dict[str, Any]:
        if not code:
            raise _not_believed("no code")
        with self._asking(), self._session(described) as session:
            try:
                found = session.fetch_token(
                    described["token_endpoint"], code=code, code_verifier=start.verifier,
                    grant_type="authorization_code", timeout=PATIENCE_S, allow_redirects=False,
                )  # fmt: skip
            except (OAuthError, OAuth2Error) as error:
                raise _not_believed(f"code refused: {error.error}") from error
        if not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
            raise _not_believed("no id_token")
        return dict(found)

    def _claims(
        self, described: Mapping[str, Any], token: Mapping[str, Any], start: Started
    ) -> dict[str, Any]:
        """Return what the id_token says, once its signature and every claim are checked."""
        keys = self._json(requests.Session(), described["jwks_uri"])
        try:
            decoded = jwt.decode(token["id_token"], _key_set(keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.oidc.issuer},
                    "aud": {"essential": True, "value": self.oidc.client_id},
                    "sub": {"essential": True},
                },
                {"nonce": start.nonce, "client_id": self.oidc.client_id}
                | {"access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _not_believed(f"id_token: {type(error).__name__} {error}"[:200]) from error
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), start.nonce.encode()):
            raise _not_believed("id_token: another nonce")
        return dict(claims)

    def _userinfo(
        self, described: Mapping[str, Any], token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Ask for the e-mail address where the id_token has none."""
        where = described.get("userinfo_endpoint")
        if not _is_safe(where) or not token.get("access_token"):
            return {}
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        found = self._json(session, str(where))
        if found.get("sub") != claims.get("sub"):
            raise _not_believed("userinfo of somebody else")
        return {name: found[name] for name in ("email", "email_verified", "name") if name in found}

    def _json(self, session: requests.Session, where: str) -> dict[str, Any]:
        with (
            self._asking(),
            session,
            session.get(where, timeout=PATIENCE_S, allow_redirects=False, stream=True) as answer,
        ):
            answer.raise_for_status()
            content = answer.raw.read(MOST_BYTES + 1, decode_content=True)
            if answer.status_code != 200 or len(content) > MOST_BYTES:
                raise _not_believed(f"{where} answers {answer.status_code}")
            found = json.loads(content)
        if not isinstance(found, dict):
            raise _not_believed(f"{where} is no JSON object")
        return found

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say in one sentence that the service is down, whatever the network makes of it."""
        try:
            yield
        except (requests.RequestException, ValueError, OSError) as error:
            raise OidcError(
                "The sign-in service {name} does not answer.", name=self.oidc.name, status=503,
                hint="Try again later, or ask the people who run it.",
                reason=f"{type(error).__name__}"[:200],
            ) from error  # fmt: skip


def role_of(identity: Identity, oidc: Oidc) -> str | None:
    """
    Return the role of somebody by the settings; None where they may not sign in.

    Only an address that the service has verified counts.
    """
    email = identity.email.casefold()
    if not identity.is_verified or email.count("@") != 1:
        return None
    if email in {known.casefold() for known in oidc.admins}:
        return "admin"
    domain = "*" + email[email.index("@") :]
    if {email, domain} & {known.casefold() for known in oidc.planners}:
        return "planner"
    return None


def _identity(claims: Mapping[str, Any], issuer: str) -> Identity:
    email = claims.get("email")
    name = next(
        (
            text
            for key in ("name", "preferred_username", "email")
            if isinstance(text := claims.get(key), str) and text.strip()
        ),
        "",
    )
    clean = "".join(sign if sign.isprintable() else " " for sign in name).strip()[:100]
    return Identity(
        subject=f"{issuer}|{claims['sub']}"[:500],
        email=email.strip() if isinstance(email, str) and email.isprintable() else "",
        is_verified=claims.get("email_verified") is True,
        name=clean,
    )


def _key_set(keys: dict[str, Any]) -> KeySet:
    """Return the keys of the service that are for signatures; others are passed over."""
    listed = keys.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict)
        and key.get("kty") in {"RSA", "EC"}
        and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": usable})


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _is_safe(address: object) -> bool:
    """Take TLS, and what does not leave this machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return parts.scheme == "https" or (parts.scheme == "http" and here)


def _not_believed(reason: str) -> OidcError:
    return OidcError(
        "The answer of the sign-in service is not as it must be; nobody was signed in.",
        hint="Sign in again. If it stays so, ask the people who run this server.",
        reason=reason,
    )
