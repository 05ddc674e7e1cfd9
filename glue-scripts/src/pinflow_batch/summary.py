"""What became of every row that a run read, counted against what silver and quarantine hold afterwards."""

import json
import time
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from .clean import content


class MismatchError(Exception):
    """The rows do not add up."""


@dataclass(frozen=True)
class FeedSummary:
    records: int = 0
    rows_in: int = 0
    applied: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0
    #: Of `rows_in`: those that landed below the watermark of an earlier run after it.
    late: int = 0


def summarize(
    spark: SparkSession, posts: DataFrame, table: str, feed: dict[str, Any], quarantined: int
) -> FeedSummary:
    """:param quarantined: objects written for refused rows."""
    stored = spark.table(table).select(
        F.col("ind").alias("stored_ind"), F.col("order_key").alias("stored_key"), content(feed).alias("stored_content")
    )
    joined = posts.where("later IS NULL").join(stored, F.col("ind") == F.col("stored_ind"), "left")
    smaller = "row.order_key < stored_key"
    count = "coalesce(sum(size(filter(seen, row -> {}))), 0)"
    records, rows_in, applied, duplicate, superseded, late = joined.agg(
        F.expr(count.format("row.order_key LIKE '%#000000'")),
        F.expr(count.format("true")),
        F.expr(count.format("row.order_key = stored_key")),
        F.expr(count.format(f"{smaller} AND row.content = stored_content")),
        F.expr(count.format(f"{smaller} AND row.content <> stored_content")),
        F.expr("coalesce(sum(size(late)), 0)"),
    ).first()
    return FeedSummary(records, rows_in, applied, duplicate, superseded, quarantined, late)


def check(feeds: dict[str, FeedSummary]) -> None:
    """:raises MismatchError: when a row is in the log and nowhere else, or twice."""
    for name, feed in feeds.items():
        parts = feed.applied + feed.duplicate + feed.superseded + feed.quarantined
        if parts != feed.rows_in:
            raise MismatchError(
                f"{name}: {feed.rows_in} rows came in, but applied {feed.applied} + duplicate {feed.duplicate} + "
                f"superseded {feed.superseded} + quarantined {feed.quarantined} is {parts}. Silver may hold more than "
                "it did; running the same dates again is safe."
            )


def metric_lines(feeds: dict[str, dict[str, int]]) -> list[str]:
    """:param feeds: of a run's summary.

    CloudWatch embedded metric format, one line a feed, with the names of the speed layer's metrics.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    names = {
        "records": "RecordsIn",
        "rows_in": "RowsIn",
        "applied": "RowsApplied",
        "duplicate": "RowsDuplicate",
        "superseded": "RowsSuperseded",
        "quarantined": "RowsQuarantined",
        "late": "LateLanded",
    }
    metrics = [{"Name": name, "Unit": "Count"} for name in names.values()]
    directive = {"Namespace": "Pinflow", "Dimensions": [["feed", "function"]], "Metrics": metrics}
    aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return [
        json.dumps(
            {"_aws": aws, "feed": feed, "function": "batch"}
            | {names[count]: value for count, value in counts.items()}
        )
        for feed, counts in feeds.items()
    ]
