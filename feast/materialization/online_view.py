"""
One feature view in Feast's Redis store (feast 0.67, entity_key_serialization_version 3).

A key of Redis is an entity; its hash holds the fields of every view of that entity: `murmur3(view:feature)` for each feature, and
`_ts:view`, the timestamp of the row. A view therefore has an entity exactly when that entity's hash has the view's `_ts` field.

One more field is ours: `murmur3(_digest:view)`, a digest of the features as they were written. What is the same as before is not written again, and as the
digest lies in the hash itself, it is lost with what it speaks of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import mmh3
import numpy
import pandas
import pyarrow
import pyarrow.compute
from feast import FeatureStore, FeatureView
from feast.infra.online_stores.helpers import _mmh3, _redis_key, _redis_key_prefix
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.type_map import python_values_to_proto_values
from feast.utils import _convert_arrow_to_proto, make_tzaware
from google.protobuf.timestamp_pb2 import Timestamp

# Of 64 bits, odd; any will do.
_PRIME = 0x9E3779B97F4A7C15

# Keys asked for, and changed, in one round trip.
SCAN_KEYS = 5_000


@dataclass(frozen=True)
class Written:
    """What became of a batch."""

    # Of all its entities, sorted as they came.
    entities: numpy.ndarray
    # Rows whose features were written; of others at most the timestamp was.
    features: int


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
        self._state_key = f"tributary:materialized:{view.name}"
        self._digest_field = _mmh3(f"_digest:{view.name}")
        self._fields = [
            *(_mmh3(f"{view.name}:{feature.name}") for feature in view.features),
            self._timestamp_field,
            self._digest_field,
        ]

    def write(self, batch: pyarrow.RecordBatch) -> Written:
        """
        Makes the entities of these rows online what the rows say.

        Features that are there as they should be are not written again; a row that is only as of another time gets that time.
        """
        batch = _with_doubles(batch)
        keys = self._keys(batch)
        digests_ = row_digests(batch, [feature.name for feature in self._view.features])
        times = _timestamps(batch.column(self._view.batch_source.timestamp_field))
        with self.redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(key, self._timestamp_field, self._digest_field)
            online = pipe.execute()
        changed, older = [], []
        for at, (timestamp, digest) in enumerate(online):
            if timestamp is None or digest != digests_[at]:
                changed.append(at)
            elif timestamp != times[at]:
                older.append(at)
        if changed:
            self._write_features(batch.take(pyarrow.array(changed)), [(keys[at], digests_[at]) for at in changed])
        if older:
            with self.redis.pipeline(transaction=False) as pipe:
                for at in older:
                    pipe.hset(keys[at], self._timestamp_field, times[at])
                pipe.execute()
        return Written(digests(keys), len(changed))

    def _write_features(self, batch: pyarrow.RecordBatch, entities: list[tuple[bytes, bytes]]) -> None:
        # No digest may speak of other features than those online, whenever this process is killed: it goes first and comes back last.
        with self.redis.pipeline(transaction=False) as pipe:
            for key, _ in entities:
                pipe.hdel(key, self._digest_field)
            pipe.execute()
        rows = _convert_arrow_to_proto(batch, self._view, self._key_types)
        self._online_store.online_write_batch(self._config, self._view, rows, None)
        with self.redis.pipeline(transaction=False) as pipe:
            for key, digest in entities:
                pipe.hset(key, self._digest_field, digest)
            pipe.execute()

    def _keys(self, batch: pyarrow.RecordBatch) -> list[bytes]:
        """The Redis key of each row, made by Feast itself."""
        version = self._config.entity_key_serialization_version
        (column,) = self._view.entity_columns
        values = python_values_to_proto_values(batch.column(column.name).to_pylist(), self._key_types[column.name])
        return [
            _redis_key(self._project, EntityKey(join_keys=[column.name], entity_values=[it]), version) for it in values
        ]

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

    def count(self) -> int:
        """Entities that have the view online, all of them looked at."""
        seen = [digests(keys) for keys in self._scan()]
        # SCAN may return a key twice.
        return len(numpy.unique(numpy.concatenate(seen))) if seen else 0

    def whole_since(self, state: str) -> int | None:
        """How many entities the mart had when it was last online whole, where it is in the same state still."""
        known = self.redis.hgetall(self._state_key)
        return int(known[b"rows"]) if known.get(b"state") == _fingerprint(state) else None

    def remember_state(self, state: str, rows: int) -> None:
        """Notes that the mart is online whole."""
        self.redis.hset(self._state_key, mapping={"state": _fingerprint(state), "rows": rows})

    def forget_state(self) -> None:
        """Before anything is changed: what is half done must not be taken for whole."""
        self.redis.delete(self._state_key)

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


def row_digests(batch: pyarrow.RecordBatch, features: list[str]) -> list[bytes]:
    """
    64 bits of each row's features, their names and types: equal for equal rows, on any machine. A changed row is taken for unchanged with a chance of 1/2⁶⁴.
    """
    schema = ",".join(f"{name} {batch.schema.field(name).type}" for name in features)
    total = numpy.full(batch.num_rows, mmh3.hash64(schema, signed=False)[0], dtype=numpy.uint64)
    for name in features:
        column = batch.column(name)
        # A null and the value that stands in for it here differ in what comes after it.
        filled = pyarrow.compute.fill_null(column, "" if pyarrow.types.is_string(column.type) else 0)
        for part in (filled, column.is_null()):
            hashes = pandas.util.hash_array(part.to_numpy(zero_copy_only=False), categorize=True)
            # As a polynomial, so that values that change places change the sum.
            total = total * numpy.uint64(_PRIME) + hashes
    return [value.to_bytes(8, "little") for value in total.tolist()]


def _fingerprint(state: str) -> bytes:
    return mmh3.hash_bytes(state)


def _timestamps(column: pyarrow.Array) -> list[bytes]:
    """Each time as Feast keeps it."""
    encoded: dict[datetime, bytes] = {}
    for time in column.unique().to_pylist():
        message = Timestamp()
        message.FromDatetime(make_tzaware(time))
        encoded[time] = message.SerializeToString()
    return [encoded[time] for time in column.to_pylist()]


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
