"""Who looks: what somebody may do. What somebody may see is decided in `privacy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["public", "planner", "admin"]


@dataclass(frozen=True)
class Viewer:
    """One person at a screen; `name` is what versions and the log are signed with."""

    role: Role = "public"
    name: str = ""
    account_id: str = ""
    fine: bool = False  # whether single buildings and streets with few addresses may be shown

    @property
    def may_edit(self) -> bool:
        """Whether scenarios may be made and changed."""
        return self.role in {"planner", "admin"}


PUBLIC = Viewer()
"""Somebody who has not signed in."""
