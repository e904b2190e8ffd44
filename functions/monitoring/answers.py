"""Which route answers with which shape when it succeeds, for the description of the API."""

from __future__ import annotations

from typing import Any

from functions.monitoring.shapes import (
    Answer,
    AuditDays,
    AuditPage,
    Blueprint,
    BlueprintPage,
    BlueprintVersion,
    BlueprintVersionContents,
    BlueprintVersionPage,
    ConvertedCode,
    CostEstimate,
    Deployment,
    DeploymentEvents,
    DeploymentPage,
    DeploymentStatistics,
    Environment,
    EnvironmentPage,
    GeneratedCode,
    Health,
    ImportedBlueprint,
    Plan,
    Rebuilt,
    Validation,
    Verdict,
    VersionProposal,
)

Json = dict[str, Any]

# Routes that answer with a file: its media types (beside JSON of its shape, if there is one).
FILES: dict[str, tuple[str, ...]] = {
    "GET /blueprints/{id}/export": ("application/yaml",),
    "GET /docs": ("text/html",),
    "POST /iac/generate": ("application/zip", "application/gzip"),
}

# Status and shape; None where there is no body, `Json` where it is an open document, str: a file.
ANSWERS: dict[str, tuple[int, type[Answer] | type[str] | Any]] = {
    "GET /health": (200, Health),
    "GET /openapi.json": (200, Json),
    "GET /docs": (200, str),
    "GET /audit": (200, AuditPage),
    "GET /audit/days": (200, AuditDays),
    "GET /blueprints": (200, BlueprintPage),
    "POST /blueprints": (201, Blueprint),
    "POST /blueprints/import": (201, ImportedBlueprint),
    "GET /blueprints/schema": (200, Json),
    "GET /blueprints/{id}": (200, Blueprint),
    "PUT /blueprints/{id}": (200, Blueprint),
    "DELETE /blueprints/{id}": (204, None),
    "GET /blueprints/{id}/versions": (200, BlueprintVersionPage),
    "POST /blueprints/{id}/versions": (201, BlueprintVersion),
    "GET /blueprints/{id}/versions/next": (200, VersionProposal),
    "GET /blueprints/{id}/versions/{version}": (200, BlueprintVersionContents),
    "POST /blueprints/{id}/validate": (200, Validation),
    "GET /blueprints/{id}/export": (200, Json),
    "GET /environments": (200, EnvironmentPage),
    "POST /environments": (201, Environment),
    "GET /environments/{name}": (200, Environment),
    "PUT /environments/{name}": (200, Environment),
    "DELETE /environments/{name}": (204, None),
    "POST /iac/convert": (200, ConvertedCode),
    "POST /iac/generate": (200, GeneratedCode),
    "POST /guardrails/validate": (200, Verdict),
    "POST /costing/estimate": (200, CostEstimate),
    "GET /deployments": (200, DeploymentPage),
    "POST /deployments": (202, Deployment),
    "POST /deployments/plan": (200, Plan),
    "GET /deployments/statistics": (200, DeploymentStatistics),
    "POST /projections/rebuild": (200, Rebuilt),
    "GET /deployments/{id}": (200, Deployment),
    "GET /deployments/{id}/events": (200, DeploymentEvents),
    "GET /deployments/{id}/documents/{name}": (200, Json),
    "POST /deployments/{id}/approve": (200, Deployment),
    "POST /deployments/{id}/reject": (200, Deployment),
    "POST /deployments/{id}/cancel": (202, Deployment),
    "POST /deployments/{id}/rollback": (202, Deployment),
    "POST /deployments/{id}/destroy": (202, Deployment),
}
