"""The rows of one raw line: each with its order key, and its clean form or the object that goes to quarantine."""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

from . import json_text
from .coordinates import CoordinateError, order_key, order_prefix
from .refusal import Refusal, RefusedError
from .rules import Cleaned, compile_feed
from .unwrap import unwrap_bytes, unwrap_value


class RawLineError(Exception):
    """A line that no writer of ours writes: the objects are damaged, which no row may hide."""


class Quarantined(NamedTuple):
    key: str
    body: bytes


class Row(NamedTuple):
    order_key: str
    result: Cleaned | Quarantined


def compile_lines(model: dict[str, Any], feed_name: str, watermark: int) -> Callable[[str], list[Row] | None]:
    """:param watermark: epoch ms; of a record that arrived later the function makes None. It raises RawLineError."""
    feed = model["feeds"][feed_name]
    clean = compile_feed(feed)
    limits = model["unwrap"]

    def read(text: str) -> list[Row] | None:
        line = _loads(text)
        if line["timestamp"] > watermark:
            return None
        return list(rows_of(line, text))

    def rows_of(line: dict[str, Any], text: str) -> Iterator[Row]:
        prefix = _prefix(line, text)
        try:
            rows = _unwrapped(line, limits)
        except RefusedError as refused:
            body = quarantined(line, 0, refused.refusal, lambda: _record_bytes(line, text))
            yield Row(order_key(prefix, 0), body)
            return
        for position, row in enumerate(rows):
            result = clean(row)
            if type(result) is Refusal:
                alone = len(rows) == 1
                raw = (lambda: _record_bytes(line, text)) if alone else (lambda: _row_bytes(row, line, text))
                result = quarantined(line, position, result, raw)
            yield Row(order_key(prefix, position), result)

    def quarantined(line: dict[str, Any], position: int, refusal: Refusal, raw: Callable[[], bytes]) -> Quarantined:
        arrival = _iso(line["timestamp"] / 1000)
        coordinate = {name: line[name] for name in ("source", "topic", "partition", "offset")} | {"position": position}
        body = {
            "coordinate": coordinate,
            "feed": feed_name,
            "arrival": arrival,
            "rule": refusal.rule,
            "field": refusal.field,
            "reason": refusal.reason,
            "rulesVersion": feed["rules"],
            "quarantinedAt": _iso(datetime.now(timezone.utc).timestamp()),
            "rawBase64": base64.b64encode(raw()).decode("ascii"),
        }
        name = "~".join(str(part) for part in coordinate.values())
        return Quarantined(f"quarantine/batch/{feed_name}/dt={arrival[:10]}/{name}.json", json_text.dumps(body))

    return read


def _loads(text: str) -> dict[str, Any]:
    try:
        line = json_text.loads(text)
        line["timestamp"] + 0
        return line
    except (ValueError, TypeError, KeyError) as error:
        raise RawLineError(f"A raw line is no record ({error}): {text[:200]}") from error


def _prefix(line: dict[str, Any], text: str) -> str:
    try:
        return order_prefix(line["timestamp"], line["source"], line["topic"], line["partition"], line["offset"])
    except (CoordinateError, KeyError, TypeError) as error:
        raise RawLineError(f"A raw line has no place in a log ({error}): {text[:200]}") from error


def _unwrapped(line: dict[str, Any], limits: dict[str, int]) -> list[Any]:
    if "valueBase64" in line:
        return unwrap_bytes(base64.b64decode(line["valueBase64"]), limits)
    return unwrap_value(line.get("value"), limits)


def _record_bytes(line: dict[str, Any], text: str) -> bytes:
    if "valueBase64" in line:
        return base64.b64decode(line["valueBase64"])
    return json_text.value_text(text).encode() if "value" in line else b""


def _row_bytes(row: Any, line: dict[str, Any], text: str) -> bytes:
    """An element that is no object stays in an array of its own; what cannot be written again stays in its record."""
    try:
        return json_text.dumps(row if type(row) is dict else [row])
    except (ValueError, RecursionError):
        return _record_bytes(line, text)


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
