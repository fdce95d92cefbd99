"""Documents of a knowledge base: upload, list, follow, throw away."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from kaikou.api.knowledge.shapes import (
    AddedOut,
    DocumentOut,
    DocumentsOut,
    PassageOut,
    PassagesOut,
    Thrown,
    knowledge_of,
    shown,
)
from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.api.uploads import FILE_FORM, received
from kaikou.documents.limits import too_large
from kaikou.knowledge.library import Added
from kaikou.store.records import now

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"], responses={404: {"model": Problem}})


@router.get("/bases/{base_id}/documents")
async def list_documents(base_id: str, runtime: RuntimeDep) -> DocumentsOut:
    """Oldest first, each with how far its import is."""
    knowledge = knowledge_of(runtime)
    rows = await knowledge.documents(base_id)
    return DocumentsOut(documents=[shown(row, knowledge.importer) for row in rows])


@router.post(
    "/bases/{base_id}/documents",
    status_code=202,
    responses={
        200: {"model": AddedOut, "description": "The same file was there already."},
        **{status: {"model": Problem} for status in (411, 413, 415, 422, 429)},
    },
    openapi_extra=FILE_FORM,
)
async def add_document(base_id: str, request: Request, response: Response, runtime: RuntimeDep) -> AddedOut:
    """Upload one file (txt, md, html, epub, docx, pdf) as the form field ``file``; it is imported in the
    background, and the events ``knowledge`` of /api/events tell how far it is."""
    added = await _received(base_id, request, runtime)
    if added.known:
        response.status_code = 200
    about = shown(added.document, knowledge_of(runtime).importer)
    return AddedOut(**about.model_dump(), known=added.known)


async def _received(base_id: str, request: Request, runtime: Runtime) -> Added:
    limits = runtime.settings.documents
    await knowledge_of(runtime).base(base_id)
    file = await received(request, limits.max_bytes, lambda size: too_large(size, "max_bytes"))
    return await knowledge_of(runtime).add(base_id, file.name, file.data)


@router.get("/documents/{document_id}")
async def get_document(document_id: str, runtime: RuntimeDep) -> DocumentOut:
    knowledge = knowledge_of(runtime)
    return shown(await knowledge.document(document_id), knowledge.importer)


@router.get("/documents/{document_id}/passages")
async def get_passages(
    document_id: str,
    runtime: RuntimeDep,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PassagesOut:
    """How the document was cut."""
    rows = await knowledge_of(runtime).passages(document_id, offset, limit)
    return PassagesOut(
        passages=[
            PassageOut(
                position=row.position,
                start=row.start,
                end=row.end,
                page=row.page,
                headings=row.heading.split("\n") if row.heading else [],
                text=row.text,
            )
            for row in rows
        ]
    )


@router.get("/documents/{document_id}/original", response_class=Response)
async def get_original(document_id: str, runtime: RuntimeDep) -> Response:
    """The file as it was uploaded, to be saved: a page of somebody's must not run as one of ours."""
    row, data = await knowledge_of(runtime).original(document_id)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(row.file_name)}",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
    return Response(data, media_type=row.media_type, headers=headers)


@router.post("/documents/{document_id}/cancel", responses={409: {"model": Problem}})
async def cancel_document(document_id: str, runtime: RuntimeDep) -> DocumentOut:
    """Stop its import."""
    knowledge = knowledge_of(runtime)
    return shown(await knowledge.cancel(document_id), knowledge.importer)


@router.post("/documents/{document_id}/retry", status_code=202, responses={409: {"model": Problem}})
async def retry_document(document_id: str, runtime: RuntimeDep) -> DocumentOut:
    """Import it anew, from its original."""
    knowledge = knowledge_of(runtime)
    return shown(await knowledge.retry(document_id), knowledge.importer)


@router.delete("/documents/{document_id}")
async def delete_document(document_id: str, runtime: RuntimeDep) -> Thrown:
    """Throw it away; it can be brought back for ``limits.undo_seconds``."""
    await knowledge_of(runtime).delete_document(document_id)
    return Thrown(
        deleted=document_id,
        restorable_until=now() + timedelta(seconds=runtime.settings.limits.undo_seconds),
    )


@router.post("/documents/{document_id}/restore")
async def restore_document(document_id: str, runtime: RuntimeDep) -> DocumentOut:
    knowledge = knowledge_of(runtime)
    return shown(await knowledge.restore_document(document_id), knowledge.importer)
