"""The Python SDK: put an event into a bounded queue, a thread sends it until it is acknowledged.

    from footfall.client import Client

    with Client("https://collect.example", key="fsk_…") as client:
        client.track("order_shipped", user_id="customer-7", properties={"order_id": "o-1001"})

Needs nothing but the standard library. An event gets its id when it is tracked, so that attempts
whose answer was lost are no second event. What the queue does not hold is dropped and counted, the
application is never blocked.
"""

from __future__ import annotations

from footfall.client._client import Client, ClientStatistics

__all__ = ["Client", "ClientStatistics"]
