"""Where a row stands in the logs, and the text by which arrivals of a post are ordered."""

import re
from functools import lru_cache

_name = re.compile(r"[A-Za-z0-9._-]+")
_offset = re.compile(r"[0-9]{1,56}")
_sources = ("kafka", "kinesis")
_max_arrival = 9_999_999_999_999
_max_position = 999_999


class CoordinateError(Exception):
    pass


def order_prefix(arrival: int, source: str, topic: str, partition: str, offset: str) -> str:
    """A record's order key up to the row's position. :param arrival: epoch ms. :raises CoordinateError:"""
    place = _place(source, topic, partition)
    if not _offset.fullmatch(offset):
        raise CoordinateError(f'"{offset}" is no offset or sequence number.')
    if type(arrival) is not int or not 0 <= arrival <= _max_arrival:
        raise CoordinateError(f"{arrival} is no arrival time in milliseconds.")
    return f"{arrival:013d}#{place}#{offset:0>56}#"


@lru_cache(maxsize=1024)
def _place(source: str, topic: str, partition: str) -> str:
    if source not in _sources:
        raise CoordinateError(f'"{source}" is no source.')
    if not _name.fullmatch(topic):
        raise CoordinateError(f'"{topic}" is no topic or stream name.')
    if not _name.fullmatch(partition):
        raise CoordinateError(f'"{partition}" is no partition or shard id.')
    return f"{source}#{topic}#{partition}"


def order_key(prefix: str, position: int) -> str:
    """`arrival ms (13 digits)#source#topic#partition#offset (56 digits)#position (6 digits)`: the greater wins, bytewise."""
    if not 0 <= position <= _max_position:
        raise CoordinateError(f"{position} is no position in a record: 0 to {_max_position}.")
    return f"{prefix}{position:06d}"
