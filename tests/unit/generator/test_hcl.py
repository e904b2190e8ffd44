"""HCL text: laid out as the formatter would, and meaning what the values mean."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dharma.core.errors import NotExpressible
from dharma.generator.terraform.hcl import Attribute, Block, Gap, Item, Raw, object_key, print_body
from dharma.model.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ForList,
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
)

TERRAFORM = shutil.which("terraform")
needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="no terraform binary")

TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('${}%"\\\n\t'), max_size=24
)
NAME = st.from_regex(r"[a-z_][a-z0-9_]{0,11}", fullmatch=True).filter(
    lambda n: n not in ("for", "in", "if", "null", "true", "false", "endfor", "else")
)


def terraform(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    assert TERRAFORM is not None
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "TF_CLI_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [TERRAFORM, *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def expressions(children: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    condition: st.SearchStrategy[Value] = st.one_of(
        st.builds(VariableRef, NAME),
        st.builds(lambda n, v: Binary("==", VariableRef(n), v), NAME, TEXT),
        st.builds(lambda n: Unary("!", VariableRef(n)), NAME),
    )
    return st.one_of(
        st.builds(VariableRef, NAME),
        st.builds(lambda t, n, a: ResourceRef(f"{t}.{n}", (a,)), NAME, NAME, NAME),
        st.builds(lambda t, n, a: Splat(ResourceRef(f"{t}.{n}"), (a,)), NAME, NAME, NAME),
        st.builds(Conditional, condition, children, children),
        st.builds(lambda n, a: Call(n, tuple(a)), NAME, st.lists(children, max_size=3)),
        st.builds(lambda v: Call("jsonencode", (v,)), children),
        st.builds(lambda a, v, b: Template((a, VariableRef(v), b)),
                  TEXT.filter(bool), NAME, TEXT.filter(bool)),
        st.builds(lambda n, r: ForList(None, "item", VariableRef(n), r), NAME, children),
        st.builds(lambda d, n: Index(d, VariableRef(n)),
                  st.dictionaries(NAME, TEXT, min_size=1, max_size=3), NAME),
    )  # fmt: skip


def called(item: Item) -> str:
    return item.type if isinstance(item, Block) else getattr(item, "name", "")


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers(-(10**9), 10**9), st.none()),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(st.one_of(NAME, TEXT), children, max_size=4),
        expressions(children),
    ),
    max_leaves=12,
)
ITEMS = st.recursive(
    st.builds(Attribute, NAME, VALUES),
    lambda children: st.builds(
        lambda t, labels, body: Block(t, tuple(labels), tuple(body)),
        NAME, st.lists(NAME, max_size=2), st.lists(children, max_size=4, unique_by=called),
    ),
    max_leaves=8,
)  # fmt: skip


def test_equal_signs_line_up_over_consecutive_single_lines_only() -> None:
    text = print_body(
        [
            Attribute("a", 1),
            Attribute("long_name", [1, 2]),
            Attribute("tags", {"k": "v", "a b": "w"}),
            Attribute("after", True),
            Gap(),
            Raw("depends_on", "[a.b]"),
        ]
    )
    assert text == (
        "a         = 1\n"
        "long_name = [1, 2]\n"
        "tags = {\n"
        '  k     = "v"\n'
        '  "a b" = "w"\n'
        "}\n"
        "after = true\n"
        "\n"
        "depends_on = [a.b]\n"
    )


def test_blocks_stand_apart_and_nest() -> None:
    inner = Block("rule", (), (Attribute("x", 1), Block("deep", ())))
    text = print_body([Attribute("a", 1), inner, Block("b", ("l",), ())])
    assert text == ('a = 1\n\nrule {\n  x = 1\n\n  deep {}\n}\n\nb "l" {}\n')


def test_text_of_several_lines_is_a_heredoc_with_markers_escaped() -> None:
    text = print_body([Attribute("user_data", "#!/bin/sh\necho ${HOME} %{x}\n")])
    assert text == "user_data = <<EOT\n#!/bin/sh\necho $${HOME} %%{x}\nEOT\n"


def test_a_heredoc_chooses_a_word_that_the_text_has_not() -> None:
    assert "<<EOF\n" in print_body([Attribute("t", "a\n  EOT\nb\n")])


@pytest.mark.parametrize("text", ["a\nb", "\nx", "a\r\nb\n", "bell\x07\nb\n", "\n"])
def test_text_that_a_heredoc_cannot_hold_exactly_is_quoted(text: str) -> None:
    assert "<<" not in print_body([Attribute("t", text)])


def test_a_document_is_laid_out_inside_its_call() -> None:
    policy = Call("jsonencode", ({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]},))
    assert print_body([Attribute("policy", policy)]) == (
        "policy = jsonencode({\n"
        '  Version = "2012-10-17"\n'
        "  Statement = [\n"
        "    {\n"
        '      Effect = "Allow"\n'
        "    },\n"
        "  ]\n"
        "})\n"
    )


def test_a_letter_that_is_no_column_of_its_own_is_escaped_in_a_key() -> None:
    assert object_key("e\u0301t\u00e9") == '"e\\u0301té"'


@pytest.mark.parametrize("name", ["", "a b", "1a", 'x" {}', "a.b", "a\n", "-a", "ä\u0301 "])
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(NotExpressible, match="no name"):
        print_body([Attribute(name, 1)])
    with pytest.raises(NotExpressible, match="no name"):
        print_body([Block(name)])
    with pytest.raises(NotExpressible, match="no name"):
        print_body([Block("resource", (name,))])


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(NotExpressible, match="not known"):
        print_body([Attribute("a", {"b": [Unknown("later")]})])


@needs_terraform
def test_random_bodies_are_as_the_formatter_leaves_them(tmp_path: Path) -> None:
    documents: list[str] = []

    @settings(max_examples=80, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.lists(ITEMS, max_size=6, unique_by=called))
    def collect(items: list[Item]) -> None:
        documents.append(print_body(items))

    collect()
    for number, text in enumerate(documents):
        (tmp_path / f"d{number}.tf").write_text(text, encoding="utf-8", newline="")
    done = terraform("fmt", "-check", "-diff", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_terraform
def test_terraform_evaluates_random_values_to_what_they_are(tmp_path: Path) -> None:
    values: list[Value] = []
    plain = st.recursive(
        st.one_of(TEXT, st.booleans(), st.integers(-(10**9), 10**9)),
        lambda c: st.one_of(st.lists(c, max_size=3), st.dictionaries(TEXT, c, max_size=3)),
        max_leaves=8,
    )
    lines = st.lists(st.text(st.sampled_from("ab $%{}\\\"#'"), max_size=8), min_size=2, max_size=4)
    multi = lines.map(lambda texts: "\n".join(texts) + "\n")

    @settings(max_examples=80, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.one_of(plain, multi, st.dictionaries(NAME, multi, max_size=2)))
    def collect(value: Value) -> None:
        values.append(value)

    collect()
    blocks = [
        Block("output", (f"o{n}",), (Attribute("value", Call("jsonencode", (v,)) if n % 2 else v),))
        for n, v in enumerate(values)
    ]
    (tmp_path / "main.tf").write_text(print_body(blocks), encoding="utf-8", newline="")
    done = terraform("apply", "-auto-approve", "-no-color", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = json.loads(terraform("output", "-json", cwd=tmp_path).stdout)
    for number, value in enumerate(values):
        found = shown[f"o{number}"]["value"]
        if number % 2:
            found = json.loads(found)
        assert composed(found) == composed(value)


def composed(value: object) -> object:
    """HCL composes text (NFC); equal then is equal in composed form."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [composed(v) for v in value]
    if isinstance(value, dict):
        return {composed(k): composed(v) for k, v in value.items()}
    return value


def test_a_repeated_name_keeps_its_place() -> None:
    each = ForList(None, "s", VariableRef("subnets"), Symbol(("s", "id")))
    assert print_body([Attribute("ids", each)]) == "ids = [for s in var.subnets : s.id]\n"
