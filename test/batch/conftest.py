"""What the tests share: the compiled model and TypeScript's answers (both written by pytest.test.ts), one Spark session
over an Iceberg catalog in a folder, and buckets that are folders."""

import gzip
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from folder_store import FolderStore


def _given(name):
    return json.loads((Path(os.environ["PINFLOW_CASES"]) / name).read_text())


@pytest.fixture(scope="session")
def model():
    return _given("model.json")


@pytest.fixture(scope="session")
def parity_cases():
    return _given("parity.json")


@pytest.fixture(scope="session")
def log_cases():
    return _given("logs.json")


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    warehouse = tmp_path_factory.mktemp("warehouse")
    builder = SparkSession.builder.master("local[2]")
    settings = {
        "spark.driver.memory": "768m",
        "spark.driver.extraClassPath": os.environ["PINFLOW_SPARK_JARS"],
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.glue": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.glue.type": "hadoop",
        "spark.sql.catalog.glue.warehouse": str(warehouse),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


class Lake:
    """The three buckets of one test, and its namespace."""

    def __init__(self, folder: Path, namespace: str):
        from pinflow_batch.run import Stores

        self.stores = Stores(*(FolderStore(folder / name) for name in ("raw", "curated", "quarantine")))
        self.namespace = namespace
        self._landed = 0

    def land(self, feed, lines, date="2026-01-02"):
        """One raw object. :returns: its key."""
        self._landed += 1
        key = f"raw/{feed}/dt={date}/demo.{feed}+0+{self._landed:020d}.jsonl.gz"
        self.stores.raw.write(key, gzip.compress("".join(line + "\n" for line in lines).encode()))
        return key


@pytest.fixture
def lake(spark, tmp_path, request):
    namespace = f"glue.t{abs(hash(request.node.nodeid))}"
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {namespace}")
    yield Lake(tmp_path, namespace)
    for feed in ("pin", "geo", "user"):
        spark.sql(f"DROP TABLE IF EXISTS {namespace}.silver_{feed}")
    shutil.rmtree(tmp_path, ignore_errors=True)
