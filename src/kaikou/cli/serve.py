"""``kaikou serve``: the page, the sockets and the API on one port."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; beyond loopback needs a password.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    tls: Annotated[
        bool | None,
        typer.Option(
            "--tls/--no-tls", help="HTTPS with a self-signed certificate (a phone's microphone needs it)."
        ),
    ] = None,
    reload: Annotated[bool, typer.Option(help="Start again when the source changes (development).")] = False,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Start the server and print the address of its page.

    The page answers at once; models are fetched and warmed in the background, with progress here and
    on the page.

    Examples:

      kaikou serve

      KAIKOU_PASSWORD=… kaikou serve --host 0.0.0.0 --tls
    """
    from kaikou import serving

    overrides = {"host": host, "port": port, "tls": tls, "log_level": log_level}
    if reload:
        serving.serve_reloading(overrides)
        return
    from kaikou.cli.warming import Warming

    with Warming() as warming:
        serving.serve(overrides, opened=warming.opened, on_change=warming.changed)
