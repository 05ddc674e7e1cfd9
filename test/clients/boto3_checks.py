"""boto3 as it comes: nothing is set but the profile. Run by boto3.test.ts, a class at a time."""

import base64
import io
import json
import os
import time
import unittest
import urllib.request
import uuid
import zlib

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

STREAM, TABLE, BUCKET, LOG_GROUP = (os.environ[name] for name in ('STREAM', 'TABLE', 'BUCKET', 'LOG_GROUP'))


def attempts(answer):
    return answer['ResponseMetadata']['RetryAttempts']


def written(item):
    """Without the stamp of the aggregate function, which counts posts sooner or later."""
    return {name: value for name, value in item.items() if name != 'gen'}


class Kinesis(unittest.TestCase):
    def setUp(self):
        self.kinesis = boto3.client('kinesis')

    def test_put_records_and_get_records(self):
        rows = [json.dumps({'index': index, 'title': 'søk ☃'}) for index in range(20)]
        put = self.kinesis.put_records(
            StreamName=STREAM, Records=[{'Data': row, 'PartitionKey': str(at)} for at, row in enumerate(rows)]
        )
        self.assertEqual((put['FailedRecordCount'], attempts(put)), (0, 0))
        came = []
        for shard in sorted({record['ShardId'] for record in put['Records']}):
            first = min(int(one['SequenceNumber']) for one in put['Records'] if one['ShardId'] == shard)
            iterator = self.kinesis.get_shard_iterator(
                StreamName=STREAM,
                ShardId=shard,
                ShardIteratorType='AT_SEQUENCE_NUMBER',
                StartingSequenceNumber=str(first),
            )['ShardIterator']
            page = self.kinesis.get_records(ShardIterator=iterator, Limit=100)
            self.assertIn('NextShardIterator', page)
            self.assertLess(abs(page['Records'][0]['ApproximateArrivalTimestamp'].timestamp() - time.time()), 60)
            came += [record['Data'].decode() for record in page['Records']]
        self.assertEqual(sorted(came), sorted(rows))

    def test_a_stream_is_named_by_arn(self):
        summary = self.kinesis.describe_stream_summary(StreamName=STREAM)['StreamDescriptionSummary']
        put = self.kinesis.put_record(StreamARN=summary['StreamARN'], Data=b'{}', PartitionKey='1')
        shards = self.kinesis.list_shards(StreamARN=summary['StreamARN'])['Shards']
        self.assertEqual(len(shards), summary['OpenShardCount'])
        self.assertIn(put['ShardId'], [shard['ShardId'] for shard in shards])

    def test_paginator_and_waiter(self):
        self.kinesis.get_waiter('stream_exists').wait(StreamName=STREAM)
        pages = self.kinesis.get_paginator('list_shards').paginate(StreamName=STREAM, PaginationConfig={'PageSize': 1})
        self.assertEqual([len(page['Shards']) for page in pages], [1, 1])

    def test_a_missing_stream(self):
        with self.assertRaises(self.kinesis.exceptions.ResourceNotFoundException):
            self.kinesis.describe_stream_summary(StreamName='streaming-nobody-pin')


class DynamoDB(unittest.TestCase):
    def setUp(self):
        self.client = boto3.client('dynamodb')
        self.table = boto3.resource('dynamodb').Table(TABLE)
        self.ind = uuid.uuid4().int % 10**9

    def test_query_by_client(self):
        self.client.put_item(TableName=TABLE, Item={'ind': {'N': str(self.ind)}, 'text': {'S': 'søk ☃'}})
        answer = self.client.query(
            TableName=TABLE, KeyConditionExpression='ind = :ind', ExpressionAttributeValues={':ind': {'N': str(self.ind)}}
        )
        self.assertEqual([written(item) for item in answer['Items']], [{'ind': {'N': str(self.ind)}, 'text': {'S': 'søk ☃'}}])
        self.assertEqual(attempts(answer), 0)

    def test_query_and_update_by_resource(self):
        self.table.put_item(Item={'ind': self.ind, 'pin': {'k': 'a', 'tags': {'x', 'y'}}})
        self.table.update_item(
            Key={'ind': self.ind}, UpdateExpression='SET pin.k = :k', ExpressionAttributeValues={':k': 'b'}
        )
        found = self.table.query(KeyConditionExpression=Key('ind').eq(self.ind))['Items']
        self.assertEqual([written(item) for item in found], [{'ind': self.ind, 'pin': {'k': 'b', 'tags': {'x', 'y'}}}])
        self.assertEqual(self.table.table_status, 'ACTIVE')

    def test_batch_writer_scan_and_paginator(self):
        inds = [self.ind + one for one in range(60)]
        with self.table.batch_writer() as batch:
            for ind in inds:
                batch.put_item(Item={'ind': ind, 'run': str(self.ind)})
        pages = self.client.get_paginator('scan').paginate(
            TableName=TABLE,
            FilterExpression='run = :run',
            ExpressionAttributeValues={':run': {'S': str(self.ind)}},
            PaginationConfig={'PageSize': 25},
        )
        self.assertEqual(sorted(int(item['ind']['N']) for page in pages for item in page['Items']), inds)
        scanned = self.table.scan(FilterExpression=Attr('run').eq(str(self.ind)), Select='COUNT')
        self.assertEqual(scanned['Count'], 60)
        got = self.client.batch_get_item(RequestItems={TABLE: {'Keys': [{'ind': {'N': str(ind)}} for ind in inds[:3]]}})
        self.assertEqual(len(got['Responses'][TABLE]), 3)

    def test_waiter(self):
        self.client.get_waiter('table_exists').wait(TableName=TABLE)

    def test_a_failed_condition_and_a_missing_table(self):
        self.table.put_item(Item={'ind': self.ind})
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException) as caught:
            self.client.put_item(
                TableName=TABLE,
                Item={'ind': {'N': str(self.ind)}},
                ConditionExpression='attribute_not_exists(ind)',
                ReturnValuesOnConditionCheckFailure='ALL_OLD',
            )
        self.assertEqual(written(caught.exception.response['Item']), {'ind': {'N': str(self.ind)}})
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.client.scan(TableName='nobody')


