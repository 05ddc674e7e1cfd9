"""JSON read and written as JavaScript does it, so that both layers see the same values."""

import json
import re
from decimal import Decimal
from typing import Any


def _number(digits: str) -> int | float:
    # Up to 15 digits are exact either way; beyond, a JSON number is its nearest double.
    return int(digits) if len(digits) < 16 else float(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_int=_number, parse_constant=_no_constant)
_token = re.compile(
    r"[ \t\n\r]*(?:([{}\[\],:])"
    r'|("(?:[^"\\\x00-\x1f]|\\.)*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))'
)
_between = re.compile(r"[ \t\n\r]*[{,:]?[ \t\n\r]*")


def loads(text: str) -> Any:
    """:raises ValueError: when the text is no JSON (RFC 8259). However deeply it is nested."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        return _loads_deep(text)


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8, half surrogate pairs escaped.

    :raises ValueError, RecursionError: when the value holds what JSON has no text for, or is nested too deeply.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def value_text(line: str) -> str:
    """The text of the member `value` of a raw line, whose last member it is, as it stands there."""
    at = 0
    while True:
        name, at = _decoder.raw_decode(line, _between.match(line, at).end())
        if name == "value":
            return line[line.index(":", at) + 1 : line.rindex("}")]
        _, at = _decoder.raw_decode(line, _between.match(line, at).end())


def number_text(value: int | float) -> str:
    """As JavaScript's String(number): shortest digits, exponents from 1e21 and below 1e-6."""
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    exact = Decimal(repr(float(value))).normalize()
    exponent = exact.adjusted()
    if -7 < exponent < 21:
        return format(exact, "f")
    sign, digits, _ = exact.as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{first}{'.' + rest if rest else ''}e{exponent:+d}"


def shown(value: Any) -> str:
    """A value for a message: its JSON, cut to a length that a person reads."""
    if isinstance(value, (dict, list)):
        return "an array" if isinstance(value, list) else "an object"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return number_text(value)
    units = dumps(value).decode().encode("utf-16-le")
    return units.decode("utf-16-le") if len(units) <= 120 else units[:120].decode("utf-16-le", "replace") + "…"


def _loads_deep(text: str) -> Any:
    """Without recursion, slower."""
    holder: list[Any] = []
    stack: list[tuple[Any, Any]] = []  # the containers around, each with the name that the next one has in it
    container: Any = holder
    name: Any = None
    state = "value"
    at = 0
    while stack or not holder:
        match = _token.match(text, at)
        if match is None:
            raise ValueError("not JSON")
        at = match.end()
        mark, scalar = match.groups()
        if state in ("value", "first value") and (scalar is not None or mark in ("{", "[")):
            value = _decoder.decode(scalar) if scalar is not None else {} if mark == "{" else []
            if isinstance(container, dict):
                container[name] = value
            else:
                container.append(value)
            if scalar is not None:
                state = "end"
            else:
                stack.append((container, name))
                container, state = value, "first name" if mark == "{" else "first value"
        elif state in ("name", "first name") and scalar is not None and scalar[0] == '"':
            name, state = _decoder.decode(scalar), "colon"
        elif state == "colon" and mark == ":":
            state = "value"
        elif state == "end" and mark == ",":
            state = "name" if isinstance(container, dict) else "value"
        elif state in ("end", "first name", "first value") and mark == ("}" if isinstance(container, dict) else "]"):
            container, name = stack.pop()
            state = "end"
        else:
            raise ValueError("not JSON")
    if text[at:].strip(" \t\n\r"):
        raise ValueError("not JSON")
    return holder[0]
