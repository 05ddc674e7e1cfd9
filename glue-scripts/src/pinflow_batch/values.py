"""One function a rule kind: the raw value to the clean one. What each does is in model/rules/README.md."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .json_text import number_text, shown
from .refusal import RefusedError

Rule = dict[str, Any]
Cleaner = Callable[[Any], Any]

_count = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?([A-Za-z]?)")
_integer = re.compile(r"(-?[0-9]+)(?:\.0+)?")
_number = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_parts = ("YYYY", "MM", "DD", "hh", "mm", "ss", "fraction")
_after_seconds = r"(?:\.(?P<fraction>[0-9]{1,9}))?(?:Z|\+00:00)?"
_half_pair = re.compile("[\ud800-\udfff]")
_blank = " \t\n\r"
#: Nearer to zero than this is zero: DynamoDB refuses numbers below 1E-130.
_smallest = 1e-100


def text(rule: Rule) -> Cleaner:
    column, nulls, prefix, most = rule["from"], frozenset(rule["null"]), rule["stripPrefix"], rule["maxBytes"]

    def clean(value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is not str:
            raise RefusedError("text", column, f"{column} is {shown(value)}: send a string or null.")
        if value in nulls:
            return None
        kept = value.removeprefix(prefix)
        if kept == "":
            return None
        if kept.isascii():
            size = len(kept)
        elif _half_pair.search(kept):
            raise RefusedError("text", column, f"{column} holds half of a surrogate pair: send whole characters.")
        else:
            size = len(kept) if len(kept) * 4 <= most else len(kept.encode())
        if size > most:
            raise RefusedError("length", column, f"{column} is longer than {most} bytes of UTF-8: shorten it.")
        return kept

    return clean


def count(rule: Rule) -> Cleaner:
    column, nulls, suffixes = rule["from"], frozenset(rule["null"]), rule["suffixes"]
    examples = ", ".join(["437", *(f"1.2{suffix}" for suffix in suffixes)])

    def refused(value: Any) -> RefusedError:
        return RefusedError(
            "count", column, f"{column} is {shown(value)}: send a whole number such as {examples}."
        )

    def clean(value: Any) -> int | None:
        if value is None or value == "":
            return None
        if type(value) is not str:
            return _whole(rule, value, refused)
        if value in nulls:
            return None
        match = _count.fullmatch(value.strip(_blank))
        if match is None:
            raise refused(value)
        sign, whole, fraction, suffix = match.groups()
        power = suffixes.get(suffix) if suffix else 0
        decimals = (fraction or "").rstrip("0")
        if power is None or len(decimals) > power:
            raise refused(value)
        return int(_in_range(rule, float(sign + whole + decimals + "0" * (power - len(decimals)))))

    return clean


def integer(rule: Rule) -> Cleaner:
    column = rule["from"]

    def refused(value: Any) -> RefusedError:
        return RefusedError("integer", column, f"{column} is {shown(value)}: send a whole number.")

    def clean(value: Any) -> int | None:
        if value is None or value == "":
            return None
        if type(value) is not str:
            return _whole(rule, value, refused)
        match = _integer.fullmatch(value.strip(_blank))
        if match is None:
            raise refused(value)
        return int(_in_range(rule, float(match[1])))

    return clean


def number(rule: Rule) -> Cleaner:
    column = rule["from"]

    def clean(value: Any) -> float | None:
        if value is None or value == "":
            return None
        if type(value) is str:
            digits = value.strip(_blank)
            exact = float(digits) if _number.fullmatch(digits) else None
        else:
            exact = float(value) if type(value) in (int, float) else None
        if exact is None:
            raise RefusedError("number", column, f"{column} is {shown(value)}: send a number.")
        # Spark takes no int for a double.
        return float(_in_range(rule, 0.0 if abs(exact) < _smallest else exact))

    return clean


def timestamp(rule: Rule) -> Cleaner:
    """Clean: ISO 8601 with milliseconds and `Z`; further digits of a fraction are cut off."""
    column, formats = rule["from"], rule["formats"]
    patterns = [re.compile(_pattern(each) + _after_seconds) for each in formats]

    def clean(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if type(value) is str:
            moment = value.strip(_blank)
            for pattern in patterns:
                match = pattern.fullmatch(moment)
                if match is None:
                    continue
                year, month, day, hours, minutes, seconds, fraction = match.group(*_parts)
                if _is_date(year, month, day) and hours <= "23" and minutes <= "59" and seconds <= "59":
                    milliseconds = (fraction or "")[:3].ljust(3, "0")
                    return f"{year}-{month}-{day}T{hours}:{minutes}:{seconds}.{milliseconds}Z"
        raise RefusedError(
            "timestamp",
            column,
            f"{column} is {shown(value)}: send a date and time that exists, in UTC, as {' or '.join(formats)}.",
        )

    return clean


cleaners: dict[str, Callable[[Rule], Cleaner]] = {
    "text": text,
    "count": count,
    "integer": integer,
    "number": number,
    "timestamp": timestamp,
}


def _whole(rule: Rule, value: Any, refused: Callable[[Any], RefusedError]) -> int:
    if type(value) is not int and not (type(value) is float and value.is_integer()):
        raise refused(value)
    return int(_in_range(rule, value))


def _in_range(rule: Rule, value: int | float) -> int | float:
    if rule["min"] <= value <= rule["max"]:
        return value or 0
    low, high = number_text(rule["min"]), number_text(rule["max"])
    raise RefusedError("range", rule["from"], f"{rule['from']} is {number_text(value)}: send {low} to {high}.")


def _pattern(form: str) -> str:
    tokens = re.findall(r"YYYY|MM|DD|hh|mm|ss|.", form)
    return "".join(
        f"(?P<{token}>[0-9]{{{len(token)}}})" if len(token) > 1 else re.escape(token) for token in tokens
    )


_days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=16_384)
def _is_date(years: str, months: str, days: str) -> bool:
    """In the proleptic Gregorian calendar, years 1 to 9999."""
    year, month, day = int(years), int(months), int(days)
    if year < 1 or not 1 <= month <= 12 or day < 1:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (29 if month == 2 and leap else _days[month - 1])
