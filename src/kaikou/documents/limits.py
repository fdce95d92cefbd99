"""What a document may cost, and how it is refused."""

from __future__ import annotations

from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits


def too_large(what: str, setting: str) -> InvalidInput:
    """The refusal that names the setting."""
    return InvalidInput(
        f"The document is too large: {what}.",
        code="document_too_large",
        hint=f"Split it, or raise KAIKOU_DOCUMENTS__{setting.upper()}.",
        status=413,
    )


def damaged(why: str) -> InvalidInput:
    """For a file that is not what it says it is."""
    return InvalidInput(
        f"The document cannot be read: {why}.",
        code="document_damaged",
        hint="Open it in the program that made it and save it again, or save it as text or PDF.",
    )


def check_characters(count: int, limits: DocumentLimits) -> None:
    """Raises InvalidInput ``document_too_large``."""
    if count > limits.max_characters:
        raise too_large(f"more than {limits.max_characters:,} characters", "max_characters")
