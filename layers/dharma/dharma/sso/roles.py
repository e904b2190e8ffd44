"""What each role may do, and what each route asks for.

Roles add up; a person may have several. The table of routes is complete: a route that is not in it
is refused to everybody, and a test compares it with the template.
"""

from __future__ import annotations

from typing import Literal

from dharma.core.errors import Forbidden
from dharma.core.principal import Principal

Permission = Literal[
    "analyse",
    "audit:read",
    "blueprint:read",
    "blueprint:write",
    "deployment:approve",
    "deployment:read",
    "deployment:write",
    "environment:read",
    "environment:write",
    "projection:rebuild",
]

_READ: frozenset[Permission] = frozenset(
    {"analyse", "blueprint:read", "deployment:read", "environment:read"}
)
_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "viewer": _READ,
    "editor": _READ | {"blueprint:write", "deployment:write"},
    "approver": _READ | {"deployment:approve"},
    "admin": _READ
    | {
        "audit:read",
        "blueprint:write",
        "deployment:approve",
        "deployment:write",
        "environment:write",
        "projection:rebuild",
    },
}
ROLES = frozenset(_PERMISSIONS)

# Routes that need no token.
PUBLIC = frozenset({"GET /docs", "GET /health", "GET /openapi.json"})

# The route of API Gateway that takes what no other does. It answers that there is nothing, to
# anybody: which routes there are is no secret.
EVERYTHING_ELSE = "$default"

ROUTES: dict[str, Permission] = {
    "GET /audit": "audit:read",
    "GET /audit/days": "audit:read",
    "GET /blueprints": "blueprint:read",
    "POST /blueprints": "blueprint:write",
    "POST /blueprints/import": "blueprint:write",
    "GET /blueprints/schema": "blueprint:read",
    "GET /blueprints/{id}": "blueprint:read",
    "PUT /blueprints/{id}": "blueprint:write",
    "DELETE /blueprints/{id}": "blueprint:write",
    "GET /blueprints/{id}/versions": "blueprint:read",
    "POST /blueprints/{id}/versions": "blueprint:write",
    "GET /blueprints/{id}/versions/next": "blueprint:read",
    "GET /blueprints/{id}/versions/{version}": "blueprint:read",
    "POST /blueprints/{id}/validate": "blueprint:read",
    "GET /blueprints/{id}/export": "blueprint:read",
    "GET /environments": "environment:read",
    "POST /environments": "environment:write",
    "GET /environments/{name}": "environment:read",
    "PUT /environments/{name}": "environment:write",
    "DELETE /environments/{name}": "environment:write",
    "POST /iac/convert": "analyse",
    "POST /iac/generate": "analyse",
    "POST /guardrails/validate": "analyse",
    "POST /costing/estimate": "analyse",
    "GET /deployments": "deployment:read",
    "POST /deployments": "deployment:write",
    # It changes nothing, but works with the secrets of the environment.
    "POST /deployments/plan": "deployment:write",
    "GET /deployments/statistics": "deployment:read",
    "POST /projections/rebuild": "projection:rebuild",
    "GET /deployments/{id}": "deployment:read",
    "POST /deployments/{id}/approve": "deployment:approve",
    "POST /deployments/{id}/reject": "deployment:approve",
    "POST /deployments/{id}/cancel": "deployment:write",
    "POST /deployments/{id}/rollback": "deployment:write",
    "POST /deployments/{id}/destroy": "deployment:write",
    "GET /deployments/{id}/events": "deployment:read",
    "GET /deployments/{id}/documents/{name}": "deployment:read",
}


def methods_of(path: str) -> tuple[str, ...]:
    """The methods that routes take at a path, in order; none for a path that there is not."""
    segments = path.split("/")
    return tuple(
        sorted(
            {
                method
                for method, _, pattern in (route.partition(" ") for route in (*ROUTES, *PUBLIC))
                if _leads_to(pattern.split("/"), segments)
            }
        )
    )


def _leads_to(pattern: list[str], segments: list[str]) -> bool:
    return len(pattern) == len(segments) and all(
        bool(segment) if part.startswith("{") else part == segment
        for part, segment in zip(pattern, segments, strict=True)
    )


def require(principal: Principal, route: str) -> None:
    """Raise `Forbidden` unless one of the principal's roles allows the route."""
    permission = ROUTES.get(route)
    if permission is None:
        raise Forbidden(f"nobody may call {route}")
    if not any(permission in _PERMISSIONS[role] for role in principal.roles & ROLES):
        allowing = sorted(role for role, may in _PERMISSIONS.items() if permission in may)
        raise Forbidden(f"{permission} needs one of the roles {', '.join(allowing)}")
