"""Values of variables: which source wins, what does not fit, secrets kept out of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dharma.blueprint.variable_sources import collect, read_variable_file
from dharma.blueprint.variables import check_values
from dharma.core.errors import InvalidVariables
from dharma.model.blueprint import Blueprint, Variable
from dharma.model.expressions.nodes import Unknown


def blueprint(*variables: Variable) -> Blueprint:
    return Blueprint("web", "1.0.0", "aws", variables=variables)


def messages(error: InvalidVariables) -> list[str]:
    return [str(fault) for fault in error.faults]


def test_later_sources_win(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.tfvars"
    first.write_text("b: file-1\nc: file-1\nd: file-1\n")
    second.write_text('c = "file-2" # why\nd = "file-2"\n')
    declared = blueprint(*(Variable(n, default="default") for n in "abcde"))
    values = collect(
        declared,
        environment=dict.fromkeys("bcd", "environment") | {"another": "blueprint's"},
        files=[first, second],
        assignments=["d=assigned=x", "e="],
    )
    assert values == {"b": "file-1", "c": "file-2", "d": "assigned=x", "e": ""}
    assert check_values(declared, values)["a"] == "default"


def test_an_assignment_is_read_by_the_variables_type() -> None:
    declared = blueprint(
        Variable("s"),
        Variable("n", "number"),
        Variable("b", "bool"),
        Variable("l", "list(string)"),
        Variable("o", "object({ size = number, on = optional(bool, true) })"),
    )
    values = collect(
        declared,
        assignments=["s=[1]", "n=1.5", "b=true", 'l=["a", "b"]', "o={size = 2}"],
    )
    assert check_values(declared, values) == {
        "s": "[1]",
        "n": 1.5,
        "b": True,
        "l": ["a", "b"],
        "o": {"size": 2, "on": True},
    }
    assert collect(declared, assignments=['o={"size": 2}'])["o"] == {"size": 2}


def test_everything_that_cannot_be_a_value_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "x.tfvars"
    broken.write_text('a = "x"\nb = \n')
    with pytest.raises(InvalidVariables) as caught:
        collect(
            blueprint(Variable("region"), Variable("l", "list(string)")),
            files=[broken, tmp_path / "none.yaml"],
            assignments=["regoin=x", "nonsense", "l=[a"],
        )
    assert messages(caught.value) == [
        f"{broken}:3:1: the text ends where a value should be",
        f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory",
        "var.regoin: there is no such variable (did you mean region?)",
        "'nonsense' is no variable (write name=value)",
        "var.l: the value cannot be read: nothing is called 'a' here",
    ]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("v.yaml", "a: [1, no]\nb: {c: 010}\n", {"a": [1, "no"], "b": {"c": "010"}}),
        ("v.json", '{"a": [1, true], "b": null}', {"a": [1, True], "b": None}),
        ("v.tfvars", 'a = [1,\n 2]\nb = {\n  c = "d"\n}\n', {"a": [1, 2], "b": {"c": "d"}}),
    ],
)
def test_files_of_variables_are_read(tmp_path: Path, name: str, text: str, values: Any) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert read_variable_file(path) == values


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("v.yaml", "- a", ":1:1: a file of variables is a mapping of names to values"),
        ("v.json", '{"a": ', "not JSON"),
        ("v.tfvars", "a = var.b", ":1:5: a value has no references"),
        ("v.tfvars", "a = 1 b = 2", ":1:7: found 'b' where a new line should be"),
        ("v.tfvars", "a 1", ":1:3: found '1' where '='"),
        ("v.yaml", "a: \x00", "U+0000"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InvalidVariables) as caught:
        read_variable_file(path)
    assert message in messages(caught.value)[0]


VIOLATIONS: list[tuple[Variable, Any, str]] = [
    (Variable("v", "number"), "x", "var.v: a number is needed, and 'x' is none"),
    (Variable("v", allowed=("a", "b")), "c", 'var.v: "c" is not one of "a", "b"'),
    (Variable("v", pattern="^[0-9]+$"), "1a", 'var.v: "1a" does not match ^[0-9]+$'),
    (Variable("v", "number", min=2), 1, "var.v: 1 is less than 2"),
    (Variable("v", "number", max=2.5), 3, "var.v: 3 is more than 2.5"),
    (Variable("v", min=3), "ab", "var.v: the length 2 is less than 3"),
    (Variable("v", "list(string)", max=1), ["a", "b"], "var.v: the length 2 is more than 1"),
    (Variable("v", sensitive=True, pattern="^x$"), "secret", "var.v: the value does not match ^x$"),
    (Variable("v", "number", sensitive=True), "secret", "var.v: does not fit number"),
    (Variable("v", sensitive=True, allowed=("x",)), "secret",
     'var.v: the value is not one of "x"'),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "value", "message"), VIOLATIONS)
def test_a_value_that_does_not_fit(variable: Variable, value: Any, message: str) -> None:
    with pytest.raises(InvalidVariables) as caught:
        check_values(blueprint(variable), {"v": value})
    assert messages(caught.value) == [message]


def test_a_pattern_that_is_not_supported_judges_nothing() -> None:
    declared = blueprint(Variable("v", pattern="^(?!x).*$"))
    assert check_values(declared, {"v": "anything"}) == {"v": "anything"}


def test_all_faults_come_at_once() -> None:
    declared = blueprint(Variable("a", required=True), Variable("b", "bool"))
    with pytest.raises(InvalidVariables) as caught:
        check_values(declared, {"b": 5, "c": 1})
    assert messages(caught.value) == [
        "var.c: there is no such variable (declared: a, b)",
        "var.a: no value is given (a value of type string is needed)",
        "var.b: true or false is needed, not a number",
    ]


def test_an_incomplete_check_leaves_the_missing_unknown() -> None:
    declared = blueprint(Variable("a", required=True))
    assert check_values(declared, {}, complete=False) == {"a": Unknown("var.a has no value yet")}
