"""Where the server may listen."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kaikou.accounts.exposure import check_exposure, is_loopback
from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "a.localhost", "::1", "[::1]", "::ffff:127.0.0.1"],
)
def test_this_machine_only(host: str) -> None:
    assert is_loopback(host)
    check_exposure(Settings(host=host))


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "",
        "192.168.1.2",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "::ffff:10.0.0.1",
    ],
)
def test_everywhere_else_needs_a_password_or_a_key(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError) as caught:
        check_exposure(Settings(host=host))
    line = caught.value.hint.splitlines()[-1]
    assert line.startswith("KAIKOU_PASSWORD=") and len(line) > 25
    assert caught.value.code == "password_required"
    check_exposure(Settings(host=host, password=SecretStr("x")))
    check_exposure(Settings(host=host, api_keys=[SecretStr("x")]))


def test_the_brokers_own_address_counts_too() -> None:
    def settings(**mqtt: object) -> Settings:
        return Settings.model_validate({"xiaozhi": {"mqtt": {"host": "0.0.0.0", **mqtt}}})

    check_exposure(settings(enabled=False))
    with pytest.raises(SettingsError):
        check_exposure(settings(enabled=True))
    check_exposure(settings(enabled=True).model_copy(update={"password": SecretStr("x")}))