class S3(unittest.TestCase):
    def setUp(self):
        self.s3 = boto3.client('s3')
        self.prefix = f'boto3/{uuid.uuid4()}/'
        self.key = f'{self.prefix}søk ☃+a&b?.json'

    def put(self, body=b'one', **more):
        return self.s3.put_object(Bucket=BUCKET, Key=self.key, Body=body, **more)

    def get(self, key=None):
        return self.s3.get_object(Bucket=BUCKET, Key=key or self.key)['Body'].read()

    def test_put_get_and_list(self):
        # boto3 sends Expect: 100-continue, and of a stream the checksum after the body.
        body = b'one' * 100_000
        put = self.put(io.BytesIO(body), Metadata={'feed': 'pin'}, ContentType='application/json')
        self.assertEqual(attempts(put), 0)
        self.assertEqual(self.get(), body)
        head = self.s3.head_object(Bucket=BUCKET, Key=self.key, ChecksumMode='ENABLED')
        self.assertEqual((head['Metadata'], head['ContentType']), ({'feed': 'pin'}, 'application/json'))
        self.assertEqual(head['ChecksumCRC32'], base64.b64encode(zlib.crc32(body).to_bytes(4)).decode())
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix)['Contents']
        self.assertEqual([(one['Key'], one['Size']) for one in listed], [(self.key, 300_000)])
        part = self.s3.get_object(Bucket=BUCKET, Key=self.key, Range='bytes=1-3')
        self.assertEqual(part['Body'].read(), b'neo')

    def test_paginator_and_waiters(self):
        for at in range(5):
            self.s3.put_object(Bucket=BUCKET, Key=f'{self.prefix}{at}', Body=b'')
        pages = self.s3.get_paginator('list_objects_v2').paginate(
            Bucket=BUCKET, Prefix=self.prefix, PaginationConfig={'PageSize': 2}
        )
        self.assertEqual([len(page['Contents']) for page in pages], [2, 2, 1])
        self.s3.get_waiter('bucket_exists').wait(Bucket=BUCKET)
        self.s3.get_waiter('object_exists').wait(Bucket=BUCKET, Key=f'{self.prefix}0')
        self.s3.delete_objects(Bucket=BUCKET, Delete={'Objects': [{'Key': f'{self.prefix}{at}'} for at in range(5)]})
        self.s3.get_waiter('object_not_exists').wait(Bucket=BUCKET, Key=f'{self.prefix}0')

    def test_upload_file_and_download_file_in_parts(self):
        file, copy = (os.path.join(os.environ['SCRATCH'], name) for name in ('boto3 file', 'boto3 copy'))
        with open(file, 'wb') as out:
            out.write(os.urandom(12_000_000))
        parts = TransferConfig(multipart_threshold=5 * 1024**2, multipart_chunksize=5 * 1024**2)
        self.s3.upload_file(file, BUCKET, self.key, Config=parts)
        self.s3.copy({'Bucket': BUCKET, 'Key': self.key}, BUCKET, f'{self.prefix}copy', Config=parts)
        self.s3.download_file(BUCKET, f'{self.prefix}copy', copy, Config=parts)
        with open(file, 'rb') as one, open(copy, 'rb') as other:
            self.assertTrue(one.read() == other.read())

    def test_upload_fileobj_and_resource(self):
        bucket = boto3.resource('s3').Bucket(BUCKET)
        bucket.upload_fileobj(io.BytesIO(b'two'), self.key)
        self.assertEqual([one.key for one in bucket.objects.filter(Prefix=self.prefix)], [self.key])
        bucket.objects.filter(Prefix=self.prefix).delete()
        self.assertEqual(list(bucket.objects.filter(Prefix=self.prefix)), [])

    def test_create_if_absent(self):
        self.put(IfNoneMatch='*')
        with self.assertRaises(ClientError) as caught:
            self.put(b'two', IfNoneMatch='*')
        self.assertEqual(caught.exception.response['Error']['Code'], 'PreconditionFailed')
        self.assertEqual(caught.exception.response['ResponseMetadata']['HTTPStatusCode'], 412)
        self.assertEqual(self.get(), b'one')

    def test_presigned_urls(self):
        # Unless it is told, boto3 presigns in the older way.
        for s3 in (self.s3, boto3.client('s3', config=Config(signature_version='s3v4'))):
            body = uuid.uuid4().bytes
            url = s3.generate_presigned_url('put_object', Params={'Bucket': BUCKET, 'Key': self.key})
            with urllib.request.urlopen(urllib.request.Request(url, body, method='PUT')) as put:
                self.assertEqual(put.status, 200)
            url = s3.generate_presigned_url('get_object', Params={'Bucket': BUCKET, 'Key': self.key})
            with urllib.request.urlopen(url) as got:
                self.assertEqual(got.read(), body)

    def test_a_missing_key_and_a_missing_bucket(self):
        with self.assertRaises(self.s3.exceptions.NoSuchKey):
            self.get('nobody')
        with self.assertRaises(self.s3.exceptions.NoSuchBucket):
            self.s3.list_objects_v2(Bucket='nobody')


