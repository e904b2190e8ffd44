"""Guardrails: Rego policies over the model, judged pass, fail, unknown or error."""
