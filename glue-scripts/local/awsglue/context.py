from pyspark import SparkContext
from pyspark.sql import SparkSession


class GlueContext:
    def __init__(self, spark_context: SparkContext):
        self.spark_session = SparkSession(spark_context)
