"""The silver tables: one row a post and feed, Iceberg format v2, merged by the order key."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

_int32 = 2**31


def column_type(rule: dict[str, Any]) -> str:
    """The Spark SQL type of a rule's clean values. Timestamps are UTC and without a zone: Athena compares them as they are."""
    if rule["kind"] == "integer":
        return "int" if -_int32 <= rule["min"] and rule["max"] < _int32 else "bigint"
    kinds = {
        "text": "string",
        "concat": "string",
        "count": "bigint",
        "number": "double",
        "timestamp": "timestamp_ntz",
        "array": "array<double>",
    }
    return kinds[rule["kind"]]


def columns_of(feed: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and type of the feed's own columns."""
    return [(column["name"], column_type(column["rule"])) for column in feed["columns"]]


def prepare(spark: SparkSession, table: str, feed: dict[str, Any], buckets: int) -> None:
    """Makes the table where there is none, and the columns that the feed has got since.

    Buckets by post, sorted inside: a MERGE rewrites only the files whose range of posts it meets.
    """
    columns = [("ind", "bigint"), *columns_of(feed)]
    columns += [("order_key", "string"), ("rules_version", "int"), ("arrival", "timestamp_ntz")]
    if spark.catalog.tableExists(table):
        known = spark.table(table).columns
        added = [column for column in columns if column[0] not in known]
        if added:
            spark.sql(f"ALTER TABLE {table} ADD COLUMNS ({_definition(added)})")
        return
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table} ({_definition(columns)}) USING iceberg PARTITIONED BY (bucket({buckets}, ind))"
        " TBLPROPERTIES ('format-version' = '2', 'write.parquet.compression-codec' = 'zstd')"
    )
    spark.sql(f"ALTER TABLE {table} WRITE DISTRIBUTED BY PARTITION LOCALLY ORDERED BY ind")


def _definition(columns: list[tuple[str, str]]) -> str:
    return ", ".join(f"`{name}` {kind}" for name, kind in columns)


def table_id(spark: SparkSession, table: str) -> str:
    """Tells a table from one of the same name made later."""
    iceberg = spark._jvm.org.apache.iceberg.spark.Spark3Util  # type: ignore[union-attr]
    return iceberg.loadIcebergTable(spark._jsparkSession, table).uuid().toString()


def snapshot_id(spark: SparkSession, table: str) -> str | None:
    """Of the state that readers see, as text: it has up to 19 digits. None before the first commit."""
    iceberg = spark._jvm.org.apache.iceberg.spark.Spark3Util  # type: ignore[union-attr]
    snapshot = iceberg.loadIcebergTable(spark._jsparkSession, table).currentSnapshot()
    return None if snapshot is None else str(snapshot.snapshotId())


_newer = "(s.order_key > t.order_key OR (s.order_key = t.order_key AND s.rules_version > t.rules_version))"


def with_news(spark: SparkSession, table: str, rows: DataFrame, rules_version: int) -> DataFrame:
    """The rows, each with `news`: whether its post is not stored, or by a smaller order key, or by older rules."""
    stored = spark.table(table).select("ind", "order_key", "rules_version").alias("t")
    ours = rows.withColumn("rules_version", F.lit(rules_version)).alias("s")
    news = F.col("t.ind").isNull() | F.expr(_newer)
    joined = ours.join(stored, F.expr("s.ind = t.ind"), "left")
    return joined.select("s.*", news.alias("news")).drop("rules_version")


def merge(spark: SparkSession, table: str, rows: DataFrame, low: int, high: int) -> None:
    """Commits a snapshot even when it changes nothing: not to be called for no rows.

    :param rows: the feed's columns, one row a post. :param low, high: of `ind`.
    """
    view = f"changes_{table.rsplit('.', 1)[-1]}"
    # What the feed has no more, such as after a roll-back.
    others = [field for field in spark.table(table).schema if field.name not in rows.columns]
    rows.withColumns({field.name: F.lit(None).cast(field.dataType) for field in others}).createOrReplaceTempView(view)
    # The literal range lets Iceberg leave out files that hold no such posts.
    spark.sql(
        f"MERGE INTO {table} t USING {view} s ON t.ind = s.ind AND t.ind BETWEEN {low} AND {high} "
        f"WHEN MATCHED AND {_newer} THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    spark.catalog.dropTempView(view)
