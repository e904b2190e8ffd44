"""The library of blueprints and the environments, over HTTP."""

from __future__ import annotations

from functions.blueprint import blueprints, environments
from functions.edge import lambda_handler, resolver

app = resolver()
app.include_router(blueprints.router)
app.include_router(environments.router)
handler = lambda_handler(app, "blueprint")
