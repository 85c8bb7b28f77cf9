"""Who may see a project through the studio: one-time links, sessions, and tokens for programs.

All are rows of `studio.db`, a small SQLite file that the studio and the terminal write: so a used
link stays used, a session or token goes on when the studio was killed and started again, and fresh
ones can be had whether or not it runs. The file has hashes only, so who reads it gets in nowhere,
and backups leave it out. Nothing but the standard library and the domain is imported here: the
supervisor uses it, too.
"""

from __future__ import annotations

from footfall.signin.sessions import (
    LINK_AGE_MAX,
    LINKS_MAX,
    SESSION_AGE_MAX,
    SESSIONS_MAX,
    Sessions,
    fresh_link,
    link,
    studio_url,
)
from footfall.signin.tokens import (
    DAYS_MAX,
    TOKEN_PREFIX,
    TOKENS_MAX,
    Token,
    Tokens,
)

__all__ = [
    "DAYS_MAX",
    "LINKS_MAX",
    "LINK_AGE_MAX",
    "SESSIONS_MAX",
    "SESSION_AGE_MAX",
    "TOKENS_MAX",
    "TOKEN_PREFIX",
    "Sessions",
    "Token",
    "Tokens",
    "fresh_link",
    "link",
    "studio_url",
]
