"""Hostile Terraform code: nothing outside of the folder is read, nothing is fetched or executed,
and everything ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dharma.blueprint.readers import read_file
from dharma.blueprint.readers.terraform import reading
from dharma.blueprint.readers.terraform.files import MAX_FILE_BYTES
from dharma.core.errors import InvalidInput, LimitExceeded, NotFound
from dharma.model.expressions.nodes import Unknown
from tests.unit.readers.terraform_folder import properties, read, told
from tests.unit.work import calls_of

SECRET = "not for you"
NAMED = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.tf").write_text('resource "aws_sqs_queue" "out" {}\n')
    inside = tmp_path / "inside"
    inside.mkdir()
    return inside


@pytest.mark.parametrize(
    "call",
    [
        'file("../secret.txt")',
        'file("${path.module}/../secret.txt")',
        'file("a/../../secret.txt")',
        'file("{}")',
        'filebase64("../secret.txt")',
        'filesha256("../secret.txt")',
        'templatefile("../secret.txt", {})',
        'file("link.txt")',
        'file("linked/secret.txt")',
        'tostring(fileexists("../secret.txt"))',
        'join(",", fileset("..", "*"))',
        'join(",", fileset("linked", "*"))',
    ],
)
def test_no_file_outside_of_the_folder_is_read(folder: Path, call: str) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "linked").symlink_to(folder.parent)
    call = call.replace('"{}"', f'"{folder.parent / "secret.txt"}"')
    (folder / "main.tf").write_text(NAMED % call)
    result = read_file(folder, expand=True)
    value = properties(result, "aws_sqs_queue.q")["name"]
    assert isinstance(value, Unknown), value
    assert SECRET not in repr(result)
    assert any("main.tf:2" in line for line in told(result))


def test_a_module_outside_of_the_folder_is_not_read(folder: Path) -> None:
    (folder / "main.tf").write_text('module "m" { source = "../elsewhere" }\n')
    result = read_file(folder)
    assert [r.address for r in result.blueprint.resources] == ["module.m"]
    assert any("outside of what is read" in line for line in told(result))


def test_a_module_elsewhere_in_the_same_repository_is_read(folder: Path) -> None:
    (folder.parent / ".git").mkdir()
    (folder / "main.tf").write_text('module "m" { source = "../elsewhere" }\n')
    (resource,) = read_file(folder).blueprint.resources
    assert resource.address == "aws_sqs_queue.m_out"
    assert resource.origin.file == str(folder.parent / "elsewhere" / "main.tf")


def test_a_file_elsewhere_in_the_same_repository_is_read(folder: Path) -> None:
    (folder.parent / ".git").mkdir()
    (folder.parent / ".git" / "config").write_text(SECRET)
    (folder / "main.tf").write_text(NAMED % 'trimspace(file("${path.module}/../secret.txt"))')
    assert properties(read_file(folder, expand=True), "aws_sqs_queue.q")["name"] == SECRET
    (folder / "main.tf").write_text(NAMED % 'file("../.git/config")')
    result = read_file(folder, expand=True)
    assert isinstance(properties(result, "aws_sqs_queue.q")["name"], Unknown)
    assert any("is outside of the configuration" in line for line in told(result))


def test_code_that_is_a_link_out_of_the_folder_is_not_read(folder: Path) -> None:
    (folder / "main.tf").symlink_to(folder.parent / "elsewhere" / "main.tf")
    with pytest.raises(InvalidInput, match="leads out of the folder"):
        read_file(folder)


def test_a_pipe_in_the_folder_is_no_code(folder: Path) -> None:
    os.mkfifo(folder / "pipe.tf")
    (folder / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    assert len(read_file(folder).blueprint.resources) == 1


def test_a_file_of_a_hundred_megabytes_is_not_even_read(folder: Path) -> None:
    with (folder / "main.tf").open("wb") as sparse:
        sparse.truncate(100 * 1024 * 1024)
    with pytest.raises(LimitExceeded, match=f"larger than {MAX_FILE_BYTES // 1024 // 1024} MB"):
        read_file(folder)


@pytest.mark.parametrize(
    "text",
    [
        "locals {\n  a = " + "[" * 10_000 + "]" * 10_000 + "\n}\n",
        "locals {\n  a = " + "{a=" * 10_000 + "1" + "}" * 10_000 + "\n}\n",
        "locals {\n  a = " + "-" * 10_000 + "1\n}\n",
        "locals {\n  a = " + '"${' * 10_000 + "1" + '}"' * 10_000 + "\n}\n",
        "a {\n" * 10_000 + "}\n" * 10_000,
    ],
    ids=["lists", "objects", "signs", "templates", "blocks"],
)
def test_what_is_nested_ten_thousand_deep_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"main\.tf:\d+:\d+") as refusal:
        read(main=text)
    assert "deeper" in str(refusal.value)


def test_a_loop_of_a_hundred_thousand_is_refused_with_its_line() -> None:
    with pytest.raises(LimitExceeded, match=r"main\.tf:1: aws_sqs_queue\.q: 100000 instances"):
        read(expand=True, main='resource "aws_sqs_queue" "q" {\n  count = 100000\n}\n')


def test_an_expression_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_STEPS", 100_000)
    code = (
        "locals {\n  l = range(1000)\n"
        "  x = [for a in local.l : [for b in local.l : [for c in local.l : a]]]\n}\n"
    )
    assert calls_of(lambda: _limited(code + NAMED % "local.x"), most=5_000_000)


def _limited(code: str) -> None:
    with pytest.raises(LimitExceeded, match="steps"):
        read(expand=True, main=code)


HEAVY = """
locals {
  list = range(1000)
  text = join("", [for n in range(1000) : "0123456789abcdef"])
  json = jsonencode([for n in range(1000) : { n = n }])
  many = [for a in local.list : [for b in local.list : %s]]
}
"""


@pytest.mark.parametrize(
    "call",
    [
        '"${a}-${b}"',
        "local.list == local.list",
        "contains(local.list, -1)",
        "setintersection(local.list, local.list)",
        "matchkeys(local.list, local.list, local.list)",
        "distinct([for n in local.list : [n]])",
        "transpose({ a = local.list, b = local.list })",
        "concat(local.list, local.list)",
        "jsondecode(local.json)",
        "sha512(local.text)",
        "upper(local.text)",
        'replace(local.text, "/[0-9]/", "n")',
        'can(regex("(a+)+$", local.text))',
        'cidrsubnets("10.0.0.0/8", [for n in range(200) : 16]...)',
        'templatestring("$${x}", { x = local.text })',
        "range(1000)",
        "try(local.list[5000], 1)",
    ],
)
def test_what_a_million_calls_work_is_stopped_by_their_steps(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step stands for a few calls of Python's, whatever is called: the budget is not spent on
    small steps of much work."""
    steps = 30_000
    monkeypatch.setattr(reading, "MAX_STEPS", steps)
    assert calls_of(lambda: _limited(HEAVY % call + NAMED % "local.many"), most=100 * steps)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("range(1025)", "more than 1024 numbers"),
        ("setproduct(range(1000), range(1000))", "more than 100000 items"),
        ('join("${local.text}", range(1000))', "longer than"),
        ('replace(local.text, "", local.text)', "longer than"),
        ('indent(1000000000, "a\\nb")', "between 0 and 1000"),
        ("pow(9, 999999999)", "is no number"),
        ('format("%1000000000s", "a")', "format: %1000000000s is wider than 1024 characters"),
        ('format("%.1000000000f", 1)', "is wider than 1024 characters"),
        ("1e308 * 1e308", "too many digits"),
        ('jsondecode("1e999999999")', "out of range"),
        ('jsondecode(join("", [for n in range(1000) : "[[[[[[[["]))', "recursion"),
        ('yamldecode(join("", [for n in range(1000) : "[[[[[[[["]))', "nested deeper"),
        ('regexall("(a{1000}){1000}", "a")', "pattern"),
        ('cidrsubnet("10.0.0.0/8", 1000000000, 1)', "cannot be extended"),
        ('cidrsubnets("10.0.0.0/8", 1000000000)', "cannot be extended"),
    ],
)
def test_what_grows_without_end_is_refused_before_it_is_made(value: str, message: str) -> None:
    code = HEAVY % "a" + NAMED % value

    def told_or_refused() -> None:
        try:
            lines = told(read(expand=True, main=code))
        except LimitExceeded as error:
            lines = [str(error)]
        assert any(message in line for line in lines), lines

    assert calls_of(told_or_refused, most=500_000)


