"""
One feature view in Feast's Redis store (feast 0.67, entity_key_serialization_version 3).

A key of Redis is an entity; its hash holds the fields of every view of that entity: `murmur3(view:feature)` for each feature, and
`_ts:view`, the timestamp of the row. A view therefore has an entity exactly when that entity's hash has the view's `_ts` field.
"""

from collections.abc import Iterator
from decimal import Decimal

import mmh3
import numpy
import pyarrow
from feast import FeatureStore, FeatureView
from feast.infra.online_stores.helpers import _mmh3, _redis_key, _redis_key_prefix
from feast.utils import _convert_arrow_to_proto

# Keys asked for, and changed, in one round trip.
SCAN_KEYS = 5_000


class OnlineView:
    """Writes and prunes one view. Other views of the same entity are never touched."""

    def __init__(self, store: FeatureStore, view: FeatureView) -> None:
        self._view = view
        self._project = store.project
        self._config = store.config
        # A warehouse view is rewritten whole: a late or deleted row changes values without moving event_timestamp, and Feast would skip a write
        # whose timestamp is not newer. This process writes no pushed view, for which that comparison matters.
        self._config.online_store.skip_dedup = True
        self._online_store = store.provider.online_store
        self.redis = self._online_store._get_client(self._config.online_store)
        self._key_types = {column.name: column.dtype.to_value_type() for column in view.entity_columns}
        self._timestamp_field = f"_ts:{view.name}".encode()
        self._fields = [_mmh3(f"{view.name}:{feature.name}") for feature in view.features] + [self._timestamp_field]

    def write(self, batch: pyarrow.RecordBatch) -> numpy.ndarray:
        """Writes the rows over whatever is there, and returns their entities as `digest`s."""
        rows = _convert_arrow_to_proto(_with_doubles(batch), self._view, self._key_types)
        self._online_store.online_write_batch(self._config, self._view, rows, None)
        version = self._config.entity_key_serialization_version
        return digests([_redis_key(self._project, key, version) for key, *_ in rows])

    def prune(self, keep: numpy.ndarray) -> tuple[int, int]:
        """
        Removes the view's rows of entities that are not in `keep` (sorted digests).

        Returns how many of `keep` are online, and how many rows were removed.
        """
        found = numpy.zeros(len(keep), dtype=bool)
        removed = 0
        for keys in self._scan():
            present, position = _lookup(digests(keys), keep)
            found[position[present]] = True
            gone = [key for key, kept in zip(keys, present, strict=True) if not kept]
            if gone:
                self._remove(gone)
                removed += len(gone)
        return int(found.sum()), removed

    def _scan(self) -> Iterator[list[bytes]]:
        """Keys of entities that have the view, in groups; SCAN may return one twice."""
        pattern = _glob_literal(_redis_key_prefix(self._view.join_keys)) + b"*" + _glob_literal(self._project.encode())
        cursor = 0
        while True:
            cursor, keys = self.redis.scan(cursor, match=pattern, count=SCAN_KEYS)
            if keys:
                with self.redis.pipeline(transaction=False) as pipe:
                    for key in keys:
                        pipe.hexists(key, self._timestamp_field)
                    yield [key for key, present in zip(keys, pipe.execute(), strict=True) if present]
            if cursor == 0:
                return

    def _remove(self, keys: list[bytes]) -> None:
        # Redis drops a hash with its last field, so an entity without any view leaves nothing behind.
        with self.redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hdel(key, *self._fields)
            pipe.execute()


def digests(keys: list[bytes]) -> numpy.ndarray:
    """64-bit hashes of Redis keys: eight bytes an entity, so ten million fit in 80 MB. Two of n collide with a chance of n²/2⁶⁵."""
    return numpy.fromiter((mmh3.hash64(key, signed=False)[0] for key in keys), dtype=numpy.uint64, count=len(keys))


def _lookup(wanted: numpy.ndarray, among: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """For each of `wanted` whether it is among the sorted others, and where."""
    position = numpy.searchsorted(among, wanted)
    inside = position < len(among)
    present = inside.copy()
    present[inside] = among[position[inside]] == wanted[inside]
    return present, position


def _with_doubles(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """NUMERIC columns as the nearest doubles. Arrow's own cast divides twice and may be one unit in the last place off."""
    columns = [
        pyarrow.array([_double(value) for value in column.to_pylist()], pyarrow.float64())
        if pyarrow.types.is_decimal(column.type)
        else column
        for column in batch.columns
    ]
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _double(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _glob_literal(text: bytes) -> bytes:
    """Escapes what SCAN would take as a pattern: lengths and type numbers in a key may be any byte."""
    return b"".join(b"\\" + bytes([byte]) if byte in b"*?[]\\^-" else bytes([byte]) for byte in text)
