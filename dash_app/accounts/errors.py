"""What somebody is refused who may not do what they ask for."""

from __future__ import annotations

from twin.errors import TwinError


class AccessError(TwinError):
    """Somebody may not do this; `status` is what HTTP calls it (401, 403, 429)."""

    def __init__(
        self, template: str, *, status: int = 403, hint: str = "", wait_s: int = 0, **values: object
    ) -> None:
        self.status = status
        self.wait_s = wait_s  # how long to wait before trying again
        super().__init__(template, hint=hint, **values)