def test_ten_thousand_instances_are_read_and_a_hundred_thousand_refused() -> None:
    code = """
    locals {
      tens = range(10)
      keys = flatten([for a in local.tens : [for b in local.tens : [for c in local.tens :
        [for d in %s : "k${a}${b}${c}-${d}"]]]])
    }
    resource "aws_sqs_queue" "q" {
      for_each = toset(local.keys)
      name     = each.key
    }
    """
    result = read(expand=True, main=code % "local.tens")
    assert len(result.blueprint.resources) == 10_000
    with pytest.raises(LimitExceeded, match=r"main\.tf:7: aws_sqs_queue\.q: 100000 instances"):
        read(expand=True, main=code % "range(100)")


def test_texts_that_double_are_stopped() -> None:
    names = "\n".join(f'  a{n} = "${{local.a{n - 1}}}${{local.a{n - 1}}}"' for n in range(1, 40))
    with pytest.raises(LimitExceeded, match="longer than"):
        read(expand=True, main=f'locals {{\n  a0 = "x"\n{names}\n}}\n' + NAMED % "local.a39")


def test_a_long_chain_of_names_is_read_or_refused_and_never_a_crash() -> None:
    names = "\n".join(f"  a{n} = local.a{n + 1}" for n in range(3000))
    with pytest.raises(LimitExceeded, match="levels deep"):
        read(main=f"locals {{\n{names}\n  a3000 = 1\n}}\n" + NAMED % "local.a0")


