"""The OpenAI wires: Realtime over WebSocket, its beta dialect, and client secrets."""

from fastapi import APIRouter

from kaikou.api.openai import client_secrets, realtime

router = APIRouter(tags=["realtime"])
router.include_router(realtime.router)
router.include_router(client_secrets.router)

__all__ = ["router"]
