"""The S3 server's names, for tests that know them from here; they live in `tests/servers`."""

from tests.servers.s3 import S3Server, bucket, s3_server

__all__ = ["S3Server", "bucket", "s3_server"]
