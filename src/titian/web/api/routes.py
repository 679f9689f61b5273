"""Operations that belong to no room: who am I, which banks, and the description itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from titian.kernel import audit
from titian.kernel.audit import PAGE_MAX_ROWS
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.room import Level

PREFIX = "/api/v1"

router = APIRouter(tags=["platform"])

Anyone = Annotated[Context, needs(level=Level.NONE)]
Auditor = Annotated[Context, needs(Permission.VIEW_AUDIT)]


class Problem(BaseModel):
    """An error, after RFC 9457."""

    type: str
    title: str = Field(description="What is wrong, in the caller's language.")
    status: int
    detail: str = Field(description="What to do about it.")
    instance: str
    request_id: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": text,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
    for code, text in ((401, "Not signed in"), (403, "Not allowed"), (404, "No such thing"))
}


class Me(BaseModel):
    """The caller."""

    user: str
    display_name: str
    bank: str | None = Field(description="The caller's bank; null for staff of the union.")
    roles: list[str]
    permissions: list[str]
    clearance: int


class BankOut(BaseModel):
    """A member bank."""

    bank: str
    name_zh: str
    name_en: str
    status: str


class AuditOut(BaseModel):
    """One act in the audit log."""

    seq: int
    at: str
    user: str
    bank: str | None
    action: str
    target: str
    detail: dict[str, Any]


class AuditPage(BaseModel):
    """A page of acts, newest first; ask again with `before` = `next` for older ones."""

    items: list[AuditOut]
    next: int | None


@router.get("/openapi.json", include_in_schema=False)
def description(request: Request, ctx: Anyone) -> dict[str, Any]:
    """Describe the interface (OpenAPI 3.1)."""
    del ctx
    found: dict[str, Any] = request.app.openapi()
    return found


@router.get("/me", responses=PROBLEMS)
def me(ctx: Anyone) -> Me:
    """Say who is calling and what they may do."""
    user = ctx.user
    return Me(
        user=user.user_id,
        display_name=user.display_name,
        bank=user.bank,
        roles=sorted(user.roles),
        permissions=sorted(p for p in Permission if user.scope().allows(p)),
        clearance=user.clearance,
    )


@router.get("/banks", responses=PROBLEMS)
def list_banks(ctx: Anyone) -> list[BankOut]:
    """List the banks the caller may look into."""
    return [
        BankOut(bank=b.bank, name_zh=b.name_zh, name_en=b.name_en, status=b.status)
        for b in ctx.banks
    ]


@router.get("/at/{place}/audit", responses=PROBLEMS)
def list_audit(
    ctx: Auditor,
    place: str,
    before: Annotated[int | None, Query(ge=1, description="Only acts before this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX_ROWS)] = 100,
) -> AuditPage:
    """List acts at a bank (or `union`), newest first."""
    del place
    found = audit.entries(ctx.scope, before_seq=before, limit=limit)
    items = [
        AuditOut(
            seq=e.seq,
            at=e.at.isoformat(),
            user=e.user,
            bank=e.bank,
            action=e.action,
            target=e.target,
            detail=e.detail,
        )
        for e in found
    ]
    return AuditPage(items=items, next=items[-1].seq if len(items) == limit else None)
