"""``core.handle.iotHandle``: the things of older firmware, which are tools of the device's conversation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kaikou.tools.names import safe_name
from kaikou.tools.shim.register import Action

if TYPE_CHECKING:
    from kaikou.tools.shim.connection import Connection


async def get_iot_status(conn: Connection, name: str, property_name: str) -> Any:
    """A property as the device told it last, None where it never did."""
    told = await _called(conn, f"get_{name}_{property_name}", {})
    return None if told is None else json.loads(told)


async def send_iot_conn(conn: Connection, name: str, method_name: str, parameters: dict[str, Any]) -> None:
    """Have a thing of the device do something."""
    await _called(conn, f"{name}_{method_name}", parameters)


async def _called(conn: Connection, name: str, arguments: dict[str, Any]) -> str | None:
    answer = await conn.func_handler.handle_llm_function_call(
        conn, {"name": safe_name(name), "arguments": arguments}
    )
    return None if answer.action is Action.ERROR else str(answer.result)
