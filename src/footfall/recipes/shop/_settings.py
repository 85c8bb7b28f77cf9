"""What can be chosen about the shop's traffic."""

from __future__ import annotations

import msgspec

from footfall.clock import MINUTE, SECOND, US_PER_MS
from footfall.errors import Invalid

DURATION_US_MIN = SECOND
GAP_US_MIN = 5 * MINUTE


class ShopSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the shop. Equal settings give equal requests, byte for byte.

    Shares are between 0 and 1.
    """

    start_us: int
    """When the first visitor may come, microseconds since 1970 UTC; cut to milliseconds."""
    duration_us: int
    """Nobody does anything later than this after the start."""
    seed: int = 1
    visitors: int = 200
    events: int = 5000
    """About how many events there shall be; the truth says how many there are."""
    name: str = "shop"
    """Goes into all that is drawn: runs of different names into one project share no visitor."""
    write_id: str = "web"
    collect_path: str = "/collect"
    """Where the collector takes the AWS Clickstream protocol."""
    live_from_us: int = 0
    """Devices were offline until this moment: what they would have sent before it is sent from
    then on, within `backlog_us`, in the same order. 0: everything is sent when it happens."""
    backlog_us: int = 10 * SECOND
    gap_us: int = 30 * MINUTE
    """Inactivity timeout the truth is made for: `sessions.gap` of the platform. At least 5 minutes:
    pauses must be clearly shorter or longer where clocks are wrong."""
    bot_share: float = 0.03
    """Visitors that are crawlers, by their user agent."""
    footfall_share: float = 0.2
    """Visitors whose browser speaks `/v1/events`; all others have the AWS Clickstream web SDK."""
    batch_share: float = 0.3
    """AWS visitors whose SDK is in batch mode."""
    wrong_clock_share: float = 0.04
    """Devices whose clock is off by hours to years."""
    slow_clock_share: float = 0.04
    """Devices whose clock is a little late: within what the platform does not correct."""
    late_share: float = 0.06
    """Sessions whose end arrives minutes to hours later."""
    duplicate_share: float = 0.02
    """Deliveries that arrive twice."""
    broken_share: float = 0.01
    """Deliveries with a broken record among good ones, and as many bodies that are no JSON."""

    def __post_init__(self) -> None:
        problems = [
            f"{name}: {value} is not between 0 and 1"
            for name, value in msgspec.structs.asdict(self).items()
            if name.endswith("_share") and not 0 <= value <= 1
        ]
        if self.duration_us < DURATION_US_MIN:
            problems.append("duration_us: at least a second")
        if self.gap_us < GAP_US_MIN:
            problems.append("gap_us: at least 5 minutes")
        if self.visitors < 1 or self.events < 1:
            problems.append("visitors and events: at least 1")
        if problems:
            raise Invalid("the shop's settings have mistakes; mend them:", tuple(problems))

    @property
    def start_ms(self) -> int:
        """Start in milliseconds, the resolution of devices."""
        return self.start_us // US_PER_MS

    @property
    def end_ms(self) -> int:
        """End in milliseconds."""
        return (self.start_us + self.duration_us) // US_PER_MS

    @property
    def gap_ms(self) -> int:
        """Inactivity timeout in milliseconds."""
        return self.gap_us // US_PER_MS
