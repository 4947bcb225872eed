"""Sign-in, sessions, roles and the log; on a laptop nobody needs any of it."""

from __future__ import annotations

from dash_app.accounts.access import log, may_change, token_of, viewer_of
from dash_app.accounts.errors import AccessError
from dash_app.accounts.guard import AccessGuard

__all__ = ["AccessError", "AccessGuard", "log", "may_change", "token_of", "viewer_of"]
