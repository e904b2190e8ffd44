"""One contract for every cache: in memory, the embedded server of the local stack, and a real
redis-server where one is installed. A few seconds."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dharma.adapters.local.memory_cache import MemoryCache
from dharma.adapters.redis_cache import RedisCache
from dharma.core.cache import Bucket, Cache, Spent
from dharma.core.circuit import Admission, Circuit, Rule
from dharma.core.clock import FixedClock, epoch_microseconds
from dharma_local.cache import serving

# Its tokens come back every 20 minutes: while a test runs, none does by itself.
SLOW = Bucket(capacity=3, period=3600)


@dataclass
class Backend:
    """`connect` gives a cache as another process would have it; `wait` lets its time pass."""

    clock: FixedClock
    connect: Callable[[], Cache]
    wait: Callable[[float], None]


@pytest.fixture(scope="module")
def embedded() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = serving(listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server here (scripts/test installs Debian's when it runs as root)")
    folder: Path = tmp_path_factory.mktemp("redis")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@pytest.fixture(
    params=["memory", "embedded", pytest.param("redis_server", marks=pytest.mark.stack)]
)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    clock = FixedClock()
    if request.param == "memory":
        cache = MemoryCache(clock)
        yield Backend(clock, lambda: cache, lambda s: clock.advance(timedelta(seconds=s)))
        return
    url = request.getfixturevalue(request.param)
    opened: list[RedisCache] = []

    def connect() -> RedisCache:
        opened.append(RedisCache(url, clock))
        return opened[-1]

    yield Backend(clock, connect, time.sleep)
    for each in opened:
        assert each.missed == 0
        each.close()


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_what_was_set_is_read_by_everybody(backend: Backend, key: str) -> None:
    here, there = backend.connect(), backend.connect()
    assert here.get(key) is None
    here.set(key, b"\x00\xff one", seconds=60)
    assert there.get(key) == b"\x00\xff one"
    there.set(key, b"", seconds=60)
    assert here.get(key) == b""


def test_what_was_deleted_is_gone(backend: Backend, key: str) -> None:
    cache = backend.connect()
    cache.set(key, b"1", seconds=60)
    cache.delete(key)
    cache.delete(key)
    assert cache.get(key) is None


def test_a_value_ends_after_its_time(backend: Backend, key: str) -> None:
    cache = backend.connect()
    cache.set(key, b"1", seconds=1)
    cache.set(key + "-longer", b"2", seconds=60)
    backend.wait(1.1)
    assert cache.get(key) is None
    assert cache.get(key + "-longer") == b"2"


def test_a_full_bucket_may_be_emptied_at_once(backend: Backend, key: str) -> None:
    cache = backend.connect()
    taken = [cache.take(key, SLOW) for _ in range(4)]
    assert [(t.allowed, t.remaining) for t in taken if t] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert [(t.full_after, t.retry_after) for t in taken if t] == [
        (1200, 0),
        (2400, 0),
        (3600, 1200),
        (3600, 1200),
    ]


def test_a_refusal_takes_nothing(backend: Backend, key: str) -> None:
    cache = backend.connect()
    for _ in range(10):
        cache.take(key, SLOW)
        backend.clock.advance(timedelta(seconds=1))
    backend.clock.advance(timedelta(seconds=1200 - 10 - 1))
    refused = cache.take(key, SLOW)
    assert refused is not None
    assert (refused.allowed, refused.retry_after) == (False, 1)
    backend.clock.advance(timedelta(seconds=1))
    assert [t.allowed for _ in range(2) if (t := cache.take(key, SLOW))] == [True, False]


def test_a_bucket_never_holds_more_than_its_capacity(backend: Backend, key: str) -> None:
    cache = backend.connect()
    cache.take(key, SLOW)
    backend.clock.advance(timedelta(days=1))
    taken = [cache.take(key, SLOW) for _ in range(5)]
    assert [t.allowed for t in taken if t] == [True, True, True, False, False]


def test_a_clock_that_is_behind_gives_no_token_back(backend: Backend, key: str) -> None:
    cache = backend.connect()
    for _ in range(3):
        cache.take(key, SLOW)
    backend.clock.advance(timedelta(seconds=-5))
    refused = cache.take(key, SLOW)
    assert refused is not None
    assert (refused.allowed, refused.retry_after, refused.remaining) == (False, 1205, 0)


def test_what_was_spent_before_leaves_the_bucket_in_any_case(backend: Backend, key: str) -> None:
    cache, bucket = backend.connect(), Bucket(capacity=10, period=3600)
    now = epoch_microseconds(backend.clock.now())
    taken = cache.take(key, bucket, Spent(4, now))
    assert taken is not None
    assert (taken.allowed, taken.remaining) == (True, 5)
    below = cache.take(key, bucket, Spent(8, now))
    assert below is not None
    assert (below.allowed, below.remaining, below.retry_after) == (False, 0, 4 * 360)
    backend.clock.advance(timedelta(seconds=4 * 360 - 1))
    assert [t.allowed for _ in range(2) if (t := cache.take(key, bucket))] == [False, False]
    backend.clock.advance(timedelta(seconds=1))
    assert [t.allowed for _ in range(2) if (t := cache.take(key, bucket))] == [True, False]


def test_what_was_spent_long_ago_is_back_already(backend: Backend, key: str) -> None:
    cache, bucket = backend.connect(), Bucket(capacity=10, period=3600)
    long_ago = epoch_microseconds(backend.clock.now() - timedelta(seconds=6 * 360))
    some = cache.take(key, bucket, Spent(8, long_ago))
    assert some is not None
    assert some.remaining == 10 - 8 + 6 - 1
    other = cache.take(key + "-other", bucket, Spent(3, long_ago))
    assert other is not None
    assert other.remaining == 9


def test_buckets_do_not_share_their_tokens(backend: Backend, key: str) -> None:
    cache = backend.connect()
    for _ in range(4):
        cache.take(key, SLOW)
    other = cache.take(key + "-other", SLOW)
    assert other is not None
    assert other.remaining == 2


def test_those_who_come_at_the_same_time_get_each_token_once(backend: Backend, key: str) -> None:
    bucket = Bucket(capacity=40, period=3600)

    def caller(_: int) -> int:
        cache = backend.connect()
        return sum(bool((t := cache.take(key, bucket)) and t.allowed) for _ in range(20))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(caller, range(4))) == 40


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    capacity=st.integers(1, 50),
    pauses=st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=30),
)
def test_it_counts_as_a_bucket_of_tokens_does(
    backend: Backend, capacity: int, pauses: list[int]
) -> None:
    """Against tokens counted one by one, in exact fractions; pauses in microseconds."""
    bucket = Bucket(capacity, 3600)
    cache, name = backend.connect(), uuid.uuid4().hex
    tokens = Fraction(capacity)
    for pause in pauses:
        backend.clock.advance(timedelta(microseconds=pause))
        tokens = min(Fraction(capacity), tokens + Fraction(pause, bucket.interval))
        expected = tokens >= 1
        if expected:
            tokens -= 1
        taken = cache.take(name, bucket)
        assert taken is not None
        assert (taken.allowed, taken.remaining) == (expected, int(tokens))


# --- circuits

RULE = Rule(threshold=50, least_calls=4, window=60, pause=30, probe=60)


def outcomes(cache: Cache, key: str, *ended: bool) -> list[tuple[bool, bool] | None]:
    return [cache.report(key, RULE, ok=ok, probe=False) for ok in ended]


def test_a_circuit_opens_when_half_of_enough_calls_failed(backend: Backend) -> None:
    cache, key = backend.connect(), uuid.uuid4().hex
    assert cache.admit(key, RULE) == Admission(True)
    assert outcomes(cache, key, False, False, True) == [(False, False)] * 3
    assert cache.admit(key, RULE) == Admission(True)
    assert outcomes(cache, key, False) == [(False, True)]
    # For everybody who shares the cache.
    said = backend.connect().admit(key, RULE)
    assert said is not None
    assert not said.admitted
    assert 0 < said.retry_after <= 30


def test_below_the_threshold_it_stays_closed(backend: Backend) -> None:
    cache, key = backend.connect(), uuid.uuid4().hex
    assert outcomes(cache, key, *([True, True, False] * 5)) == [(False, False)] * 15
    assert cache.admit(key, RULE) == Admission(True)


def test_what_ends_while_it_is_open_says_nothing(backend: Backend) -> None:
    cache, key = backend.connect(), uuid.uuid4().hex
    outcomes(cache, key, *[False] * 4)
    assert outcomes(cache, key, True, False) == [(True, True)] * 2
    said = cache.admit(key, RULE)
    assert said is not None
    assert not said.admitted


def numbers(draw: st.DrawFn) -> Rule:
    return Rule(
        threshold=draw(st.integers(1, 100)),
        least_calls=draw(st.integers(1, 6)),
        window=draw(st.integers(1, 20)),
        pause=draw(st.integers(1, 20)),
        probe=draw(st.integers(1, 20)),
    )


_steps = st.lists(
    st.tuples(st.sampled_from(["ok", "failed", "admit"]), st.integers(0, 15)), max_size=40
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rule=st.composite(numbers)(), steps=_steps)
def test_a_server_keeps_circuits_as_the_rule_says(
    embedded: str, rule: Rule, steps: list[tuple[str, int]]
) -> None:
    clock, key = FixedClock(), uuid.uuid4().hex
    cache = RedisCache(embedded, clock)
    circuit, probe = Circuit(), False
    for what, seconds in steps:
        clock.advance(timedelta(seconds=seconds))
        now = epoch_microseconds(clock.now())
        if what == "admit":
            expected, circuit = rule.admit(circuit, now)
            assert cache.admit(key, rule) == expected
            probe = expected.probe
        else:
            before, ok = circuit, what == "ok"
            circuit = rule.report(circuit, now, ok=ok, probe=probe)
            said = cache.report(key, rule, ok=ok, probe=probe)
            assert said == (before.open_until > 0, circuit.open_until > 0)
            probe = False
    cache.close()
