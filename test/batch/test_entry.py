"""The entry under the awsglue of local/: arguments in, metrics and summary out."""

import json
import os
import runpy
import sys
from pathlib import Path

import pytest
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import GlueArgumentError, getResolvedOptions

ENTRY = Path(__file__).parents[2] / "glue-scripts" / "clean_job.py"


def arguments(**changed):
    given = {
        "JOB_NAME": "clean", "model": f"{os.environ['PINFLOW_CASES']}/model.json", "raw_bucket": "raw",
        "curated_bucket": "curated", "quarantine_bucket": "quarantine", "database": "entry", "from_date": "2026-01-02",
        "to_date": "2026-01-02", "run_id": "r", "watermark": "1767312000000", "logical_date": "2026-01-03",
    } | changed  # fmt: skip
    return [part for name, value in given.items() for part in (f"--{name}", value)]


def test_a_run_prints_metrics_and_ends_with_its_summary(spark, lake, monkeypatch, capsys):
    stores = {"raw": lake.stores.raw, "curated": lake.stores.curated, "quarantine": lake.stores.quarantine}
    monkeypatch.setattr("pinflow_batch.store.S3Store", stores.__getitem__)
    database = lake.namespace.removeprefix("glue.")
    monkeypatch.setattr(sys, "argv", [str(ENTRY), *arguments(database=database), "--job-bookmark-option", "none"])

    runpy.run_path(str(ENTRY), run_name="__main__")

    *metrics, summary = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["feed"] for line in metrics] == ["pin", "geo", "user"]
    assert json.loads(summary)["feeds"]["pin"]["rows_in"] == 0
    assert json.loads(lake.stores.curated.read("runs/r/summary.json")) == json.loads(summary)


def test_a_missing_argument_is_named():
    with pytest.raises(GlueArgumentError, match="--to"):
        getResolvedOptions(["job", "--from", "x"], ["from", "to"])


def test_what_glue_has_and_we_do_not_use_is_not_there(spark):
    context = GlueContext(spark.sparkContext)
    with pytest.raises(AttributeError):
        context.create_dynamic_frame
    with pytest.raises(RuntimeError):
        Job(context).commit()
