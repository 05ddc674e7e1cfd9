"""The rules of the compiled model, made into a function of one raw row."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .json_text import shown
from .refusal import Refusal, RefusedError
from .values import Cleaner, cleaners

#: `Number.MAX_SAFE_INTEGER`
_largest = 2**53 - 1


class Cleaned(NamedTuple):
    ind: int
    #: In the order of the feed's columns.
    fields: list[Any]


def compile_feed(feed: dict[str, Any]) -> Callable[[Any], Cleaned | Refusal]:
    """:param feed: one of `feeds` of the compiled model. The function never raises."""
    key, columns = feed["key"], source_columns(feed)
    clean_key = cleaners["integer"]({"from": key, "min": -_largest, "max": _largest})
    clean_columns = [_column(column["rule"]) for column in feed["columns"]]
    every = ", ".join([key, *columns])
    advice = f"A {feed['name']} row has {every}; send each row to the feed it belongs to."

    def check_shape(row: Any) -> None:
        if type(row) is not dict:
            raise RefusedError("object", None, f"The row is {shown(row)}: send an object with {every}.")
        if key not in row:
            raise RefusedError("shape", key, f"{key} is missing. {advice}")
        missing = [column for column in columns if column not in row]
        if len(missing) * 2 > len(columns):
            which = f"{len(missing)} of {len(columns)} columns are missing, {missing[0]} first."
            raise RefusedError("shape", missing[0], f"{which} {advice}")

    def clean(row: Any) -> Cleaned | Refusal:
        try:
            check_shape(row)
            ind = clean_key(row[key])
            if ind is None:
                raise RefusedError("required", key, f"{key} is empty: send the post's number.")
            return Cleaned(ind, [column(row) for column in clean_columns])
        except RefusedError as refused:
            return refused.refusal
        except Exception as error:  # a fault of ours is kept with the row, and stops no other row
            return Refusal("internal", None, f"The cleaning rules failed: {error}. Report it with this row.")

    return clean


def source_columns(feed: dict[str, Any]) -> list[str]:
    """The raw columns of a feed besides its key, in the order of the clean form."""
    rules = [column["rule"] for column in feed["columns"]]
    return [source["from"] for rule in rules for source in rule.get("of", [rule])]


def _column(rule: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    if rule["kind"] == "concat":
        return _concat(rule)
    if rule["kind"] == "array":
        return _array(rule)
    source, clean = _source(rule)
    return lambda row: clean(row.get(source))


def _concat(rule: dict[str, Any]) -> Callable[[dict[str, Any]], str | None]:
    parts, separator = [_source(part) for part in rule["of"]], rule["separator"]

    def clean(row: dict[str, Any]) -> str | None:
        kept = [value for source, part in parts if (value := part(row.get(source))) is not None]
        return separator.join(kept) if kept else None

    return clean


def _array(rule: dict[str, Any]) -> Callable[[dict[str, Any]], list[float] | None]:
    elements = [_source(element) for element in rule["of"]]
    names = " and ".join(source for source, _ in elements)

    def clean(row: dict[str, Any]) -> list[float] | None:
        values = [element(row.get(source)) for source, element in elements]
        missing = [source for (source, _), value in zip(elements, values) if value is None]
        if len(missing) == len(values):
            return None
        if missing:
            raise RefusedError("required", missing[0], f"{missing[0]} is missing: send {names} together, or none.")
        return values

    return clean


def _source(rule: dict[str, Any]) -> tuple[str, Cleaner]:
    """:raises KeyError: when the vocabulary has no such kind of rule."""
    return rule["from"], cleaners[rule["kind"]](rule)
