"""Raw lines to rows: the rules run in Python, line by line; everything by key in Spark."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyspark.sql import Column, DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from .rows import Quarantined, RawLineError, compile_lines
from .silver import columns_of


def read_lines(spark: SparkSession, uris: list[str]) -> DataFrame:
    """`value` (a line) and `object` (the name of its object)."""
    # Lines end at \n alone, and `dt=` in a path is no column.
    lines = spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true").text(uris)
    return lines.select("value", F.element_at(F.split("_metadata.file_path", "/"), -1).alias("object"))


def clean_lines(lines: DataFrame, model: dict[str, Any], feed_name: str, watermark: int) -> DataFrame:
    """One row a raw row: `ind`, the feed's columns and `order_key` of a clean one; `quarantine_key`, `quarantine_body`
    and `order_key` of a refused one; `later` alone, the name of an object with records above the watermark.
    """
    columns = columns_of(model["feeds"][feed_name])
    wire = [("ind", LongType()), *((name, _wire_types[kind]) for name, kind in columns)]
    wire += [("order_key", StringType()), ("quarantine_key", StringType()), ("quarantine_body", BinaryType())]
    schema = StructType([StructField(name, kind) for name, kind in (*wire, ("later", StringType()))])
    cleaned = lines.rdd.mapPartitions(_cleaner(model, feed_name, watermark))
    rows = lines.sparkSession.createDataFrame(cleaned, schema, verifySchema=False)
    return rows.withColumns({name: F.col(f"`{name}`").cast(kind) for name, kind in columns if kind == "timestamp_ntz"})


_wire_types = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "double": DoubleType(),
    "array<double>": ArrayType(DoubleType()),
    # Spark reads the text faster than Python makes a datetime.
    "timestamp_ntz": StringType(),
}


def in_order(rows: DataFrame, feed: dict[str, Any]) -> DataFrame:
    """The distinct rows with `place` (1: of the greatest order key of its post) and `content`.
    A row that two objects hold counts once, because its order key is its coordinate; it is late if it is so in both.
    """
    of_post = Window.partitionBy("ind", "quarantine_key", "later").orderBy(F.desc("order_key"), "is_late")
    again = F.lag("order_key").over(of_post) == F.col("order_key")
    ranked = rows.withColumns({"place": F.row_number().over(of_post), "again": F.coalesce(again, F.lit(False))})
    return ranked.where("NOT again").drop("again").withColumn("content", content(feed))


def content(feed: dict[str, Any]) -> Column:
    """A hash of the clean fields. Which are null goes in by itself: the hash passes over nulls."""
    names = [F.col(f"`{name}`") for name, _ in columns_of(feed)]
    return F.xxhash64(*names, *(name.isNull() for name in names))


def silver_rows(rows: DataFrame, feed: dict[str, Any]) -> DataFrame:
    """The same as rows of the feed's table."""
    arrival = F.timestamp_millis(arrival_of("order_key")).cast("timestamp_ntz")
    names = [F.col(f"`{name}`") for name, _ in columns_of(feed)]
    return rows.select("ind", *names, "order_key", F.lit(feed["rules"]).alias("rules_version"), arrival.alias("arrival"))


def arrival_of(order_key: str) -> Column:
    """Epoch milliseconds."""
    return F.substring(order_key, 1, 13).cast("bigint")


def object_name(order_key: str) -> Column:
    """The name in quarantine of the row with this order key."""
    _, source, topic, partition, offset, position = (F.split(order_key, "#")[index] for index in range(6))
    plain = [F.regexp_replace(digits, "^0+(?=.)", "") for digits in (offset, position)]
    return F.concat(F.concat_ws("~", source, topic, partition, *plain), F.lit(".json"))


def _cleaner(model: dict[str, Any], feed_name: str, watermark: int) -> Callable[[Iterable[Row]], Iterator[tuple]]:
    nothing = (None,) * (1 + len(model["feeds"][feed_name]["columns"]))

    def clean(lines: Iterable[Row]) -> Iterator[tuple]:
        read = compile_lines(model, feed_name, watermark)
        unfinished = set()
        for text, name in lines:
            try:
                rows = read(text)
            except RawLineError as error:
                raise RawLineError(f"{name}: {error}") from error
            if rows is None:
                unfinished.add(name)
                continue
            for order_key, result in rows:
                if type(result) is Quarantined:
                    yield (*nothing, order_key, result.key, result.body, None)
                else:
                    yield (result.ind, *result.fields, order_key, None, None, None)
        for name in unfinished:
            yield (*nothing, None, None, None, name)

    return clean
