"""The document that the author of an API gives it, in the template or in a bucket."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam.functions import stored_object
from dharma.blueprint.readers.cloudformation.sam.made import Made, Owner


def stated_document(owner: Owner, made: Made) -> dict[str, Any] | None:
    """As properties of the API; None where there is none, so that one is made of the routes."""
    given = owner.properties
    if "DefinitionBody" in given:
        return {"Body": given["DefinitionBody"][1]}
    if "DefinitionUri" not in given:
        return None
    place = stored_object(given, "DefinitionUri")
    if place is None:
        where = f"{owner.address}.DefinitionUri"
        made.report("the document in another file is not read", given["DefinitionUri"][1], where)
        return {}
    names = {"S3Bucket": "Bucket", "S3Key": "Key", "S3ObjectVersion": "Version"}
    return {"BodyS3Location": {names[name]: part for name, part in place.items()}}
