"""Runs the named queries of a workgroup with boto3, and queries of a file with PyAthena; prints the answers as JSON.

Both find the endpoint as docs/clients.md tells. Arguments: workgroup, database, file ({name: SQL} as JSON).
"""

import json
import sys
import time

import boto3
from pyathena import connect

workgroup, database, file = sys.argv[1:]
athena = boto3.client("athena")
ids = [id for page in athena.get_paginator("list_named_queries").paginate(WorkGroup=workgroup) for id in page["NamedQueryIds"]]
queries = athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]


def with_boto3(query):
    """Rows of texts, the names of the columns first."""
    started = athena.start_query_execution(
        QueryString=query["QueryString"],
        QueryExecutionContext={"Database": query["Database"]},
        WorkGroup=query["WorkGroup"],
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.05)
    assert status["State"] == "SUCCEEDED", status
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    return [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]


def with_pyathena(cursor, sql):
    """Rows of typed values, the names of the columns first."""
    cursor.execute(sql)
    return [[column[0] for column in cursor.description], *map(list, cursor.fetchall())]


with open(file) as opened:
    gold = json.load(opened)
cursor = connect(work_group=workgroup, schema_name=database, poll_interval=0.05).cursor()
print(
    json.dumps(
        {
            "boto3": {query["Name"]: with_boto3(query) for query in queries},
            "pyathena": {name: with_pyathena(cursor, sql) for name, sql in gold.items()},
        },
        default=str,
    )
)
