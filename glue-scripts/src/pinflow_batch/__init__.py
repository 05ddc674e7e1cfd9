"""The batch layer's clean step: raw lines in S3 to one row a post and feed in Iceberg. Plain PySpark, no awsglue."""
