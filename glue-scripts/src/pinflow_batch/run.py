"""One run of the clean step: raw lines of a range of arrival dates, up to a watermark, into silver and quarantine."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from . import clean, ledger, silver, summary
from .store import Store, write_all
from .summary import FeedSummary


class ArgumentError(Exception):
    """What was asked for cannot be run."""


@dataclass(frozen=True)
class Stores:
    raw: Store
    curated: Store
    quarantine: Store


@dataclass(frozen=True)
class Request:
    run_id: str
    #: Arrival dates, UTC, both included: `YYYY-MM-DD`.
    from_date: str
    to_date: str
    #: Epoch ms; records that arrived later are left to a later run.
    watermark: int
    #: What the schedule calls this run; told in the summary.
    logical_date: str
    #: `catalog.database` of the silver tables.
    namespace: str
    #: Read also what earlier runs have read.
    reclean: bool = False
    #: Of a silver table, when it is made.
    buckets: int = 8


def run(spark: SparkSession, model: dict[str, Any], stores: Stores, request: Request) -> dict[str, Any]:
    """Writes silver, quarantine and `runs/{run_id}/summary.json`, and returns the summary. Doing it again is safe; a run
    that came to its end is not done again.

    :raises ArgumentError, MismatchError, RawLineError:
    """
    dates = _dates(request)
    key = f"runs/{request.run_id}/summary.json"
    done = stores.curated.read(key)
    if done is not None:
        return json.loads(done)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    finished = [_FeedRun(spark, model, stores, request, name, dates) for name in model["feeds"]]
    # Most of a small run is planning, which one feed need not wait for in another.
    with ThreadPoolExecutor(len(finished)) as pool:
        feeds = dict(zip(model["feeds"], pool.map(_FeedRun.run, finished)))
    summary.check(feeds)
    result = {
        **{name: getattr(request, name) for name in ("run_id", "logical_date", "from_date", "to_date", "watermark")},
        "model": model["hash"],
        "snapshots": {each.table_name: silver.snapshot_id(spark, each.table) for each in finished},
        "feeds": {name: asdict(counts) for name, counts in feeds.items()},
    }
    stores.curated.write(key, json.dumps(result, indent=2).encode())
    for each in finished:
        each.save_ledgers()
    return result


class _FeedRun:
    def __init__(
        self, spark: SparkSession, model: dict[str, Any], stores: Stores, request: Request, name: str, dates: list[str]
    ):
        self.spark, self.model, self.stores, self.request, self.name, self.dates = (
            spark, model, stores, request, name, dates,
        )  # fmt: skip
        self.feed = model["feeds"][name]
        self.table_name = f"silver_{name}"
        self.table = f"{request.namespace}.{self.table_name}"
        self.unread: dict[str, list[ledger.Unread]] = {}
        self.ledgers: dict[str, ledger.Ledger] = {}
        self.incomplete: set[str] = set()
        self.table_id = ""

    def run(self) -> FeedSummary:
        request = self.request
        silver.prepare(self.spark, self.table, self.feed, request.buckets)
        self.table_id = silver.table_id(self.spark, self.table)
        for day in self.dates:
            self.ledgers[day] = ledger.load(self.stores.curated, self.name, day)
            objects = self.stores.raw.list(f"raw/{self.name}/dt={day}/")
            self.unread[day] = ledger.unread(
                self.ledgers[day], objects, self.model["hash"], self.table_id, request.reclean
            )
        groups = self._by_lateness()
        if not groups:
            return FeedSummary()
        # Not persist(): Spark computes a cached plan again once a table in it, silver, is written.
        return self._store(self._rows(groups).localCheckpoint())

    def save_ledgers(self) -> None:
        for day in self.dates:
            ledger.save(
                self.stores.curated, self.name, day, self.ledgers[day],
                model=self.model["hash"], table=self.table_id, watermark=self.request.watermark,
                read=[each.object for each in self.unread[day]], incomplete=self.incomplete,
            )  # fmt: skip

    def _by_lateness(self) -> dict[int, list[str]]:
        groups: dict[int, list[str]] = {}
        for each in (each for found in self.unread.values() for each in found):
            groups.setdefault(each.late_up_to, []).append(self.stores.raw.uri(each.object.key))
        return groups

    def _rows(self, groups: dict[int, list[str]]) -> DataFrame:
        parts = []
        for late_up_to, uris in groups.items():
            lines = clean.read_lines(self.spark, uris)
            part = clean.clean_lines(lines, self.model, self.name, self.request.watermark)
            parts.append(part.withColumn("is_late", clean.arrival_of("order_key") <= late_up_to))
        rows = silver.with_news(self.spark, self.table, reduce(DataFrame.unionByName, parts), self.feed["rules"])
        return clean.in_order(rows, self.feed)

    def _store(self, rows: DataFrame) -> FeedSummary:
        changed = rows.where("ind IS NOT NULL AND place = 1 AND news")
        changes = F.when(F.expr("place = 1 AND news"), F.col("ind"))
        low, high, refused, incomplete = rows.agg(
            F.min(changes), F.max(changes), F.count("quarantine_key"), F.collect_set("later")
        ).first()
        self.incomplete = set(incomplete)
        if low is not None:
            silver.merge(self.spark, self.table, clean.silver_rows(changed, self.feed), low, high)
        quarantined = self._quarantine(rows) if refused else 0
        self._release(rows)
        return summary.summarize(self.spark, rows, self.table, self.feed, quarantined)

    def _quarantine(self, rows: DataFrame) -> int:
        refused = rows.where("quarantine_key IS NOT NULL").select("quarantine_key", "quarantine_body")
        store = self.stores.quarantine

        def write(part: Iterable[Row]) -> Iterable[int]:
            yield write_all(store, ((key, bytes(body)) for key, body in part))

        return refused.rdd.mapPartitions(write).sum()

    def _release(self, rows: DataFrame) -> None:
        """What an earlier run refused and this one stored leaves quarantine."""
        store = self.stores.quarantine
        kept = [each.key for day in self.dates for each in store.list(f"quarantine/batch/{self.name}/dt={day}/")]
        if not kept:
            return
        names = self.spark.createDataFrame([(key, key.rsplit("/", 1)[-1]) for key in kept], "key string, name string")
        stored = rows.where("ind IS NOT NULL").select(clean.object_name("order_key").alias("name"))
        found = stored.join(F.broadcast(names), "name")
        store.delete([row.key for row in found.select("key").collect()])


def _dates(request: Request) -> list[str]:
    try:
        first, last = date.fromisoformat(request.from_date), date.fromisoformat(request.to_date)
    except ValueError as error:
        raise ArgumentError(f"{error}: write arrival dates as YYYY-MM-DD.") from error
    if last < first:
        raise ArgumentError(f"from_date {first} is after to_date {last}.")
    return [(first + timedelta(days)).isoformat() for days in range((last - first).days + 1)]
