"""Fetches the jars of lock files: python fetch.py <jars folder> <scratch folder> <lock>...

A jar is kept as <jars folder>/<first 12 digits of its sha256>/<artifact>-<version>[-<classifier>].jar and only gets there
once its hash is right, so one that is there is whole. Repositories are Maven Central and those of the user's jgo
configuration.
"""

import hashlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import MavenContext

THREADS = 6
ATTEMPTS = 5
# Of a repository that says nothing.
TIMEOUT_S = 60
PROGRESS_EVERY_S = 3


def main(target, scratch, locks):
    wanted = {entry for lock in locks for entry in read(lock)}
    missing = sorted(entry for entry in wanted if not place(target, *entry).exists())
    remote = {**MavenContext().remote_repos, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=scratch, remote_repos=remote, timeout=TIMEOUT_S)
    total, told, started = 0, time.monotonic(), time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        fetches = [pool.submit(fetch, context, target, *entry) for entry in missing]
        try:
            for done, future in enumerate(as_completed(fetches), 1):
                total += future.result()
                if time.monotonic() - told > PROGRESS_EVERY_S:
                    told = time.monotonic()
                    print(f"{done} of {len(missing)} jars, {total / 1e6:.0f} MB", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def read(lock):
    """Entries (coordinates, sha256) of a lock file's lines group:artifact:version[:classifier]:sha256."""
    for line in Path(lock).read_text().splitlines():
        if line and not line.startswith("#"):
            coordinates, _, sha256 = line.rpartition(":")
            yield coordinates, sha256


def place(target, coordinates, sha256):
    return target / sha256[:12] / f"{'-'.join(coordinates.split(':')[1:])}.jar"


def fetch(context, target, coordinates, sha256):
    """Returns the bytes of the jar."""
    group, artifact, version, *classifier = coordinates.split(":")
    wanted = context.project(group, artifact).at_version(version).artifact(*classifier)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            jar = Path(wanted.resolve())
            found = hashlib.sha256(jar.read_bytes()).hexdigest()
            if found != sha256:
                raise RuntimeError(f"{coordinates} is not the file it should be: its sha256 is {found}, not {sha256}")
            break
        except Exception:
            if attempt == ATTEMPTS:
                raise
            if wanted.cached_path is not None:
                wanted.cached_path.unlink(missing_ok=True)  # half of it, or what a proxy gave instead
            time.sleep(2 ** (attempt - 1))
    kept = place(target, coordinates, sha256)
    kept.parent.mkdir(parents=True, exist_ok=True)
    size = jar.stat().st_size
    os.replace(jar, kept)
    return size


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
