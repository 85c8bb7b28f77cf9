"""What every client of Kafka is told, and what its errors mean to us."""

from __future__ import annotations

from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from footfall.clock import SECOND, US_PER_MS
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.settings.kafka import KafkaSettings

_SILENT: Final = 0
"""Level of librdkafka's own lines on stderr: what matters reaches a person as one of our errors."""
_RECONNECT_MS_MAX: Final = 1_000
_METADATA_AGE_MS: Final = 30_000
"""How soon another leader, or a partition more, is noticed without an error that tells."""
_REFUSED: Final = frozenset(
    {
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)


class LastError:
    """What went wrong last below a client, for messages: `timed out` alone helps nobody."""

    def __init__(self) -> None:
        self.text = ""
        self.is_refused = False

    def note(self, error: KafkaError) -> None:
        """Callback of a client."""
        self.text = error.str()
        self.is_refused = error.code() in _REFUSED

    def __str__(self) -> str:
        return f" ({self.text})" if self.text else ""


def client_config(settings: KafkaSettings, last: LastError) -> dict[str, Any]:
    """Settings of any client, as librdkafka names them."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "client.id": "footfall",
        "security.protocol": settings.security_protocol,
        "socket.timeout.ms": max(1_000, settings.delivery_timeout // US_PER_MS),
        "socket.keepalive.enable": True,
        "reconnect.backoff.max.ms": _RECONNECT_MS_MAX,
        "topic.metadata.refresh.interval.ms": _METADATA_AGE_MS,
        "log_level": _SILENT,
        "error_cb": last.note,
    }
    if settings.ca_file:
        config["ssl.ca.location"] = settings.ca_file
    if settings.username:
        config |= {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.username,
            "sasl.password": settings.password.shown,
        }
    return config


def seconds(duration: int) -> float:
    """A duration as Kafka's clients take it."""
    return duration / SECOND


def error_of(error: KafkaException) -> KafkaError | None:
    """What an exception of the library tells; `None` for one that only has a text."""
    told = error.args[0] if error.args else None
    return told if isinstance(told, KafkaError) else None


def failure(error: KafkaException | KafkaError, doing: str, last: LastError) -> FootfallError:
    """What the caller should do about an error of the library."""
    told = error_of(error) if isinstance(error, KafkaException) else error
    code = None if told is None else told.code()
    text = str(error) if told is None else told.str()
    if code in _REFUSED or last.is_refused:
        return Invalid(
            f"Kafka refuses {doing}; see to account and rights, log.kafka.username among them:"
            f" {text}{last}"
        )
    return Unavailable(f"Kafka cannot be used for {doing} now; try again: {text}{last}")
