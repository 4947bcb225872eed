"""Headers that keep the page to itself: nothing is loaded from elsewhere, nothing is sent there."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import dash
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse

from dash_app.i18n import preferred_lang, translator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), payment=(), usb=()"
    ),
}


def renderer_style_hashes() -> list[str]:
    """
    Return the hashes of the one style sheet that Dash's renderer puts into the page itself.

    It stands as a string in the renderer's script (webpack's style-loader), and is empty for a
    moment before it is filled.
    """
    path = Path(dash.__file__).parent / "dash-renderer" / "build" / "dash_renderer.min.js"
    found = re.findall(r'\.push\(\[\w+\.id,("(?:[^"\\]|\\.)*"),""\]\)', path.read_text("utf-8"))
    sheets = ["", *(json.loads(text) for text in found)]
    digests = (hashlib.sha256(sheet.encode()).digest() for sheet in sheets)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def content_security_policy(script_hashes: Sequence[str], style_hashes: Sequence[str]) -> str:
    """
    Return the policy of the page: own files, Dash's start script and style by hash, nothing else.

    `blob:` for workers and images is what deck.gl needs for its own textures.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": " ".join(["'self'", *style_hashes]),
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


MAX_BODY = 1_000_000
"""Bytes of a request; a callback of the page sends a few hundred."""


class SecurityHeaders:
    """Sets the headers on every answer, errors and files included; refuses endless requests."""

    def __init__(self, app: ASGIApp, *, policy: Callable[[], str]) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        headers = Headers(scope=scope)
        if refusal := _refused(headers, scope["method"]):
            await _refusal(refusal, scope["path"], headers)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in FIXED_HEADERS.items():
                    sent[name] = value
                sent.setdefault("Content-Security-Policy", self.policy())
                if scope["path"] == "/" or scope["path"].startswith("/_dash-layout"):
                    sent["Cache-Control"] = "no-cache"
                elif b"m=" in scope["query_string"] and scope["path"].startswith("/assets/"):
                    sent["Cache-Control"] = "public, max-age=31536000, immutable"
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _refusal(status: int, path: str, headers: Headers) -> Response:
    """Return the answer to what is not even read; of the API as a problem document."""
    if not path.startswith("/api"):
        return PlainTextResponse(status_code=status)
    t = translator(preferred_lang(headers.get("accept-language") or "de"))
    said = {
        411: t.text("The request does not say how long it is."),
        413: t.text("The request is longer than {most} bytes.", most=MAX_BODY),
    }
    document = {
        "type": f"urn:troisdorf-twin:problem:http-{status}",
        "title": said[status],
        "status": status,
        "detail": said[status],
        "faults": [],
    }
    return JSONResponse(document, status, media_type="application/problem+json")


def _refused(headers: Headers, method: str) -> int | None:
    """Return the status for a request whose body is too long or of unknown length."""
    if method in {"GET", "HEAD", "OPTIONS"}:
        return None
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return None  # no body at all, as a browser sends DELETE
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return 411
    return 413 if int(length) > MAX_BODY else None
