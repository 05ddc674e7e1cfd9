"""The same value for value as the TypeScript interpreter: on every vector and on random records."""

import base64
import json

import pytest

from pinflow_batch.coordinates import CoordinateError, order_key, order_prefix
from pinflow_batch.json_text import loads
from pinflow_batch.rows import Quarantined, RawLineError, compile_lines

from vectors import vectors

FAR = 9_999_999_999_999


def test_every_case_of_typescript(model, parity_cases):
    read = {feed: compile_lines(model, feed, FAR) for feed in model["feeds"]}
    assert len(parity_cases) > 300
    for case in parity_cases:
        rows = [as_typescript(row) for row in read[case["feed"]](case["line"])]
        assert rows == [comparable(row) for row in case["rows"]], case["name"]


def as_typescript(row):
    if not isinstance(row.result, Quarantined):
        return {"orderKey": row.order_key, "ind": row.result.ind, "fields": row.result.fields}
    body = json.loads(row.result.body)
    refusal = {name: body[name] for name in ("rule", "field", "reason")}
    return {"orderKey": row.order_key, "refusal": refusal, "raw": values_of(body["rawBase64"])}


def comparable(row):
    if "refusal" not in row:
        return row
    return {"orderKey": row["orderKey"], "refusal": row["refusal"], "raw": values_of(row["rawBase64"])}


def values_of(raw):
    """Bytes are compared as the values they hold: JavaScript moves names that look like indexes to the front."""
    data = base64.b64decode(raw)
    try:
        return loads(data.decode())
    except ValueError:
        return data


@pytest.mark.parametrize("case", vectors("order-keys"), ids=lambda case: case["written"])
def test_order_keys(case):
    place = case["coordinate"]
    prefix = order_prefix(case["arrivalMs"], place["source"], place["topic"], place["partition"], place["offset"])
    assert order_key(prefix, place["position"]) == case["key"]


@pytest.mark.parametrize(
    "place",
    [
        (-1, "kafka", "t", "0", "1"),
        (1.5, "kafka", "t", "0", "1"),
        (10**13, "kafka", "t", "0", "1"),
        (0, "sqs", "t", "0", "1"),
        (0, "kafka", "a#b", "0", "1"),
        (0, "kafka", "t", "a/b", "1"),
        (0, "kafka", "t", "0", "-1"),
        (0, "kafka", "t", "0", "9" * 57),
    ],
)
def test_no_coordinate(place):
    with pytest.raises(CoordinateError):
        order_prefix(*place)


DEEP = "[" * 100_000 + "]" * 100_000


def raw_line(value):
    place = '"source":"kafka","topic":"t","partition":"0","offset":"1","timestamp":5,"key":"\\"value\\":"'
    return f'{{{place},"value":{value}}}'


def test_deep_nesting_is_refused_and_keeps_its_bytes(model):
    value = f'[{{"ind":1}},{{"a":{DEEP}}}]'
    _, row = compile_lines(model, "geo", FAR)(raw_line(value))
    body = json.loads(row.result.body)
    assert body["rule"] == "shape"
    assert base64.b64decode(body["rawBase64"]) == value.encode()


@pytest.mark.parametrize("text", ["[" * 5000, DEEP + "]", DEEP + "x", "[" * 5000 + "1 2" + "]" * 5000, DEEP[:-1] + "}"])
def test_deep_text_that_is_no_json(text):
    with pytest.raises(ValueError):
        loads(text)


@pytest.mark.parametrize("value", ['{"a": [1, {"b": null}], "c": {}, "a": "\\u00e9"}', " [ ] ", '[true, -1.5e3, "x"]'])
def test_without_recursion_the_same_values(value):
    nested = loads("[" * 5000 + value + "]" * 5000)
    for _ in range(5000):
        nested = nested[0]
    assert nested == json.loads(value)


def test_one_row_keeps_the_text_of_its_record(model):
    (row,) = compile_lines(model, "geo", FAR)(raw_line('[ {"ind": 1.50} ] '))
    assert base64.b64decode(json.loads(row.result.body)["rawBase64"]) == b'[ {"ind": 1.50} ] '


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"value":{}}', raw_line("{}").replace('"0"', '"a/b"')])
def test_a_line_that_no_writer_writes_stops_the_run(model, line):
    with pytest.raises(RawLineError):
        compile_lines(model, "geo", FAR)(line)
