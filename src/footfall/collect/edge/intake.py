"""The way of a request through the collector, the same for every protocol.

who sends? ─▶ may they? ─▶ read the body ─▶ append ─▶ durable: answer
                  │              │            │
                  └──────────────┴────────────┴──▶ a `Refusal`, which each protocol answers
"""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.clock import Clock, Uuid7Source
from footfall.collect.edge.client_ip import ClientAddresses
from footfall.collect.http.asgi import Receive, Scope, Seen
from footfall.collect.limits.body import Body, TooLargeError, read_body
from footfall.collect.limits.budget import Budget, OverBudgetError, Source
from footfall.collect.limits.rates import AppRates, Quarantine
from footfall.collect.metrics import CollectorMetrics
from footfall.connections import CONNECTION, AddressGroups
from footfall.errors import Closed, DiskFull, FootfallError, Overloaded
from footfall.log import GroupCommitter
from footfall.metadata.keys.access import Access, KeyDirectory
from footfall.project import (
    SERVER_KEY_PREFIX,
    SERVER_KEY_SHOWN,
    hash_server_key,
    is_origin_allowed,
    mask_in_address,
)
from footfall.protocols import Refusal
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import CollectorSettings

CREDENTIAL_CHARS_MAX: Final = 128
_ANY_ORIGIN: Final = ("*",)


class Sender(NamedTuple):
    """Who sent a request, as far as its key says."""

    credential: str
    access: Access | None
    """`None`: nobody knows the key."""
    is_secret: bool = False
    is_misplaced: bool = False
    """A secret, sent where everybody can read it."""


class Taken(NamedTuple):
    """A request that is durable."""

    request_id: bytes
    is_drained: bool


