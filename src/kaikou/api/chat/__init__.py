"""The streaming chat at ``/chat``: plain text, and the framed sub-protocol."""

from fastapi import APIRouter

router = APIRouter(tags=["chat"])
