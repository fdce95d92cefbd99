"""Signed tokens."""

from __future__ import annotations

import pytest

from kaikou.accounts.tokens import Tokens

NOW = 1_800_000_000.0


def test_a_token_holds_until_it_ends() -> None:
    now = NOW
    tokens = Tokens(b"secret", clock=lambda: now)
    token, ends = tokens.mint("ephemeral", 60)
    assert ends == int(NOW) + 60
    assert token.startswith("ek_")
    assert tokens.valid("ephemeral", token)
    now = NOW + 61
    assert not tokens.valid("ephemeral", token)


def test_a_token_serves_one_purpose_one_server_and_one_password() -> None:
    token, _ = Tokens(b"secret", "password").mint("session", 60)
    assert Tokens(b"secret", "password").valid("session", token)
    assert not Tokens(b"secret", "password").valid("ephemeral", token)
    assert not Tokens(b"secret", "other password").valid("session", token)
    assert not Tokens(b"other", "password").valid("session", token)


def test_changing_any_character_breaks_it() -> None:
    tokens = Tokens(b"secret")
    token, _ = tokens.mint("session", 60)
    for index in range(len(token)):
        changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        assert not tokens.valid("session", changed), index


@pytest.mark.parametrize("token", ["", "ks_", "ks_.", "ks_zz.a.b", "ks_ffffffffff.a.", "ks_é.a.b", "." * 50])
def test_nonsense_is_not_a_token(token: str) -> None:
    assert not Tokens(b"secret").valid("session", token)


def test_tokens_are_all_different() -> None:
    tokens = Tokens(b"secret")
    assert len({tokens.mint("ephemeral", 60)[0] for _ in range(100)}) == 100