class Intake:
    """Checks and appends requests; one for all connections."""

    def __init__(
        self,
        settings: CollectorSettings,
        directory: KeyDirectory,
        committer: GroupCommitter,
        metrics: CollectorMetrics,
        clock: Clock,
    ) -> None:
        """Wire the parts."""
        self.settings = settings
        self.metrics = metrics
        self._directory = directory
        self._committer = committer
        self._clock = clock
        self._request_ids = Uuid7Source()
        self._addresses = ClientAddresses(settings.trusted_proxies)
        self._rates = AppRates(settings.rate_per_app_max, clock)
        self._quarantine = Quarantine(settings.quarantine_requests_per_hour_max, clock)
        self._is_quarantining = settings.unknown_write_ids == "quarantine"
        self._groups = AddressGroups(settings.trusted_proxies)
        self._budget = Budget(
            settings.pending_bytes_max, settings.body_bytes_per_address_max, clock
        )
        metrics.bodies_dropped = lambda: self._budget.dropped

    def by_write_id(self, write_id: str) -> Sender:
        """Sender of a request with a public write id."""
        access = self._directory.write_id(write_id) if write_id else None
        if access is None and SERVER_KEY_PREFIX in write_id.lower():
            return Sender("", None, is_secret=True, is_misplaced=True)
        return Sender(write_id[:CREDENTIAL_CHARS_MAX], access)

    def by_server_key(self, key: str) -> Sender:
        """Sender of a request with a secret key, of which only the first characters are kept."""
        access = self._directory.server_key(hash_server_key(key))
        return Sender(key[:SERVER_KEY_SHOWN], access, is_secret=True)

    def is_origin_refused(self, sender: Sender, origin: bytes | None) -> bool:
        """Whether pages of `origin` may not send for the sender's app."""
        access = sender.access
        if origin is None or access is None or access.origins == _ANY_ORIGIN:
            return False
        return not is_origin_allowed(origin.decode("latin-1"), access.origins)

    def check(self, sender: Sender, seen: Seen) -> Refusal | None:
        """Why the sender may not send this now; `None` if it may. Counts it in its rate."""
        access = sender.access
        if sender.is_misplaced:
            return Refusal.SECRET_AS_WRITE_ID
        if access is None:
            return self._check_unknown(sender)
        if access.is_revoked:
            return Refusal.REVOKED_KEY
        if self.is_origin_refused(sender, seen.origin):
            return Refusal.ORIGIN_NOT_ALLOWED
        if not self._rates.take(access.app_id):
            return Refusal.RATE
        return None

    def _check_unknown(self, sender: Sender) -> Refusal | None:
        if not self._directory.is_sure:
            return Refusal.UNAVAILABLE
        is_kept = self._is_quarantining and not sender.is_secret and self._quarantine.take()
        return None if is_kept else Refusal.UNKNOWN_KEY

    async def read(
        self, protocol: str, scope: Scope, receive: Receive, seen: Seen, *, cut: bool
    ) -> Body | Refusal | None:
        """Read the body of a request.

        Args:
            protocol: Name of the route's protocol, for the metrics.
            scope: ASGI's.
            receive: ASGI's.
            seen: The request's headers.
            cut: Take a body over the limit too, cut.

        Returns:
            The body; why there is no room for it; or `None` when the client went away before the
            end of its request.
        """
        if not self._committer.has_room(seen.content_length or 0):
            return Refusal.OVERLOADED
        try:
            body = await read_body(
                receive,
                self._budget,
                lambda: self._source(scope, seen),
                seen.content_length,
                self.settings.body_bytes_max,
                cut=cut,
            )
        except TooLargeError:
            return Refusal.BODY_TOO_LARGE
        except OverBudgetError:
            return Refusal.OVERLOADED
        if body is None:
            self.metrics.requests[protocol, "disconnected"] += 1
        return body

    async def append(
        self, protocol: str, scope: Scope, seen: Seen, sender: Sender, body: Body
    ) -> Taken | Refusal:
        """Append a request whose sender `check` has allowed.

        Returns:
            What was appended, once it is durable; or why it was not.
        """
        request = self._request(protocol, scope, seen, sender, body)
        refusal = await self._append(request)
        if refusal is not None:
            return refusal
        self._count(protocol, sender, body)
        return Taken(request.request_id, body.is_drained)

    def refuse(self, protocol: str, refusal: Refusal) -> None:
        """Count a refusal."""
        self.metrics.requests[protocol, refusal.value] += 1

    def _request(
        self, protocol: str, scope: Scope, seen: Seen, sender: Sender, body: Body
    ) -> Request:
        now = self._clock.now_us()
        access = sender.access
        return Request(
            REQUEST_VERSION,
            self._request_ids.next(now),
            now,
            protocol,
            access.app_id if access is not None else None,
            sender.credential,
            access.trusted if access is not None else False,
            scope["method"],
            mask_in_address(scope["raw_path"]).decode("latin-1"),
            mask_in_address(scope["query_string"]).decode("latin-1"),
            seen.kept,
            self._client(scope, seen),
            body.data,
            body.size,
        )

    def _client(self, scope: Scope, seen: Seen) -> str:
        client = scope.get("client")
        peer = client[0] if client else ""
        return self._addresses.find(peer, seen.used.get(b"x-forwarded-for"))

    def _source(self, scope: Scope, seen: Seen) -> Source:
        connection = scope.get("state", {}).get(CONNECTION)
        drop = _nothing if connection is None else connection.drop
        return Source(self._groups.find(self._client(scope, seen)), drop)

    async def _append(self, request: Request) -> Refusal | None:
        try:
            await self._committer.submit(encode_request(request))
        except Overloaded:
            return Refusal.OVERLOADED
        except DiskFull:
            return Refusal.DISK_FULL
        except Closed:
            return Refusal.CLOSING
        except FootfallError:
            return Refusal.UNAVAILABLE
        return None

    def _count(self, protocol: str, sender: Sender, body: Body) -> None:
        if sender.access is None:
            outcome = "quarantined"
        else:
            outcome = "accepted" if body.size == len(body.data) else "cut"
        self.metrics.requests[protocol, outcome] += 1
        self.metrics.body_bytes[protocol] += body.size


def _nothing() -> None:
    pass
