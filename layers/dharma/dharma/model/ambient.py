"""Variables that Terraform code has because Terraform does not know the place of deployment.

The writer declares them with these descriptions, and by these the reader knows them again.
"""

from __future__ import annotations

AMBIENT_VARIABLES = {
    "region": "The region to deploy into.",
    "deployment_name": "The name of this deployment.",
    "deployment_id": "An identifier of this deployment, different for each.",
}
