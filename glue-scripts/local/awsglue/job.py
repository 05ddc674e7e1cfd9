from .context import GlueContext


class Job:
    """Bookmarks, which these methods keep on Glue, are not used: the job has its own ledger."""

    def __init__(self, glue_context: GlueContext):
        self._name: str | None = None

    def init(self, job_name: str, args: dict[str, str]) -> None:
        self._name = job_name

    def commit(self) -> None:
        if self._name is None:
            raise RuntimeError("job.commit() before job.init()")
