"""The Python SDK: put an event into a bounded queue, a thread sends it until it is acknowledged.

    from footfall.client import Client

    with Client("https://collect.example", key="fsk_…") as client:
        client.track("order_shipped", user_id="customer-7", properties={"order_id": "o-1001"})

Needs nothing but the standard library. An event gets its id when it is tracked, so that attempts
whose answer was lost are no second event. What the queue does not hold is dropped and counted, the
application is never blocked. Events that are not taken are told, and counted by reason. `_client`
is what applications call, `_sender` queue and thread of one process, `_post` one request,
`_request`, `_wsgi` and `_asgi` what a web request says about its visitor. The reference is
docs/python-client.md.
"""

from __future__ import annotations

from footfall.client._asgi import AsgiMiddleware
from footfall.client._client import Client
from footfall.client._request import request_fields
from footfall.client._sender import ClientStatistics
from footfall.client._told import DeliveryWarning
from footfall.client._wsgi import WsgiMiddleware

__all__ = [
    "AsgiMiddleware",
    "Client",
    "ClientStatistics",
    "DeliveryWarning",
    "WsgiMiddleware",
    "request_fields",
]
