"""Password hashes and the slowing down of guesses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.accounts.passwords import Attempts, hash_password, is_hash, verify_password


@settings(max_examples=5, deadline=None)
@given(st.text(max_size=50), st.text(max_size=50))
def test_only_the_password_fits_its_hash(password: str, other: str) -> None:
    stored = hash_password(password)
    assert is_hash(stored) and not is_hash(password)
    assert verify_password(password, stored)
    assert verify_password(other, stored) == (other == password)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("x") != hash_password("x")


@pytest.mark.parametrize(
    "stored", ["", "x", "scrypt$", "scrypt$a$8$1$AA==$AA==", "scrypt$3$8$1$AA==$AA==", "md5$1$1$1$a$b"]
)
def test_a_damaged_hash_fits_nothing(stored: str) -> None:
    assert not verify_password("", stored)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_few_failures_are_free_then_each_doubles_the_wait() -> None:
    clock = Clock()
    attempts = Attempts(free=3, longest=10, clock=clock)
    waits = []
    for _ in range(9):
        waits.append(attempts.wait("a"))
        clock.now += attempts.wait("a")
        attempts.failed("a")
    assert waits == [0, 0, 0, 1, 2, 4, 8, 10, 10]
    assert attempts.wait("b") == 0


def test_success_and_time_forgive() -> None:
    clock = Clock()
    attempts = Attempts(free=1, memory=60, clock=clock)
    for _ in range(4):
        attempts.failed("a")
        attempts.failed("b")
    assert attempts.wait("a") > 0
    attempts.succeeded("a")
    assert attempts.wait("a") == 0
    clock.now += 61
    assert attempts.wait("b") == 0


def test_addresses_remembered_are_bounded() -> None:
    attempts = Attempts(free=0, size=10)
    for number in range(1000):
        attempts.failed(str(number))
    assert len(attempts._failures) == 10
    assert attempts.wait("999") > 0
