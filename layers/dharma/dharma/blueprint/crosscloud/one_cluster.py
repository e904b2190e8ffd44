"""The counterpart of one cluster: its name, what is carried, what the target wants besides, and
what is left of the source.
"""

from __future__ import annotations

from dharma.blueprint.crosscloud import naming
from dharma.blueprint.crosscloud.additions import complete
from dharma.blueprint.crosscloud.building import built
from dharma.blueprint.crosscloud.clusters import Cluster
from dharma.blueprint.crosscloud.conversions import Uncarried
from dharma.blueprint.crosscloud.draft import Draft
from dharma.blueprint.crosscloud.journey import Journey
from dharma.blueprint.crosscloud.paths import get_at
from dharma.blueprint.crosscloud.properties import carry
from dharma.blueprint.crosscloud.remainder import review_rest
from dharma.blueprint.crosscloud.report import ResourceReview
from dharma.blueprint.crosscloud.rules import with_rules
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value


def counterpart(journey: Journey, cluster: Cluster, review: ResourceReview) -> list[Resource]:
    """The resources of the counterpart, those that the others name first. Fills `cluster.made` and
    the review."""
    draft = Draft(journey, cluster, review)
    _name(draft)
    for carried in cluster.concept.carries:
        carry(draft, carried)
    if draft.source.rules:
        return with_rules(draft)
    complete(draft)
    made = built(draft)
    review_rest(draft)
    return made


def _name(draft: Draft) -> None:
    source, target = draft.source.name, draft.target.name
    said = None
    if source is not None:
        said = get_at(draft.cluster.main.properties, source.steps)
        draft.consumed.add(source)
    if target is None:
        if said is not None and not draft.source.name_optional:
            # A name that the source has to have says nothing.
            return
        if said is not None:
            draft.review.dropped.append((str(source), "it has no name there"))
        return
    name: Value
    if said is None:
        if draft.target.name_optional:
            return
        name = naming.derived(
            draft.journey.blueprint.name, draft.cluster.main, draft.target.name_rule
        )
        draft.put(target, name)
        draft.review.added.append((str(target), "a name is wanted there"))
        return
    assert source is not None
    if naming.is_literal(said):
        name = naming.spelled(str(said), draft.target.name_rule)
        why = "" if name == said else "what may be in a name differs"
    else:
        try:
            name = draft.journey.references.carried(said)
        except Uncarried:
            name = naming.derived(
                draft.journey.blueprint.name, draft.cluster.main, draft.target.name_rule
            )
        why = f"see that the name fits: {_rule_said(draft.target.name_rule)}"
    draft.put(target, name)
    if not why:
        draft.review.carried.append((str(source), str(target)))
    else:
        draft.review.approximated.append((str(source), str(target), why))


def _rule_said(rule: str) -> str:
    return {
        "gcp": "small letters, digits and -, at most 63",
        "bucket": "small letters, digits, -, _ and ., at most 63, and nobody else's",
        "service_account": "6 to 30 small letters, digits and -",
        "storage_account": "3 to 24 small letters and digits, and nobody else's",
        "registry": "5 to 50 letters and digits, and nobody else's",
        "key_vault": "3 to 24 letters, digits and -, and nobody else's",
    }.get(rule, "letters, digits and -, at most 63")
