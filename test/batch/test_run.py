"""The job over Iceberg tables: what it stores, counts, refuses, and leaves alone when it is run again."""

import base64
import json
import re

import pytest

from pinflow_batch import summary
from pinflow_batch.clean import clean_lines, read_lines
from pinflow_batch.rows import RawLineError
from pinflow_batch.run import ArgumentError, Request, run
from pinflow_batch.summary import FeedSummary, MismatchError

DAY = 1_767_312_000_000  # 2026-01-02T00:00:00Z
W = DAY + 80_000_000


def geo(ind=1, country="Albania", **others):
    moment = "2020-08-28T03:52:47"
    return {"ind": ind, "country": country, "latitude": -89.9787, "longitude": 10, "timestamp": moment} | others


def user(ind=1, age=20):
    return {"ind": ind, "first_name": "Abigail", "last_name": "Ali", "age": age, "date_joined": "2015-10-24 11:23:51"}


_offset = iter(range(10**9))


def line(value, at=0, source="kafka", offset=None, **others):
    topic, partition = ("demo.x", "0") if source == "kafka" else ("streaming-demo-x", "shardId-000000000000")
    place = {"source": source, "topic": topic, "partition": partition, "offset": str(next(_offset) if offset is None else offset)}
    return json.dumps(place | {"timestamp": DAY + at, "key": None} | (others or {"value": value}))


_runs = iter(range(10**9))


@pytest.fixture
def batch(spark, model, lake):
    def start(watermark=W, model=model, dates=("2026-01-02", "2026-01-02"), run_id=None, reclean=False):
        request = Request(
            run_id or f"r{next(_runs)}", *dates, watermark, "2026-01-03T00:00:00Z", lake.namespace, reclean, buckets=2
        )
        return run(spark, model, lake.stores, request)["feeds"]

    return start


@pytest.fixture
def table(spark, lake):
    def read(feed):
        rows = spark.table(f"{lake.namespace}.silver_{feed}").orderBy("ind").collect()
        return [row.asDict() for row in rows]

    return read


@pytest.fixture
def snapshots(spark, lake):
    return lambda feed: spark.table(f"{lake.namespace}.silver_{feed}.snapshots").count()


def counts(**given):
    return {**FeedSummary().__dict__, **given}


def quarantined(lake):
    return [json.loads(lake.stores.quarantine.read(each.key)) for each in lake.stores.quarantine.list("")]


def test_vectors_through_spark(spark, model, parity_cases, tmp_path):
    for feed in model["feeds"]:
        cases = [case for case in parity_cases if case["feed"] == feed]
        file = tmp_path / "lines.jsonl"
        file.write_text("".join(case["line"] + "\n" for case in cases), encoding="utf-8")
        rows = clean_lines(read_lines(spark, [file.as_uri()]), model, feed, 10**13).collect()
        names = [column["name"] for column in model["feeds"][feed]["columns"]]
        found = [(row.ind, *(plain(row[name]) for name in names)) for row in rows if row.ind is not None]
        expected = [row for case in cases for row in case["rows"]]
        assert found == [(row["ind"], *row["fields"]) for row in expected if "ind" in row]
        assert sum(row.quarantine_key is not None for row in rows) == sum("refusal" in row for row in expected)


def plain(value):
    return value.isoformat(timespec="milliseconds") + "Z" if hasattr(value, "isoformat") else value


def test_posts_land_in_silver_as_the_rules_say(lake, batch, table):
    lake.land("geo", [line(geo(7))])
    lake.land("user", [line(json.dumps([user(7), user(8, "31")]), at=5)])

    feeds = batch()

    assert feeds["geo"] == counts(records=1, rows_in=1, applied=1)
    assert feeds["user"] == counts(records=1, rows_in=2, applied=2)
    assert feeds["pin"] == counts()
    (row,) = table("geo")
    assert list(row) == ["ind", "country", "coordinates", "timestamp", "order_key", "rules_version", "arrival"]
    assert row["coordinates"] == [-89.9787, 10.0]
    assert row["timestamp"].isoformat() == "2020-08-28T03:52:47"
    assert row["arrival"].isoformat() == "2026-01-02T00:00:00"
    assert row["order_key"].startswith(f"{DAY}#kafka#demo.x#0#000") and row["rules_version"] == 1
    assert [each["age"] for each in table("user")] == [20, 31]


def test_a_run_that_finds_nothing_new_commits_nothing(lake, batch, snapshots):
    lake.land("geo", [line(geo(1)), line(geo(2)), line(geo(3, latitude=91))])
    first = batch()
    before = snapshots("geo")

    assert batch()["geo"] == counts()
    again = batch(reclean=True)

    assert again == first
    assert first["geo"] == counts(records=3, rows_in=3, applied=2, quarantined=1)
    assert snapshots("geo") == before == 1


