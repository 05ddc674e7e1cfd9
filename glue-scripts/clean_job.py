"""Glue 5.1 entry of the clean step: arguments in, `pinflow_batch.run`, summary and metrics out. See README.md here."""

import json
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pinflow_batch import summary
from pinflow_batch.run import Request, Stores, run
from pinflow_batch.store import S3Store, read_uri
from pyspark.context import SparkContext

ARGUMENTS = [
    "JOB_NAME", "model", "raw_bucket", "curated_bucket", "quarantine_bucket", "database",
    "from_date", "to_date", "run_id", "watermark", "logical_date",
]  # fmt: skip
OPTIONAL = {"reclean": "false", "catalog": "glue"}


def main() -> None:
    given = [name for name in OPTIONAL if any(each.split("=")[0] == f"--{name}" for each in sys.argv)]
    options = OPTIONAL | getResolvedOptions(sys.argv, ARGUMENTS + given)
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(options["JOB_NAME"], options)
    stores = Stores(*(S3Store(options[f"{name}_bucket"]) for name in ("raw", "curated", "quarantine")))
    request = Request(
        run_id=options["run_id"],
        from_date=options["from_date"],
        to_date=options["to_date"],
        watermark=int(options["watermark"]),
        logical_date=options["logical_date"],
        namespace=f"{options['catalog']}.{options['database']}",
        reclean=options["reclean"] == "true",
    )
    result = run(glue.spark_session, json.loads(read_uri(options["model"])), stores, request)
    for line in summary.metric_lines(result["feeds"]):
        print(line)
    print(json.dumps(result), flush=True)
    job.commit()


if __name__ == "__main__":
    main()
