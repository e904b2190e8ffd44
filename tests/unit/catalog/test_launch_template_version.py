"""`$Default` and `$Latest` become attributes of the launch template in CloudFormation."""

from __future__ import annotations

from typing import cast

import pytest

from dharma.catalog import canonical, load_catalog, read, write
from dharma.core.errors import NotExpressible
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Conditional, ResourceRef, Value, VariableRef

CATALOG = load_catalog()
TEMPLATE = Resource("aws_launch_template", "app", {"instance_type": "t3.small"})
ID = ResourceRef(TEMPLATE.address, ("id",))


def group(**template: Value) -> Resource:
    properties: dict[str, Value] = {"min_size": 1, "max_size": 2, "launch_template": dict(template)}
    return Resource("aws_autoscaling_group", "app", properties)


def written(resource: Resource) -> Value:
    document, _ = write([TEMPLATE, resource], "cloudformation", CATALOG)
    (part,) = (p for p in document.parts if p.type == "AWS::AutoScaling::AutoScalingGroup")
    return cast("dict[str, Value]", part.arguments["LaunchTemplate"])["Version"]


def read_back(resource: Resource) -> Value:
    document, _ = write([TEMPLATE, resource], "cloudformation", CATALOG)
    resources, notes = read(document, CATALOG)
    assert notes == []
    (found,) = (r for r in resources if r.type == resource.type)
    return cast("dict[str, Value]", found.properties["launch_template"]).get("version")


@pytest.mark.parametrize("version", [{}, {"version": "$Default"}])
def test_the_default_version_is_an_attribute_and_comes_back(version: dict[str, Value]) -> None:
    assert written(group(id=ID, **version)) == ResourceRef(
        "AppLaunchTemplate", ("DefaultVersionNumber",)
    )
    assert read_back(group(id=ID, **version)) in (None, "$Default")


def test_the_latest_version_is_an_attribute() -> None:
    assert written(group(id=ID, version="$Latest")) == ResourceRef(
        "AppLaunchTemplate", ("LatestVersionNumber",)
    )
    assert read_back(group(id=ID, version="$Latest")) == ResourceRef(
        TEMPLATE.address, ("latest_version",)
    )


def test_a_number_stays_a_number() -> None:
    assert written(group(id=ID, version="7")) == "7"
    assert read_back(group(id=ID, version="7")) == "7"


def test_a_version_may_depend_on_a_condition() -> None:
    version = Conditional(VariableRef("pinned"), "7", "$Latest")
    assert written(group(id=ID, version=version)) == Conditional(
        VariableRef("pinned"), "7", ResourceRef("AppLaunchTemplate", ("LatestVersionNumber",))
    )


def test_the_newest_version_of_a_template_elsewhere_cannot_be_said() -> None:
    with pytest.raises(NotExpressible, match=r"aws_autoscaling_group.app.launch_template.version"):
        written(group(id="lt-0123456789abcdef0", version="$Latest"))


def test_a_mixed_group_says_the_version_in_the_same_way() -> None:
    specification: Value = {"launch_template_id": ID, "version": "$Default"}
    mixed: Value = {
        "launch_template": {
            "launch_template_specification": specification,
            "override": [{"instance_type": "t3.small"}, {"instance_type": "t3a.small"}],
        },
        "instances_distribution": {"on_demand_base_capacity": 1},
    }
    resource = Resource(
        "aws_autoscaling_group",
        "app",
        {"min_size": 1, "max_size": 2, "mixed_instances_policy": mixed},
    )
    document, _ = write([TEMPLATE, resource], "cloudformation", CATALOG)
    (part,) = (p for p in document.parts if p.type == "AWS::AutoScaling::AutoScalingGroup")
    policy = cast("dict[str, dict[str, Value]]", part.arguments["MixedInstancesPolicy"])
    assert policy["LaunchTemplate"]["LaunchTemplateSpecification"] == {
        "LaunchTemplateId": ResourceRef("AppLaunchTemplate", ("Ref",)),
        "Version": ResourceRef("AppLaunchTemplate", ("DefaultVersionNumber",)),
    }
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical([TEMPLATE, resource], CATALOG)


@pytest.mark.parametrize(
    "version",
    [
        None,
        Conditional(VariableRef("flag"), "7", None),
        Conditional(VariableRef("flag"), "7", "$Default"),
        Conditional(VariableRef("other"), "7", None),
        Conditional(VariableRef("other"), None, "7"),
    ],
)
def test_the_template_may_be_there_under_a_condition(version: Value) -> None:
    flag = VariableRef("flag")
    identity = Conditional(flag, ID, None)
    resources = [TEMPLATE, group(id=identity, version=version)]
    document, _ = write(resources, "cloudformation", CATALOG)
    back, notes = read(document, CATALOG)
    assert notes == []
    assert canonical(back, CATALOG) == canonical(resources, CATALOG)


def test_a_template_of_another_kind_has_no_default_version() -> None:
    bucket = Resource("aws_s3_bucket", "b", {})
    with pytest.raises(NotExpressible, match="knows no"):
        write([bucket, group(id=ResourceRef(bucket.address, ("id",)))], "cloudformation", CATALOG)
