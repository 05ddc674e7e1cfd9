"""What a record's bytes hold: a row, an array of rows, or either as JSON text or base64 of it."""

import base64
import re
from typing import Any, NamedTuple

from .json_text import loads
from .refusal import RefusedError

_base64 = re.compile(r"([A-Za-z0-9+/_-]+)={0,2}")
_white_space = re.compile(r"[ \t\r\n]")
_standard = str.maketrans("-_", "+/")


class Json(NamedTuple):
    value: Any


def unwrap_bytes(data: bytes, limits: dict[str, int]) -> list[Any]:
    """:param limits: `unwrap` of the compiled model. :raises RefusedError: the refusal of one row at position 0."""
    text = _utf8(data)
    if text is None:
        raise RefusedError("unwrap", None, "The record is not valid UTF-8: send JSON in UTF-8.")
    parsed = _parsed(text)
    return unwrap_value(text if parsed is None else parsed.value, limits)


def unwrap_value(value: Any, limits: dict[str, int]) -> list[Any]:
    """The same for a record that is JSON, already read."""
    for _ in range(limits["maxLevels"]):
        if type(value) is not str or value == "":
            break
        inner = _parsed(value) or _from_base64(value)
        if inner is None:
            raise _not_json()
        value = inner.value
    if value is None or value == "":
        raise RefusedError("empty", None, "The record is empty: send a row.")
    if type(value) is str:
        raise _not_json()
    if type(value) is not list:
        return [value]
    if len(value) == 0:
        raise RefusedError("empty", None, "The array is empty: send one row or more.")
    most = limits["maxRows"]
    if len(value) > most:
        reason = f"The record holds {len(value)} rows: send at most {most} in one record."
        raise RefusedError("rows", None, reason)
    return value


def _not_json() -> RefusedError:
    reason = "The record holds no JSON object: send a row as an object, as JSON text or as base64 of it."
    return RefusedError("unwrap", None, reason)


def _parsed(text: str) -> Json | None:
    try:
        return Json(loads(text))
    except ValueError:
        return None


def _from_base64(text: str) -> Json | None:
    """Either alphabet, with or without padding, ASCII white space between the characters ignored."""
    match = _base64.fullmatch(_white_space.sub("", text))
    if match is None or len(match[1]) % 4 == 1:
        return None
    digits = match[1].translate(_standard)
    decoded = _utf8(base64.b64decode(digits + "=" * (-len(digits) % 4)))
    return None if decoded is None else _parsed(decoded)


def _utf8(data: bytes) -> str | None:
    """A byte order mark at the start is dropped."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
