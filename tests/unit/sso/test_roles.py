from __future__ import annotations

import pytest

from dharma.core.errors import Forbidden
from dharma.core.principal import Principal
from dharma.sso.roles import ROLES, ROUTES, require


def who(*roles: str) -> Principal:
    return Principal("ada", "acme", frozenset(roles))


def allowed(role: str) -> set[str]:
    found = set()
    for route in ROUTES:
        try:
            require(who(role), route)
        except Forbidden:
            continue
        found.add(route)
    return found


def test_a_viewer_changes_nothing() -> None:
    changing = {route for route in allowed("viewer") if not route.startswith("GET ")}
    assert changing == {
        "POST /blueprints/{id}/validate",
        "POST /iac/convert",
        "POST /iac/generate",
        "POST /guardrails/validate",
        "POST /costing/estimate",
    }


def test_who_deploys_does_not_approve_and_the_other_way_round() -> None:
    assert "POST /deployments" in allowed("editor")
    assert "POST /deployments/{id}/approve" not in allowed("editor")
    assert "POST /deployments/{id}/approve" in allowed("approver")
    assert "POST /deployments" not in allowed("approver")


def test_an_admin_may_everything_and_alone_changes_environments() -> None:
    assert allowed("admin") == set(ROUTES)
    for role in ROLES - {"admin"}:
        assert "POST /environments" not in allowed(role)


def test_roles_add_up() -> None:
    both = who("editor", "approver")
    require(both, "POST /deployments")
    require(both, "POST /deployments/{id}/approve")
    assert "POST /deployments/{id}/approve" not in allowed("editor")
    assert "POST /deployments" not in allowed("approver")


@pytest.mark.parametrize("roles", [(), ("root",)])
def test_without_a_known_role_nothing_is_allowed(roles: tuple[str, ...]) -> None:
    for route in ROUTES:
        with pytest.raises(Forbidden):
            require(who(*roles), route)


def test_the_refusal_names_the_roles_that_would_do() -> None:
    with pytest.raises(Forbidden, match=r"blueprint:write needs one of the roles admin, editor"):
        require(who("viewer"), "POST /blueprints")


def test_a_route_that_nobody_listed_is_nobodys() -> None:
    with pytest.raises(Forbidden, match="nobody"):
        require(who("admin"), "DELETE /everything")
