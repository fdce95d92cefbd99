"""``/api/knowledge``: knowledge bases, their documents, and a search to try."""

from fastapi import APIRouter

from kaikou.api.knowledge import bases, documents, search

router = APIRouter()
router.include_router(search.router)
router.include_router(bases.router)
router.include_router(documents.router)
