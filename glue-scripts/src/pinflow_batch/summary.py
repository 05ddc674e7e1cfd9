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


def summarize(spark: SparkSession, rows: DataFrame, table: str, feed: dict[str, Any], quarantined: int) -> FeedSummary:
    """:param rows: of `clean.in_order`. :param quarantined: objects written for refused rows."""
    stored = spark.table(table).select("ind", F.col("order_key").alias("stored"), content(feed).alias("stored_content"))
    ours = rows.where("later IS NULL").select("ind", "order_key", "content", "is_late")
    same = "order_key < stored AND content {} stored_content"
    counted = ours.join(stored, "ind", "left").agg(
        F.expr("count_if(order_key LIKE '%#000000')"),
        F.count("*"),
        F.expr("count_if(order_key = stored)"),
        F.expr(f"count_if({same.format('=')})"),
        F.expr(f"count_if({same.format('<>')})"),
        F.expr("count_if(is_late)"),
    )
    records, rows_in, applied, duplicate, superseded, late = counted.first()
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
