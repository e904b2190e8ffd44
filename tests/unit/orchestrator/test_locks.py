"""The lock of an environment: one holder, a lease, fencing tokens that only grow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dharma.adapters.local.memory_store import MemoryStore
from dharma.core.clock import FixedClock
from dharma.core.errors import EnvironmentLocked, VersionConflict
from dharma.orchestrator.locks import LEASE, EnvironmentLocks


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(clock: FixedClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def locks(store: MemoryStore, clock: FixedClock) -> EnvironmentLocks:
    return EnvironmentLocks(store, clock)


def take(locks: EnvironmentLocks, store: MemoryStore, deployment: str) -> int:
    token, write = locks.take("t", "prod", deployment, "ann")
    store.transact([write])
    return token


def free(locks: EnvironmentLocks, store: MemoryStore, deployment: str, token: int) -> None:
    write = locks.release("t", "prod", deployment, token)
    assert write is not None
    store.transact([write])


def test_a_second_deployment_is_told_who_holds_the_environment(
    locks: EnvironmentLocks, store: MemoryStore
) -> None:
    take(locks, store, "first")
    with pytest.raises(EnvironmentLocked, match="held by deployment first of ann"):
        locks.take("t", "prod", "second", "bob")


def test_of_two_that_saw_it_free_one_gets_it(locks: EnvironmentLocks, store: MemoryStore) -> None:
    _, mine = locks.take("t", "prod", "first", "ann")
    _, yours = locks.take("t", "prod", "second", "bob")
    store.transact([mine])
    with pytest.raises(VersionConflict):
        store.transact([yours])


def test_other_environments_and_tenants_are_not_held(
    locks: EnvironmentLocks, store: MemoryStore
) -> None:
    take(locks, store, "first")
    assert locks.take("t", "dev", "second", "bob")[0] == 1
    assert locks.take("u", "prod", "second", "bob")[0] == 1


def test_tokens_grow_beyond_release(locks: EnvironmentLocks, store: MemoryStore) -> None:
    free(locks, store, "first", take(locks, store, "first"))
    assert take(locks, store, "second") == 2


def test_a_lease_that_ran_out_can_be_taken_and_the_old_holder_is_fenced_off(
    locks: EnvironmentLocks, store: MemoryStore, clock: FixedClock
) -> None:
    old = take(locks, store, "first")
    clock.advance(LEASE + timedelta(seconds=1))
    new = take(locks, store, "second")
    assert new > old
    with pytest.raises(EnvironmentLocked, match="first lost the lock"):
        locks.assert_held("t", "prod", "first", old)
    with pytest.raises(EnvironmentLocked):
        locks.renew("t", "prod", "first", old)
    assert locks.release("t", "prod", "first", old) is None


def test_a_renewed_lease_lasts_longer(
    locks: EnvironmentLocks, store: MemoryStore, clock: FixedClock
) -> None:
    token = take(locks, store, "first")
    clock.advance(LEASE - timedelta(seconds=1))
    locks.renew("t", "prod", "first", token)
    clock.advance(LEASE - timedelta(seconds=1))
    with pytest.raises(EnvironmentLocked):
        locks.take("t", "prod", "second", "bob")


def test_a_release_refuses_its_transaction_when_the_lock_changed_hands_in_between(
    locks: EnvironmentLocks, store: MemoryStore, clock: FixedClock
) -> None:
    token = take(locks, store, "first")
    release = locks.release("t", "prod", "first", token)
    assert release is not None
    clock.advance(LEASE * 2)
    take(locks, store, "second")
    with pytest.raises(VersionConflict):
        store.transact([release])
    assert locks.read("t", "prod").held_by == "second"


class LockHistory(RuleBasedStateMachine):
    """Whatever happens in whatever order: at most one valid holder, and tokens only grow."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.store = MemoryStore(self.clock)
        self.locks = EnvironmentLocks(self.store, self.clock)
        self.tokens: dict[str, int] = {}
        self.highest = 0

    @rule(who=st.sampled_from("abc"))
    def take(self, who: str) -> None:
        try:
            token = take(self.locks, self.store, who)
        except EnvironmentLocked:
            return
        assert token > self.highest
        self.highest = token
        self.tokens[who] = token

    @rule(who=st.sampled_from("abc"))
    def release(self, who: str) -> None:
        if who in self.tokens:
            write = self.locks.release("t", "prod", who, self.tokens[who])
            if write is not None:
                self.store.transact([write])

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def only_the_newest_token_is_honoured(self) -> None:
        for who, token in self.tokens.items():
            try:
                self.locks.assert_held("t", "prod", who, token)
            except EnvironmentLocked:
                continue
            assert token == self.highest


TestLockHistory = LockHistory.TestCase
TestLockHistory.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
