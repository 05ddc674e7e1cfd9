"""A bucket, as far as the job needs one beside Spark's own reading and writing."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Object:
    key: str
    etag: str


class Store(Protocol):
    """Has to survive pickling: executors write with it."""

    def uri(self, key: str) -> str: ...

    def list(self, prefix: str) -> list[Object]: ...

    def read(self, key: str) -> bytes | None:
        """None when there is no such object."""

    def write(self, key: str, body: bytes) -> None: ...

    def delete(self, keys: Iterable[str]) -> None: ...


class S3Store:
    def __init__(self, bucket: str):
        self._bucket = bucket
        self._made: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_bucket": self._bucket, "_made": None}

    @property
    def _client(self) -> Any:
        if self._made is None:
            import boto3
            from botocore.config import Config

            retries = {"mode": "standard", "max_attempts": 8}
            self._made = boto3.client("s3", config=Config(retries=retries, max_pool_connections=writers))
        return self._made

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def list(self, prefix: str) -> list[Object]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [Object(each["Key"], each["ETag"]) for page in pages for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def write(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._client.delete_object(Bucket=self._bucket, Key=key)


def read_uri(uri: str) -> bytes:
    """An object (`s3://bucket/key`), or a file, as Glue's `--extra-files` leaves one in the working directory.

    :raises FileNotFoundError:
    """
    if not uri.startswith("s3://"):
        return Path(uri).read_bytes()
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = S3Store(bucket).read(key)
    if body is None:
        raise FileNotFoundError(f"There is no object {uri}.")
    return body


#: Objects of one task on their way at the same time.
writers = 16


def write_all(store: Store, objects: Iterable[tuple[str, bytes]]) -> int:
    """:returns: how many were written; any that was not raises."""
    with ThreadPoolExecutor(writers) as pool:
        return sum(1 for _ in pool.map(lambda each: store.write(*each), objects))