def test_modules_that_multiply_are_stopped() -> None:
    call = 'module "a" {\n  source = "%s"\n  count = 50\n}\n'
    with pytest.raises(LimitExceeded, match="more than 2000 modules"):
        read(
            expand=True,
            main=call % "./m1",
            m1__main=call % "../m2",
            m2__main='resource "aws_sqs_queue" "q" {}\n',
        )


@pytest.mark.parametrize(
    "source",
    ["git::https://example.org/x.git", "https://example.org/x.zip", "acme/x/aws", "/etc", "s3::x"],
)
def test_nothing_is_fetched(source: str) -> None:
    result = read(main=f'module "m" {{ source = "{source}" }}\n')
    assert any("never fetched" in line for line in told(result))


def test_commands_are_not_executed_and_told() -> None:
    code = (
        'resource "aws_sqs_queue" "q" {\n  provisioner "local-exec" {\n'
        '    command = "touch /tmp/executed"\n  }\n}\n'
        'data "external" "x" {\n  program = ["touch", "/tmp/executed"]\n}\n'
    )
    assert any("never executed" in line for line in told(read(main=code)))


@pytest.mark.parametrize(
    ("first", "more"),
    [
        ('["a"]', "[{0}, {0}]"),
        ('{a = "a"}', "{{a = {0}, b = {0}}}"),
        ("aws_sqs_queue.q.id", "max({0}, {0})"),
    ],
)
def test_names_that_double_are_stopped_with_their_line(folder: Path, first: str, more: str) -> None:
    lines = [f"  l{n} = {more.format(f'local.l{n - 1}')}\n" for n in range(1, 41)]
    (folder / "main.tf").write_text(
        f"locals {{\n  l0 = {first}\n{''.join(lines)}}}\n"
        'resource "aws_sqs_queue" "q" {\n  name = jsonencode(local.l40)\n}\n'
    )
    with pytest.raises(LimitExceeded, match=r"main\.tf:\d+: local\.l\d+: a value has more than"):
        read_file(folder, expand=True)


def test_a_folder_in_which_only_a_device_or_pipe_has_the_name_of_code_has_none(
    folder: Path,
) -> None:
    os.mkfifo(folder / "main.tf")
    with pytest.raises(NotFound, match="no Terraform code"):
        read_file(folder)


def test_a_link_that_leads_to_itself_is_no_folder(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "main.tf").write_text('module "m" { source = "./loop" }\n')
    (line,) = told(read_file(folder))
    assert line.endswith("module.m source: there is no folder ./loop")


def test_a_file_whose_name_is_no_text_is_shown_with_escapes(folder: Path) -> None:
    name = os.fsencode(folder) + b"/\xff.tf"
    Path(os.fsdecode(name)).write_text('resource "aws_sqs_queue" "q" {}\n')
    (queue,) = read_file(folder).blueprint.resources
    assert queue.origin.file == f"{folder}/\\udcff.tf"
