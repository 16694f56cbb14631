"""Raw objects to Iceberg tables. Standard library, pyspark and boto3 only: the Glue job installs nothing more."""
