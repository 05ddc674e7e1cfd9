"""Raw lines to posts: the rules run in Python over Arrow batches, everything by key in Spark."""

from collections.abc import Callable, Iterator
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from .rows import Quarantined, compile_lines
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
    wire = [("ind", "bigint"), *((name, "string" if kind == "timestamp_ntz" else kind) for name, kind in columns)]
    wire += [("order_key", "string"), ("quarantine_key", "string"), ("quarantine_body", "binary"), ("later", "string")]
    schema = ", ".join(f"`{name}` {kind}" for name, kind in wire)
    cleaned = lines.mapInArrow(_cleaner(model, feed_name, watermark), schema)
    moments = {name: F.col(f"`{name}`").cast(kind) for name, kind in columns if kind == "timestamp_ntz"}
    return cleaned.withColumns(moments)


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


def _cleaner(model: dict[str, Any], feed_name: str, watermark: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    width = 1 + len(model["feeds"][feed_name]["columns"])
    kinds = [kind for _, kind in columns_of(model["feeds"][feed_name])]

    def clean(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        arrow = {"int": pa.int32(), "bigint": pa.int64(), "double": pa.float64(), "array<double>": pa.list_(pa.float64())}
        types = [pa.int64(), *(arrow.get(kind, pa.string()) for kind in kinds)]
        types += [pa.string(), pa.string(), pa.binary(), pa.string()]
        read = compile_lines(model, feed_name, watermark)
        nothing = [None] * width
        for batch in batches:
            found = []
            later = set()
            objects = batch.column(1)
            for index, text in enumerate(batch.column(0).to_pylist()):
                rows = read(text)
                if rows is None:
                    later.add(objects[index].as_py())
                    continue
                for row in rows:
                    result = row.result
                    if type(result) is Quarantined:
                        found.append((*nothing, row.order_key, result.key, result.body, None))
                    else:
                        found.append((result.ind, *result.fields, row.order_key, None, None, None))
            found += [(*nothing, None, None, None, name) for name in later]
            columns = zip(*found) if found else ([] for _ in types)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, types)]
            yield pa.RecordBatch.from_arrays(arrays, [str(index) for index in range(len(types))])

    return clean
