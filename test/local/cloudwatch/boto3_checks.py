"""CloudWatch by boto3. Prints what was read, as JSON."""
import datetime
import json

import boto3
import botocore.exceptions

client = boto3.client('cloudwatch')
now = datetime.datetime.now(datetime.timezone.utc)
client.put_metric_data(Namespace='Py', MetricData=[{'MetricName': 'P', 'Value': 2.5, 'Timestamp': now, 'Unit': 'Count'}])
span = {'StartTime': now - datetime.timedelta(hours=1), 'EndTime': now + datetime.timedelta(minutes=1)}
metric = {'Namespace': 'Py', 'MetricName': 'P'}
data = client.get_metric_data(
    MetricDataQueries=[
        {'Id': 'm', 'MetricStat': {'Metric': metric, 'Period': 60, 'Stat': 'Sum'}, 'ReturnData': False},
        {'Id': 'e', 'Expression': 'm * 2'},
    ],
    **span,
)
statistics = client.get_metric_statistics(Period=60, Statistics=['Maximum'], ExtendedStatistics=['p90'], **metric, **span)
alarms = [alarm for page in client.get_paginator('describe_alarms').paginate() for alarm in page['MetricAlarms']]
try:
    client.get_dashboard(DashboardName='none')
except botocore.exceptions.ClientError as error:
    missing = error.response['Error']['Code']
print(json.dumps({
    'values': data['MetricDataResults'][0]['Values'],
    'age': (now - data['MetricDataResults'][0]['Timestamps'][0]).total_seconds() < 60,
    'statistics': [[point['Maximum'], point['ExtendedStatistics']['p90']] for point in statistics['Datapoints']],
    'alarms': [[alarm['AlarmName'], alarm['StateUpdatedTimestamp'].year > 2000] for alarm in alarms],
    'dashboards': [entry['DashboardName'] for entry in client.list_dashboards()['DashboardEntries']],
    'missing': missing,
}))
