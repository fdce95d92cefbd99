"""The streaming chat at ``/chat``: plain text, and the framed sub-protocol ``kaikou.chat.v1``."""

from fastapi import APIRouter
from starlette.websockets import WebSocket

from kaikou.api.chat.framed import FramedChat
from kaikou.api.chat.frames import SUBPROTOCOL
from kaikou.api.chat.plain import PlainChat
from kaikou.api.runtime import runtime_of

router = APIRouter(tags=["chat"])

__all__ = ["router"]


@router.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    """Frames where the client offers ``kaikou.chat.v1``, else the plain protocol (``?agent=``); ``?browser=``
    says whose memory it is."""
    framed = SUBPROTOCOL in websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if framed else None)
    runtime = runtime_of(websocket)
    await (FramedChat(websocket, runtime) if framed else PlainChat(websocket, runtime)).serve()