def test_a_run_id_is_run_once(lake, batch):
    lake.land("geo", [line(geo(1))])
    first = batch(run_id="daily-2026-01-02")
    lake.land("geo", [line(geo(2))])
    assert batch(run_id="daily-2026-01-02") == first


def test_the_greatest_order_key_wins_and_every_row_has_one_fate(lake, batch, table):
    rows = [line(geo(1, "A"), at=1), line(geo(1, "B"), at=3), line(geo(1, "B"), at=2)]
    lake.land("geo", [*rows, line(geo(1, "B"), at=3, source="kinesis", offset=49)])

    assert batch()["geo"] == counts(records=4, rows_in=4, applied=1, duplicate=2, superseded=1)
    (row,) = table("geo")
    assert "#kinesis#" in row["order_key"]  # of two arrivals in one millisecond: kinesis sorts after kafka


def test_of_a_log_the_same_becomes_as_in_the_speed_layer(lake, batch, table, model, log_cases):
    middle = [len(case["objects"]) // 2 for case in log_cases]
    for case, half in zip(log_cases, middle):
        for lines in case["objects"][:half]:
            lake.land(case["feed"], lines)
    batch(watermark=DAY + 5)
    for case, half in zip(log_cases, middle):
        for lines in case["objects"][half:]:
            lake.land(case["feed"], lines)

    batch()
    again = batch(reclean=True)

    keys = [each.key for each in lake.stores.quarantine.list("")]
    for case in log_cases:
        feed = case["feed"]
        names = [column["name"] for column in model["feeds"][feed]["columns"]]
        assert again[feed] == counts(**case["counts"])
        assert [(row["ind"], row["order_key"], [plain(row[name]) for name in names]) for row in table(feed)] == [
            (row["ind"], row["orderKey"], row["fields"]) for row in case["silver"]
        ]
        assert [key for key in keys if f"/{feed}/" in key] == case["quarantined"]


def test_a_correction_replaces_and_an_older_row_does_not(lake, batch, table):
    lake.land("geo", [line(geo(1, "old"), at=10)])
    batch()
    lake.land("geo", [line(geo(1, "new"), at=20)])
    assert batch()["geo"]["applied"] == 1
    lake.land("geo", [line(geo(1, "older"), at=5)])
    last = batch()["geo"]
    assert (last["applied"], last["superseded"]) == (0, 1)
    assert [row["country"] for row in table("geo")] == ["new"]


def test_a_coordinate_in_two_objects_counts_once(lake, batch):
    twice = [line(geo(1), offset=5_000_000), line("nonsense", offset=5_000_001)]
    lake.land("geo", twice)
    lake.land("geo", [*twice, line(geo(2), offset=5_000_002)])
    assert batch()["geo"] == counts(records=3, rows_in=3, applied=2, quarantined=1)


def test_a_partial_day_is_finished_by_the_next_run(lake, batch, table):
    lake.land("geo", [line(geo(1), at=10), line(geo(2), at=1000)])
    assert batch(watermark=DAY + 500)["geo"] == counts(records=1, rows_in=1, applied=1)

    assert batch()["geo"] == counts(records=2, rows_in=2, applied=2)
    assert [row["ind"] for row in table("geo")] == [1, 2]
    assert batch()["geo"] == counts()


def test_what_lands_below_the_last_watermark_is_late(lake, batch, table):
    batch(watermark=DAY + 500)
    lake.land("geo", [line(geo(1), at=400), line(geo(2), at=600)])

    feeds = batch()

    assert feeds["geo"] == counts(records=2, rows_in=2, applied=2, late=1)
    assert len(table("geo")) == 2


def test_dates_outside_the_range_wait(lake, batch, table):
    lake.land("geo", [line(geo(1))])
    lake.land("geo", [line(geo(2), at=-1000)], date="2026-01-01")
    batch()
    assert [row["ind"] for row in table("geo")] == [1]
    assert batch(dates=("2026-01-01", "2026-01-03"))["geo"] == counts(records=1, rows_in=1, applied=1)
    assert batch(dates=("2027-01-01", "2027-01-03"))["geo"] == counts()


def test_what_a_rule_refuses_is_kept_as_the_speed_layer_keeps_it(lake, batch):
    lake.land("geo", [line([geo(1), {"name": "Maya"}], offset=9), line(None, offset=10, valueBase64="aGVsbG8=")])

    assert batch()["geo"]["quarantined"] == 2

    keys = [each.key for each in lake.stores.quarantine.list("")]
    folder = "quarantine/batch/geo/dt=2026-01-02"
    assert keys == [f"{folder}/kafka~demo.x~0~10~0.json", f"{folder}/kafka~demo.x~0~9~1.json"]
    unwrapped, shape = quarantined(lake)
    assert base64.b64decode(unwrapped["rawBase64"]) == b"hello"
    assert base64.b64decode(shape["rawBase64"]) == b'{"name":"Maya"}'
    assert shape.pop("quarantinedAt").endswith("Z")
    assert list(shape) == ["coordinate", "feed", "arrival", "rule", "field", "reason", "rulesVersion", "rawBase64"]
    assert shape["coordinate"] == {"source": "kafka", "topic": "demo.x", "partition": "0", "offset": "9", "position": 1}
    assert (shape["feed"], shape["arrival"], shape["rule"], shape["field"], shape["rulesVersion"]) == (
        "geo", "2026-01-02T00:00:00.000Z", "shape", "ind", 1,
    )  # fmt: skip


def test_new_rules_clean_again_and_free_what_they_accept(lake, batch, table, model):
    lake.land("geo", [line(geo(1, "x")), line(geo(2, latitude=95)), line("nonsense")])
    assert batch()["geo"]["quarantined"] == 2
    newer = json.loads(json.dumps(model)) | {"hash": "newer"}
    newer["feeds"]["geo"]["rules"] = 2
    newer["feeds"]["geo"]["columns"][1]["rule"]["of"][0]["max"] = 100
    newer["feeds"]["geo"]["columns"][0]["rule"]["null"] = ["x"]

    assert batch(model=newer)["geo"] == counts(records=3, rows_in=3, applied=2, quarantined=1)

    assert [(row["ind"], row["country"], row["rules_version"]) for row in table("geo")] == [(1, None, 2), (2, "Albania", 2)]
    assert [each["rule"] for each in quarantined(lake)] == ["unwrap"]
    assert batch(model=newer)["geo"] == counts()


def test_a_column_that_a_feed_gets_is_in_silver_and_one_that_it_loses_is_null(lake, batch, table, model):
    lake.land("geo", [line(geo(1, city="Tirana")), line(geo(2))])
    batch()
    newer = json.loads(json.dumps(model)) | {"hash": "newer"}
    newer["feeds"]["geo"]["rules"] = 2
    country = newer["feeds"]["geo"]["columns"][0]["rule"]
    newer["feeds"]["geo"]["columns"].append({"name": "city", "rule": country | {"from": "city"}})

    assert batch(model=newer)["geo"] == counts(records=2, rows_in=2, applied=2)
    assert [(row["ind"], row["city"], row["rules_version"]) for row in table("geo")] == [(1, "Tirana", 2), (2, None, 2)]

    lake.land("geo", [line(geo(1, "Albania", city="Tirana"), at=1), line(geo(3), at=1)])
    assert batch()["geo"] == counts(records=4, rows_in=4, applied=3, duplicate=1, late=2)
    assert [(row["ind"], row["city"], row["rules_version"]) for row in table("geo")] == [
        (1, None, 1), (2, None, 2), (3, None, 1),
    ]  # fmt: skip


def test_a_dropped_table_is_made_again_from_raw(spark, lake, batch, table):
    lake.land("geo", [line(geo(1))])
    batch()
    spark.sql(f"DROP TABLE {lake.namespace}.silver_geo")
    batch()
    assert len(table("geo")) == 1


def test_rows_that_do_not_add_up_fail_the_run(lake, batch, monkeypatch):
    monkeypatch.setattr("pinflow_batch.silver.merge", lambda *_: None)
    lake.land("geo", [line(geo(1))])
    with pytest.raises(MismatchError, match="geo: 1 rows came in"):
        batch(run_id="torn")
    assert lake.stores.curated.list("runs/") == []
    monkeypatch.undo()
    assert batch(run_id="torn")["geo"]["applied"] == 1


def test_a_damaged_object_fails_the_run_and_is_named(lake, batch):
    key = lake.land("geo", ['{"value":'])
    name = re.escape(key.split("/")[-1])
    with pytest.raises(Exception, match=rf"{RawLineError.__name__}: {name}: A raw line is no record"):
        batch()


@pytest.mark.parametrize("dates", [("2026-01-02", "2026-01-01"), ("2026-13-01", "2026-13-01"), ("x", "y")])
def test_dates_that_are_none_are_refused(batch, dates):
    with pytest.raises(ArgumentError):
        batch(dates=dates)


def test_metric_lines_are_emf():
    (text,) = summary.metric_lines({"pin": counts(records=3, late=2)})
    metric = json.loads(text)
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["feed", "function"]]
    assert (metric["feed"], metric["function"], metric["RecordsIn"], metric["LateLanded"]) == ("pin", "batch", 3, 2)
