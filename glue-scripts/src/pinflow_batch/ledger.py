"""Which raw objects a run has read to their end, by feed and arrival date: what makes the next run incremental.

Raw objects are immutable, so a name and an ETag stand for their lines. The ledger is only a shortcut: reading an object
again changes nothing in silver. It is written last, and holds for one model and one table: with new rules, or after
the table was made anew, everything counts as unread.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from .store import Object, Store


@dataclass
class Ledger:
    model: str | None = None
    table: str | None = None
    #: The highest watermark (epoch ms) of the runs that listed this date.
    watermark: int = -1
    #: Key -> {etag, complete}; not complete: its last records arrived after the watermark of the run that read it.
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Unread:
    object: Object
    #: Records up to this arrival are late: a run with this watermark was through before the object landed.
    late_up_to: int


def _key(feed: str, date: str) -> str:
    return f"runs/ledger/{feed}/dt={date}.json"


def load(store: Store, feed: str, date: str) -> Ledger:
    body = store.read(_key(feed, date))
    return Ledger() if body is None else Ledger(**json.loads(body))


def unread(ledger: Ledger, objects: list[Object], model: str, table: str, reclean: bool) -> list[Unread]:
    void = reclean or ledger.model != model or ledger.table != table
    found = []
    for each in objects:
        known = ledger.objects.get(each.key)
        if void or known is None or not known["complete"] or known["etag"] != each.etag:
            found.append(Unread(each, ledger.watermark if known is None else -1))
    return found


def save(
    store: Store,
    feed: str,
    date: str,
    ledger: Ledger,
    *,
    model: str,
    table: str,
    watermark: int,
    read: list[Object],
    incomplete: set[str],
) -> None:
    """:param incomplete: names (without the folder) of objects with records above the watermark."""
    same = ledger.model == model and ledger.table == table
    # Under another model or table what this run did not read is known to have landed, but has to be read again.
    kept = {key: known if same else {**known, "complete": False} for key, known in ledger.objects.items()}
    now = {
        each.key: {"etag": each.etag, "complete": each.key.rsplit("/", 1)[-1] not in incomplete} for each in read
    }
    body = {"model": model, "table": table, "watermark": max(ledger.watermark, watermark), "objects": kept | now}
    store.write(_key(feed, date), json.dumps(body).encode())
