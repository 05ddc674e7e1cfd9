"""The Glue job beside bare Spark that reads and writes the same: `python bench/batch/glue_job.py model.json 10000 100000`.

Events are spread over the three feeds, the tables are Iceberg in a folder. Bare Spark parses the same lines with a known
schema and appends them to a table of the same layout: no rules, no keys, no duplicates, no counts. Writes one JSON line a
size: {events, bare, job, again, ratio}, the first three {wall, cpu} in seconds; `again` is a re-clean that changes nothing,
`ratio` is job to bare, of the CPU time of Spark and its Python workers where /proc tells it, else of the wall time.
The environment is the job's: README.md in glue-scripts.
"""

import gzip
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from pinflow_batch.rules import source_columns
from pinflow_batch.run import Request, Stores, run
from pinflow_batch.store import Object
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

DAY, ARRIVAL = "2026-01-02", 1_767_312_000_000
LINES_AN_OBJECT = 10_000


class Folder:
    def __init__(self, folder: Path):
        self.folder = folder

    def uri(self, key):
        return f"file:{self.folder / key}"

    def list(self, prefix):
        files = sorted(path for path in (self.folder / prefix).glob("*.gz"))
        return [Object(path.relative_to(self.folder).as_posix(), path.name) for path in files]

    def read(self, key):
        path = self.folder / key
        return path.read_bytes() if path.exists() else None

    def write(self, key, body):
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def delete(self, keys):
        pass


def post(feed, ind, chance):
    if feed == "geo":
        place = {"latitude": round(chance.uniform(-90, 90), 4), "longitude": round(chance.uniform(-180, 180), 3)}
        return {"ind": ind, "timestamp": "2020-08-28T03:52:47", **place, "country": chance.choice(["Albania", "Aruba"])}
    if feed == "user":
        names = {"first_name": chance.choice(["Abigail", "Zoë"]), "last_name": "Ali"}
        return {"ind": ind, **names, "age": chance.randint(18, 60), "date_joined": "2015-10-24T11:23:51"}
    words = [hashlib.md5(str(ind + each).encode()).hexdigest() for each in range(6)]
    return {
        "index": ind, "unique_id": words[0], "title": " ".join(words[:2]), "description": " ".join(words[1:]) + "…",
        "poster_name": words[3], "follower_count": chance.choice(["437", "12k", "1.2k", "3M", "User Info Error"]),
        "tag_list": ",".join(words[2:5]), "is_image_or_video": "image", "image_src": f"https://i.example/{words[5]}.jpg",
        "downloaded": 1, "save_location": "Local save in /data/travel", "category": "travel",
    }  # fmt: skip


def land(folder, feeds, events):
    """About one in ten posts comes twice."""
    chance = random.Random(5)
    for feed in feeds:
        count = events // 3
        for first in range(0, count, LINES_AN_OBJECT):
            path = folder / f"raw/{feed}/dt={DAY}/demo.{feed}+0+{first:020d}.jsonl.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            place = {"source": "kafka", "topic": f"demo.{feed}", "partition": "0"}
            with gzip.open(path, "wt", 1, encoding="utf-8") as file:
                for offset in range(first, min(count, first + LINES_AN_OBJECT)):
                    ind = offset if chance.random() < 0.9 else chance.randrange(count)
                    line = {**place, "offset": str(offset), "timestamp": ARRIVAL + offset, "key": None}
                    file.write(json.dumps(line | {"value": post(feed, ind, chance)}, ensure_ascii=False) + "\n")


def bare(spark, folder, model, namespace):
    for name, feed in model["feeds"].items():
        columns = [feed["key"], *source_columns(feed)]
        value = ", ".join(f"`{column}`: string" for column in columns)
        schema = f"source string, topic string, partition string, offset string, timestamp bigint, value struct<{value}>"
        lines = spark.read.schema(schema).json(f"file:{folder}/raw/{name}/dt={DAY}")
        table = f"{namespace}.bare_{name}"
        spark.sql(
            f"CREATE TABLE {table} (ind bigint, offset string, arrived bigint, {', '.join(f'`{c}` string' for c in columns[1:])}) "
            "USING iceberg PARTITIONED BY (bucket(8, ind)) TBLPROPERTIES ('write.parquet.compression-codec' = 'zstd')"
        )
        values = [F.col(f"value.{column}").alias(column) for column in columns[1:]]
        ind = F.col(f"value.{feed['key']}").cast("bigint").alias("ind")
        lines.select(ind, "offset", F.col("timestamp").alias("arrived"), *values).writeTo(table).append()


def timed(action):
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = action()
    return {"wall": round(time.perf_counter() - wall, 2), "cpu": round(cpu_seconds() - cpu, 2)}, result


def cpu_seconds():
    """Of this process and all below it; 0 without /proc."""
    seconds, children = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        process = int(file.parent.name)
        children.setdefault(int(fields[1]), []).append(process)
        # Its own and its ended children's, in user and system mode.
        seconds[process] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    total, open_processes = 0.0, [os.getpid()]
    while open_processes:
        process = open_processes.pop()
        total += seconds.get(process, 0.0)
        open_processes += children.get(process, [])
    return total


def measure(spark, model, events):
    folder = Path(tempfile.mkdtemp(prefix="pinflow-bench-"))
    namespace = f"glue.e{events}_{time.time_ns()}"
    try:
        land(folder, model["feeds"], events)
        spark.sql(f"CREATE NAMESPACE {namespace}")
        stores = Stores(Folder(folder), Folder(folder / "curated"), Folder(folder / "quarantine"))

        def job(run_id, reclean):
            request = Request(run_id, DAY, DAY, ARRIVAL + 10**8, "bench", namespace, reclean)
            return run(spark, model, stores, request)

        plain, _ = timed(lambda: bare(spark, folder, model, namespace))
        first, result = timed(lambda: job("first", False))
        second, again = timed(lambda: job("again", True))
        assert result["feeds"] == again["feeds"] and result["snapshots"] == again["snapshots"]
        assert sum(feed["rows_in"] for feed in result["feeds"].values()) == events // 3 * 3
        for name in model["feeds"]:
            spark.sql(f"DROP TABLE {namespace}.bare_{name} PURGE")
            spark.sql(f"DROP TABLE {namespace}.silver_{name} PURGE")
        by = "cpu" if plain["cpu"] else "wall"
        ratio = round(first[by] / plain[by], 2)
        return {"events": events, "bare": plain, "job": first, "again": second, "ratio": ratio}
    finally:
        shutil.rmtree(folder)


def session():
    jars = os.environ["PINFLOW_SPARK_JARS"]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.memory": "2g",
        "spark.driver.extraClassPath": jars,
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue.type": "hadoop",
        "spark.sql.catalog.glue.warehouse": tempfile.mkdtemp(prefix="pinflow-warehouse-"),
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main():
    model = json.loads(Path(sys.argv[1]).read_text())
    spark = session()
    warehouse = spark.conf.get("spark.sql.catalog.glue.warehouse")
    try:
        measure(spark, model, 3_000)  # classes loaded, code compiled
        for events in map(int, sys.argv[2:]):
            print(json.dumps(measure(spark, model, events)), flush=True)
    finally:
        spark.stop()
        shutil.rmtree(warehouse)


if __name__ == "__main__":
    main()
