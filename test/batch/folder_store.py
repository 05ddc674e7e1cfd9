import hashlib
from pathlib import Path

from pinflow_batch.store import Object


class FolderStore:
    """A folder in place of a bucket."""

    def __init__(self, folder: Path):
        self.folder = folder

    def uri(self, key):
        return f"file:{self.folder / key}"

    def list(self, prefix):
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        keys = [(path.relative_to(self.folder).as_posix(), path) for path in files]
        return [Object(key, hashlib.md5(path.read_bytes()).hexdigest()) for key, path in keys if key.startswith(prefix)]

    def read(self, key):
        path = self.folder / key
        return path.read_bytes() if path.exists() else None

    def write(self, key, body):
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def delete(self, keys):
        for key in keys:
            (self.folder / key).unlink(missing_ok=True)
