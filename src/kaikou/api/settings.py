"""``/api/settings``: what is set, where each value came from; secrets are masked."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from kaikou.api.runtime import RuntimeDep
from kaikou.settings.table import setting_rows

router = APIRouter(prefix="/api/settings", tags=["operations"])


class SettingOut(BaseModel):
    """One setting in force."""

    name: str
    variable: str
    value: str
    origin: str
    default: bool
    description: str


class SettingsOut(BaseModel):
    settings: list[SettingOut]
    warnings: list[str]
    """Names that nobody knows or that are not used yet."""


@router.get("", summary="Every setting with its value and origin")
async def settings(runtime: RuntimeDep) -> SettingsOut:
    """As ``kaikou settings`` prints them."""
    rows = [
        SettingOut(
            name=row.name,
            variable=row.variable,
            value=row.value,
            origin=row.origin,
            default=row.default,
            description=row.description,
        )
        for row in setting_rows(runtime.loaded)
    ]
    return SettingsOut(settings=rows, warnings=list(runtime.loaded.warnings))
