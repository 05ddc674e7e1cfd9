/** What an event source mapping does with a stream. @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
export const READ_STREAM = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
] as const;
