"""How an object store is reached, in the words of each client; imports nothing heavy."""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.settings import LakeSettings

SCHEME: Final = "s3://"
DEFAULT_REGION: Final = "us-east-1"
CONNECT_SECONDS: Final = 5
REQUEST_SECONDS: Final = 60


class S3Options(msgspec.Struct, frozen=True):
    """How a store is reached; what is empty is the library's default."""

    endpoint: str = ""
    """Such as `https://s3.example:9000`; AWS itself without it."""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    is_path_style: bool = True
    """Buckets are the first part of the path, not of the host's name."""

    def for_iceberg(self) -> dict[str, str]:
        """As properties of PyIceberg's file layer."""
        return given(
            {
                "s3.endpoint": self.endpoint,
                "s3.region": self.region or DEFAULT_REGION,
                "s3.access-key-id": self.access_key,
                "s3.secret-access-key": self.secret_key,
                "s3.force-virtual-addressing": "" if self.is_path_style else "true",
                "s3.connect-timeout": str(CONNECT_SECONDS),
                "s3.request-timeout": str(REQUEST_SECONDS),
            }
        )

    def for_rust(self) -> dict[str, str]:
        """As options of the client that obstore and Polars share."""
        return given(
            {
                "aws_endpoint": self.endpoint,
                "aws_region": self.region or DEFAULT_REGION,
                "aws_access_key_id": self.access_key,
                "aws_secret_access_key": self.secret_key,
                "aws_virtual_hosted_style_request": "" if self.is_path_style else "true",
            }
        )

    def __repr__(self) -> str:
        return f"S3Options(endpoint={self.endpoint!r}, region={self.region!r})"

    @property
    def is_plain(self) -> bool:
        """Whether the way to it is not encrypted."""
        return self.endpoint.startswith("http://")


def given(values: dict[str, str]) -> dict[str, str]:
    """Those that are not empty."""
    return {name: value for name, value in values.items() if value}


class Bucket(msgspec.Struct, frozen=True):
    """Where the files of a lake in an object store are."""

    location: str
    """`s3://bucket/prefix`, without a slash at its end."""
    options: S3Options
    has_cuts: bool = False
    """Whether cuts lie there, too; in the home otherwise. See `lake.cuts`."""


CREDENTIALS: Final = frozenset(
    f"AWS_{name}"
    for name in (
        *("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"),
        *("ROLE_ARN", "ROLE_SESSION_NAME", "WEB_IDENTITY_TOKEN_FILE"),
        *("CONTAINER_CREDENTIALS_RELATIVE_URI", "CONTAINER_CREDENTIALS_FULL_URI"),
        *("CONTAINER_AUTHORIZATION_TOKEN", "CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        *("EC2_METADATA_DISABLED", "EC2_METADATA_SERVICE_ENDPOINT"),
    )
)
"""Variables of the environment by which the clients find credentials that no setting names."""
TOKEN_FILES: Final = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
"""Those of them that name a file."""


def bucket_of(settings: LakeSettings) -> Bucket | None:
    """The one of `lake.location`; none for a directory."""
    if not settings.location.startswith(SCHEME):
        return None
    options = S3Options(
        settings.s3_endpoint,
        settings.s3_region,
        settings.s3_access_key.shown,
        settings.s3_secret_key.shown,
        settings.s3_path_style,
    )
    return Bucket(settings.location, options, settings.cuts == "lake")
