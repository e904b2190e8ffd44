"""A blueprint of one cloud as a proposal for another.

`carry_over` finds the counterpart of each resource in `catalog/equivalents`, carries what both can
say, and reports the rest: what is only alike, what is left out, what has to be given. It proposes;
a person decides, so the result is always marked for review.
"""

from dharma.blueprint.crosscloud.carrying import CrossCloud, carry_over
from dharma.blueprint.crosscloud.report import ResourceReview, Review

__all__ = ["CrossCloud", "ResourceReview", "Review", "carry_over"]
