"""Keeps two runs off one view: a job whose start was thought lost may run beside its successor."""

import contextlib
import threading
from collections.abc import Iterator

from redis import Redis
from redis.exceptions import LockError, RedisError

# A run that was killed holds its view for that long, in seconds.
LEASE_SECONDS = 20
RENEW_SECONDS = 5

# How long a run waits for another that is at work on the same view, in seconds.
WAIT_SECONDS = 300


class LeaseHeldError(Exception):
    """Another run is at work on the view, or was and this one lost its turn."""

    code = "VIEW_BUSY"


@contextlib.contextmanager
def lease(redis: Redis, view: str) -> Iterator[None]:
    """
    Holds the view while the body runs. Whoever reads the mart under the lease reads it after the last holder wrote, so an older state never
    overwrites a newer one.
    """
    lock = redis.lock(f"tributary:materialize:{view}", timeout=LEASE_SECONDS, thread_local=False)
    if not lock.acquire(blocking_timeout=WAIT_SECONDS):
        raise LeaseHeldError(
            f"{view} has been materialized by another run for {WAIT_SECONDS} s; look for a job that hangs."
        )
    done, lost = threading.Event(), threading.Event()

    def renew() -> None:
        while not done.wait(RENEW_SECONDS):
            try:
                lock.reacquire()
            except LockError:
                lost.set()
                return
            except RedisError:
                # Redis may be restarting; the next renewal tells whether the lease is still ours.
                continue

    renewal = threading.Thread(target=renew, name=f"lease-{view}", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()
        with contextlib.suppress(RedisError):
            lock.release()
    if lost.is_set():
        raise LeaseHeldError(
            f"The lease of {view} ran out while it was written, and another run may have begun: materialize it again."
        )