class Logs(unittest.TestCase):
    def setUp(self):
        self.logs = boto3.client('logs')
        self.stream = f'boto3/{uuid.uuid4()}'
        self.named = {'logGroupName': LOG_GROUP, 'logStreamName': self.stream}
        self.logs.create_log_stream(**self.named)
        now = int(time.time() * 1000)
        events = [{'timestamp': now + at, 'message': f'line {at} {"even" if at % 2 == 0 else "odd"}'} for at in range(6)]
        self.logs.put_log_events(**self.named, logEvents=events)

    def test_filter_and_paginator(self):
        pages = self.logs.get_paginator('filter_log_events').paginate(
            logGroupName=LOG_GROUP,
            logStreamNames=[self.stream],
            filterPattern='line ?even ?5',
            PaginationConfig={'PageSize': 2},
        )
        messages = [event['message'] for page in pages for event in page['events']]
        self.assertEqual(messages, ['line 0 even', 'line 2 even', 'line 4 even', 'line 5 odd'])

    def test_get_log_events(self):
        events = self.logs.get_log_events(**self.named, startFromHead=True)['events']
        self.assertEqual(len(events), 6)

    def test_a_missing_group(self):
        with self.assertRaises(self.logs.exceptions.ResourceNotFoundException):
            self.logs.filter_log_events(logGroupName='/nobody')


class CloudFormation(unittest.TestCase):
    def setUp(self):
        self.cloudformation = boto3.client('cloudformation')

    def test_describe_stacks(self):
        stack = self.cloudformation.describe_stacks(StackName='pinflow-demo-speed')['Stacks'][0]
        outputs = {output['OutputKey']: output['OutputValue'] for output in stack['Outputs']}
        self.assertEqual(outputs['PostsTable'], TABLE)

    def test_paginator_and_waiter(self):
        pages = self.cloudformation.get_paginator('describe_stacks').paginate()
        names = [stack['StackName'] for page in pages for stack in page['Stacks']]
        stacks = ['ingest', 'lake', 'monitoring', 'serving', 'speed']
        self.assertEqual(sorted(names), [f'pinflow-demo-{stack}' for stack in stacks])
        self.cloudformation.get_waiter('stack_exists').wait(StackName='pinflow-demo-lake')

    def test_a_missing_stack(self):
        with self.assertRaisesRegex(ClientError, 'ValidationError.*does not exist'):
            self.cloudformation.describe_stacks(StackName='nobody')


class STS(unittest.TestCase):
    def test_get_caller_identity(self):
        identity = boto3.client('sts').get_caller_identity()
        self.assertEqual((identity['Account'], identity['Arn']), ('000000000000', 'arn:aws:iam::000000000000:user/pinflow'))


class Role(unittest.TestCase):
    """With the key of the clean function's role, which may write objects and read nothing."""

    def test_who_it_is(self):
        self.assertIn(':assumed-role/pinflow-demo-speed-', boto3.client('sts').get_caller_identity()['Arn'])

    def test_access_denied(self):
        denied = {
            'dynamodb:Query': lambda: boto3.resource('dynamodb').Table(TABLE).query(KeyConditionExpression=Key('ind').eq(1)),
            'kinesis:PutRecord': lambda: boto3.client('kinesis').put_record(StreamName=STREAM, Data=b'', PartitionKey='1'),
            'logs:FilterLogEvents': lambda: boto3.client('logs').filter_log_events(logGroupName=LOG_GROUP),
            's3:ListBucket': lambda: boto3.client('s3').list_objects_v2(Bucket=BUCKET),
            's3:GetObject': lambda: boto3.client('s3').get_object(Bucket=BUCKET, Key='a'),
            'cloudformation:DescribeStacks': lambda: boto3.client('cloudformation').describe_stacks(),
        }
        for action, call in denied.items():
            with self.subTest(action):
                with self.assertRaises(ClientError) as caught:
                    call()
                error = caught.exception.response
                self.assertIn(error['Error']['Code'], ('AccessDenied', 'AccessDeniedException'))
                self.assertIn(action, error['Error']['Message'])
                self.assertEqual(error['ResponseMetadata']['RetryAttempts'], 0)
