"""Adapters of `DeploymentTarget`."""
