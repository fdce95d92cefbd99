"""``/api/providers``: which engine serves each kind, tried and chosen on the page."""

from kaikou.api.providers.routes import router

__all__ = ["router"]
