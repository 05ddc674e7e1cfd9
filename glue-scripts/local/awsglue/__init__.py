"""As much of Glue's own library as the job entries use, for runs outside Glue. What is not here, they may not use.
https://github.com/awslabs/aws-glue-libs
"""
