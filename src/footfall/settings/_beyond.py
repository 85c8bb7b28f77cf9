"""What settings must be beyond their types: forms of addresses, and what goes together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

_PASSWORD: Final = re.compile(r"//[^/@]*:[^/@]*@")
_HOST: Final = r"[A-Za-z0-9.-]+(?::\d{1,5})?"
_PORT: Final = r"6553[0-5]|655[0-2]\d|65[0-4]\d{2}|6[0-4]\d{3}|[1-5]?\d{1,4}"
_LISTENING: Final = re.compile(rf"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?:{_PORT})")
_POSTGRESQL: Final = rf"postgresql://(?:[\w.%-]+@)?{_HOST}/[\w.-]+(?:\?[\w=&.%-]*)?"
_ADDRESSES: Final = {
    "location": (
        re.compile(r"/[^?#]*|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9/_.=-]*[^/])?"),
        "an absolute path, or s3://bucket/prefix without a slash at its end",
    ),
    "catalog": (
        re.compile(rf"{_POSTGRESQL}|https?://{_HOST}(?:/[\w./-]*)?|glue://[a-z0-9-]*"),
        (
            "postgresql://user@host/database, https://host/path of a REST catalog, or"
            " glue://region, its password in lake.catalog_password"
        ),
    ),
    "url": (
        re.compile(_POSTGRESQL),
        "postgresql://user@host/database, its password in metadata.password",
    ),
    "s3_endpoint": (
        re.compile(rf"https?://{_HOST}"),
        "scheme and host such as https://s3.example:9000",
    ),
}


def beyond_type(section: str, name: str, value: Any) -> Iterable[str]:
    """What is wrong with one value of the right type; each is what it should be."""
    if section == "collector" and name == "trusted_proxies":
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                yield f"a network such as 127.0.0.1/32, not {network!r}"
    if name.startswith("aws_") and not re.fullmatch(r"/[A-Za-z0-9/_.-]*", value):
        yield f"a path such as /collect, not {value!r}"
    if name.startswith("tls_") and value and not Path(value).is_absolute():
        yield f"an absolute path, not {value!r}"
    if name == "public_url" and value and not re.fullmatch(r"https?://[A-Za-z0-9.:-]+", value):
        yield f"scheme and host such as https://footfall.example, not {value!r}"
    if name == "health_address" and value and not _LISTENING.fullmatch(value):
        yield f"host and port such as 127.0.0.1:7702, not {value!r}"
    if section == "studio" and name == "host" and value not in ("127.0.0.1", "::1", "localhost"):
        yield f"a loopback address (there is no login yet), not {value!r}"
    if section in ("lake", "metadata", "deliver") and name in _ADDRESSES and value:
        pattern, valid = _ADDRESSES[name]
        if not pattern.fullmatch(value):
            yield f"{valid}, not {_PASSWORD.sub('//***@', value)!r}"


def beyond_one(values: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """What settings demand of each other."""
    for section in ("collector", "studio"):
        found = values[section]
        if bool(found["tls_certificate"]) != bool(found["tls_key"]):
            yield f"{section}: tls_certificate and tls_key go together; set both or none"
    for section in ("lake", "deliver"):
        if bool(values[section]["s3_access_key"]) != bool(values[section]["s3_secret_key"]):
            yield (
                f"{section}: s3_access_key and s3_secret_key go together; set both, or none to use"
                " the machine's own"
            )
    lake = values["lake"]
    has_bucket = str(lake["location"]).startswith("s3://")
    if lake["cuts"] == "lake" and not has_bucket:
        yield 'lake: cuts is "lake", but location is no s3://bucket; set location, or cuts = "home"'
    metadata = values["metadata"]
    if metadata["password"] and not metadata["url"]:
        yield "metadata: password is set, but url is not; set both, or none"
    if lake["catalog_password"] and not lake["catalog"]:
        yield "lake: catalog_password is set, but catalog is not; set both, or none"
