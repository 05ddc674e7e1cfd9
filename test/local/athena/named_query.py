"""Runs the named query of the workgroup `work` and prints its rows as JSON."""

import json
import sys
import time

import boto3

athena = boto3.client("athena")
ids = athena.list_named_queries(WorkGroup="work")["NamedQueryIds"]
queries = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]
query = next(query for query in queries if query["Name"] == sys.argv[1])
started = athena.start_query_execution(
    QueryString=query["QueryString"],
    QueryExecutionContext={"Database": query["Database"]},
    WorkGroup=query["WorkGroup"],
)["QueryExecutionId"]
while True:
    status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
    if status["State"] not in ("QUEUED", "RUNNING"):
        break
    time.sleep(0.1)
assert status["State"] == "SUCCEEDED", status
pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
print(json.dumps([[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]))
