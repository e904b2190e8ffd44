"""Pulumi programs: names, references, loops, conditions, secrets, and nothing that gets out."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dharma.blueprint.readers import read_file
from dharma.blueprint.source import load_blueprint
from dharma.catalog import load_catalog
from dharma.core.errors import NotExpressible
from dharma.generator import GenerateOptions, generate
from dharma.generator.pulumi import names
from dharma.generator.pulumi.names import PACKAGES, Shape, resource_names
from dharma.generator.pulumi.python import quote as python_quote
from dharma.generator.pulumi.typescript import quote, template_text
from dharma.model.blueprint import Blueprint, Resource, Variable
from dharma.model.expressions.nodes import Template, Value, VariableRef
from tests.unit.examples import EXAMPLES, KINDS
from tests.unit.generator.test_injection import EVIL

NODE = shutil.which("node")


def program(text: str, language: str) -> str:
    bp = load_blueprint(text)
    files = generate(bp, f"pulumi-{language}", load_catalog()).files
    return files["index.ts" if language == "typescript" else "__main__.py"]


def both(resources: str, *, variables: str = "[]", outputs: str = "[]") -> tuple[str, str]:
    """The programs of an AWS blueprint in TypeScript and in Python."""
    text = (
        "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: aws\n"
        f"variables: {variables}\nresources:\n{resources}\noutputs: {outputs}\n"
    )
    return program(text, "typescript"), program(text, "python")


SCHEMAS = sorted(
    file
    for file in (Path(__file__).parents[2] / "catalog_schemas").glob("terraform-*/*.json")
    if file.stem != "SOURCE"
)
# Arguments of Terraform that Pulumi's packages do not have: write-only ones, which keep a secret
# out of a state, and some that the provider gave up.
WITHOUT: dict[str, set[str]] = {
    "azurerm_mssql_server": {"administrator_login_password_wo"},
    "azurerm_mysql_flexible_server": {"administrator_password_wo"},
    "azurerm_postgresql_flexible_server": {"administrator_password_wo"},
    "azurerm_storage_account": {
        "queue_properties.hour_metrics.enabled",
        "queue_properties.minute_metrics.enabled",
    },
    "google_compute_subnetwork": {"enable_flow_logs"},
}


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda f: f.stem)
def test_every_argument_of_a_catalogued_type_is_a_property_in_pulumi(file: Path) -> None:
    found = resource_names(file.stem)
    assert found is not None
    schema = json.loads(file.read_text(encoding="utf-8"))
    assert set(missing(schema, found.shape, "")) <= WITHOUT.get(file.stem, set())


def missing(schema: Any, shape: Shape, place: str) -> Iterator[str]:
    """Arguments and blocks that can be written and have no property."""
    for name, said in schema["attributes"].items():
        field = shape.get(name)
        if said.endswith("computed") or name in ("id", "tags_all"):
            continue
        if field is None or field.computed:
            yield place + name
    for name, nested in schema.get("blocks", {}).items():
        if name == "timeouts" or nested["use"] == "computed":
            continue
        field = shape.get(name)
        if field is None or field.computed:
            yield place + name
            continue
        kind = field.kind
        while kind.element is not None:
            kind = kind.element
        if kind.shape is not None:
            yield from missing(nested, kind.shape, f"{place}{name}.")


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_fact_of_a_package_can_be_read(package: str) -> None:
    file = Path(names.__file__).parent / "names" / f"{PACKAGES[package]}.json"
    types = json.loads(file.read_text(encoding="utf-8"))["types"]
    assert len(types) > 1000
    for name in types:
        found = resource_names(name)
        assert found is not None
        assert re.fullmatch(r"(\w+\.)?[A-Z]\w+", found.path)
        for field in found.shape.fields.values():
            assert field.kind.name


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("aws_s3_bucket", "s3.Bucket"),
        ("aws_lb", "lb.LoadBalancer"),
        ("aws_alb", "alb.LoadBalancer"),
        ("aws_db_instance", "rds.Instance"),
        ("aws_s3_object", "s3.BucketObjectv2"),
        ("azurerm_role_assignment", "authorization.Assignment"),
        ("azurerm_linux_virtual_machine", "compute.LinuxVirtualMachine"),
        ("google_storage_bucket", "storage.Bucket"),
        ("google_cloud_run_v2_service", "cloudrunv2.Service"),
    ],
)
def test_a_type_is_the_class_that_the_current_packages_have_for_it(kind: str, path: str) -> None:
    found = resource_names(kind)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize("example", [*EXAMPLES, *KINDS], ids=lambda e: e.stem)
def test_the_program_of_an_example_is_python(example: Path) -> None:
    bp = read_file(example).blueprint
    files = generate(bp, "pulumi-python", load_catalog(), GenerateOptions(region="x")).files
    tree = ast.parse(files["__main__.py"])
    made = [
        n for n in ast.walk(tree)
        if isinstance(n, ast.Call) and re.match(r"(aws|azure|gcp)\.", ast.unparse(n.func))
    ]  # fmt: skip
    assert len(made) >= len(bp.resources)


def test_arguments_are_renamed_flattened_and_pluralised_as_pulumi_does() -> None:
    ts, py = both(
        """
  - {name: f, type: aws_lambda_function, properties: {function_name: f, role: "arn:r",
     runtime: python3.13, handler: a.b, s3_bucket: b, s3_key: k,
     environment: {variables: {A: "1"}}}}
  - {name: s, type: aws_sns_topic_subscription, properties: {topic_arn: "arn:t", protocol: sqs,
     endpoint: "arn:q"}}
"""
    )
    assert '    environment: {\n        variables: { A: "1" },\n    },' in ts
    assert 'topic: "arn:t"' in ts
    assert 'topic="arn:t"' in py
    assert 'name: "f"' in ts
    assert "aws.lambda.Function(" in ts
    assert "aws.lambda_.Function(" in py


def test_references_stay_references_and_texts_around_them_are_lifted() -> None:
    ts, py = both(
        """
  - {name: assets, type: aws_s3_bucket, properties: {bucket: web}}
  - {name: q, type: aws_sqs_queue, properties: {name: q, tags: {of: "${aws_s3_bucket.assets.arn}",
     all: "${aws_s3_bucket.assets.arn}/*", loud: "${upper(aws_s3_bucket.assets.id)}"}}}
"""
    )
    assert "of: assetsBucket.arn," in ts
    assert "all: pulumi.interpolate`${assetsBucket.arn}/*`," in ts
    assert "loud: assetsBucket.id.apply((id) => id.toUpperCase())," in ts
    assert '"of": assets_bucket.arn,' in py
    assert '"all": pulumi.Output.concat(assets_bucket.arn, "/*"),' in py
    assert "assets_bucket.id.apply(lambda" in py


def test_a_computation_on_two_outputs_waits_for_both() -> None:
    ts, py = both(
        """
  - {name: a, type: aws_s3_bucket, properties: {bucket: a}}
  - {name: q, type: aws_sqs_queue, properties: {name: q,
     tags: {both: "${join(\\"-\\", [aws_s3_bucket.a.id, aws_s3_bucket.a.arn])}"}}}
""".replace('\\"', '\\"')
    )
    assert "pulumi.all([aBucket.id, aBucket.arn]).apply(([id, arn]) => [id, arn].join" in ts
    assert "pulumi.Output.all(" in py
    assert 'lambda args: "-".join([args[' in py


def test_a_condition_is_an_if_and_who_refers_to_it_says_so() -> None:
    ts, py = both(
        """
  - {name: logs, type: aws_s3_bucket, condition: "${var.log}", properties: {bucket: logs}}
""",
        variables="[{name: log, type: bool, default: true}]",
        outputs='[{name: arn, value: "${aws_s3_bucket.logs.arn}", condition: "${var.log}"},'
        ' {name: any, value: "${one(aws_s3_bucket.logs[*].arn)}"}]',
    )
    assert "let logsBucket: aws.s3.Bucket | undefined;\nif (log) {\n    logsBucket = new" in ts
    assert "export const arn = log ? logsBucket!.arn : undefined;" in ts
    assert "export const any_output = logsBucket?.arn;" in ts or "logsBucket?.arn;" in ts
    assert "logs_bucket = None\nif log:\n    logs_bucket = aws.s3.Bucket(" in py
    assert 'pulumi.export("arn", logs_bucket.arn if log else None)' in py
    assert 'pulumi.export("any", logs_bucket.arn if logs_bucket else None)' in py


def test_loops_stay_loops() -> None:
    ts, py = both(
        """
  - {name: app, type: aws_sqs_queue, count: "${var.n}", properties: {name: "app-${count.index}"}}
  - {name: by, type: aws_sqs_queue, for_each: "${var.names}",
     properties: {name: "${each.key}-${each.value}"}}
""",
        variables="[{name: n, type: number, default: 2},"
        " {name: names, type: map(string), default: {a: x}}]",
        outputs='[{name: first, value: "${aws_sqs_queue.app[0].arn}"},'
        ' {name: all, value: "${aws_sqs_queue.app[*].arn}"},'
        ' {name: one_of, value: "${aws_sqs_queue.by[\\"a\\"].arn}"}]',
    )
    assert "const appQueue: aws.sqs.Queue[] = [];\nfor (let i = 0; i < n; i++) {" in ts
    assert "appQueue.push(new aws.sqs.Queue(`app-${i}`, {" in ts
    assert "for (const [key, value] of Object.entries(names)) {" in ts
    assert "byQueue[key] = new aws.sqs.Queue(`by-${key}`, {" in ts
    assert "export const first = appQueue[0].arn;" in ts
    assert 'export const one_of = byQueue["a"].arn;' in ts
    assert "for i in range(n):" in py
    assert "app_queue.append(aws.sqs.Queue(" in py
    assert "for key, value in names.items():" in py
    assert 'pulumi.export("first", app_queue[0].arn)' in py
    ast.parse(py)


def test_a_function_keeps_the_turn_of_its_loop() -> None:
    """Pulumi calls it when the loop is over: Python would see the last turn in all of them."""
    ts, py = both(
        """
  - {name: net, type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}
  - {name: app, type: aws_subnet, count: 2, properties: {vpc_id: "${aws_vpc.net.id}",
     cidr_block: "${cidrsubnet(aws_vpc.net.cidr_block, 8, count.index)}"}}
"""
    )
    assert "apply((cidrBlock) => helpers.cidrSubnet(cidrBlock, 8, i))" in ts
    assert "lambda cidr_block, i=i: helpers.cidr_subnet(cidr_block, 8, i)" in py


def test_a_part_of_what_may_be_left_out_is_referred_to_all_the_same() -> None:
    """For TypeScript an argument that can be left out may be absent as an output, too."""
    text = (
        "apiVersion: dharma/v1\nkind: Blueprint\nname: web\nversion: 1.0.0\nprovider: azure\n"
        "resources:\n"
        "  - {name: app, type: azurerm_search_service, properties: {name: a, sku: basic,\n"
        "     location: westeurope, resource_group_name: g, identity: [{type: SystemAssigned}]}}\n"
        "outputs:\n"
        '  - {name: id, value: "${azurerm_search_service.app.identity[0].principal_id}"}\n'
    )
    assert "Service.identity.apply((identity) => identity!.principalId);" in program(
        text, "typescript"
    )
    assert "_service.identity.principal_id)" in program(text, "python")


def test_former_names_adoption_and_regions_are_options() -> None:
    ts, py = both(
        """
  - {name: jobs, type: aws_sqs_queue, region: us-east-1, renamed_from: [tasks],
     import: {id: "https://q"}, properties: {delay_seconds: 1}}
"""
    )
    assert 'new aws.Provider("us-east-1", { region: "us-east-1" })' in ts
    assert 'provider: inUsEast1,\n    aliases: [{ name: "tasks" }],\n    import: "https://q",' in ts
    assert "provider=in_us_east_1" in py
    assert 'aliases=[pulumi.Alias(name="tasks")]' in py
    assert 'import_="https://q"' in py


def test_what_is_waited_for_protected_or_ignored_is_an_option() -> None:
    ts, py = both(
        """
  - {name: a, type: aws_sqs_queue, properties: {name: a}}
  - {name: b, type: aws_sqs_queue, properties: {name: b, delay_seconds: 3},
     depends_on: [aws_sqs_queue.a],
     lifecycle: {prevent_destroy: true, ignore_changes: [delay_seconds]}}
"""
    )
    assert 'dependsOn: [aQueue], protect: true, ignoreChanges: ["delaySeconds"]' in " ".join(
        ts.split()
    ).replace(", }", " }")
    assert "depends_on=[a_queue]" in py
    assert "protect=True" in py
    assert 'ignore_changes=["delaySeconds"]' in py


def test_raw_properties_of_pulumi_are_checked_and_written() -> None:
    ts, py = both(
        """
  - {name: a, type: aws_s3_bucket, properties: {bucket: a}, native: {pulumi: {forceDestroy: true}}}
"""
    )
    assert "forceDestroy: true" in ts
    assert "force_destroy=True" in py
    with pytest.raises(NotExpressible, match=r"aws_s3_bucket\.a\.native\.pulumi\.nope"):
        both("  - {name: a, type: aws_s3_bucket, native: {pulumi: {nope: 1}}}")


def test_a_secret_is_one_and_is_checked_when_it_is_there() -> None:
    ts, py = both(
        "  - {name: p, type: aws_ssm_parameter, properties: {name: p, type: SecureString,"
        ' value: "${var.password}"}}',
        variables="[{name: password, type: string, sensitive: true, min: 8}]",
    )
    assert 'const password = config.requireSecret("password").apply((given) => {' in ts
    assert 'password = config.require_secret("password")' in py
    assert "password = password.apply(check_password)" in py
    ast.parse(py)


@pytest.mark.parametrize("language", ["typescript", "python"])
@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (Resource("random_id", "r", {"byte_length": 4}), "random_id.r: random_id has no class"),
        (Resource("aws_sqs_queue_policy", "p", {"nope": 1}), "aws_sqs_queue_policy.p.nope"),
        (
            Resource("aws_sqs_queue_policy", "p", count=VariableRef("secret")),
            r"aws_sqs_queue_policy.p.count: a count has to be known",
        ),
    ],
    ids=["type", "property", "count"],
)
def test_what_pulumi_does_not_have_is_refused_by_its_path(
    resource: Resource, said: str, language: str
) -> None:
    secret = Variable("secret", "number", required=True, sensitive=True)
    bp = Blueprint("w", "1.0.0", "aws", variables=(secret,), resources=(resource,))
    with pytest.raises(NotExpressible, match=said):
        generate(bp, f"pulumi-{language}", load_catalog())


# -- nothing gets out


@settings(max_examples=400, deadline=None)
@given(EVIL)
def test_a_literal_of_python_is_that_text(text: str) -> None:
    assert ast.literal_eval(python_quote(text)) == text


@settings(max_examples=150, deadline=None)
@given(EVIL, EVIL)
def test_text_in_a_python_program_is_that_text_and_nothing_else(text: str, key: str) -> None:
    files = generate(evil(text, key), "pulumi-python", load_catalog()).files
    tree = ast.parse(files["__main__.py"])
    (queue,) = [
        s.value for s in tree.body
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call)
        and ast.unparse(s.value.func) == "aws.sqs.Queue"
    ]  # fmt: skip
    arguments = {k.arg: k.value for k in queue.keywords}
    assert ast.literal_eval(arguments["name"]) == text
    tags = arguments["tags"]
    assert isinstance(tags, ast.Dict)
    shown = {ast.literal_eval(k): v for k, v in zip(tags.keys, tags.values, strict=True) if k}
    assert ast.literal_eval(shown[key]) == text
    scope = {"s": "Σ"}
    code = compile(ast.Expression(shown["around" if key != "around" else key]), "t", "eval")
    if key != "around":
        assert eval(code, {}, scope) == text + "Σ"  # noqa: S307
    # Imports, the configuration, its variable and check, the queue, nothing else.
    kinds = [type(s).__name__ for s in tree.body]
    assert kinds == ["Import", "Import", "Assign", "Assign", "If", "Assign"]


@settings(max_examples=200, deadline=None)
@given(EVIL)
def test_a_literal_of_typescript_is_that_text(text: str) -> None:
    """A string literal of JavaScript is one of JSON; a template has three things to be escaped."""
    assert json.loads(quote(text)) == text
    assert "\n" not in quote(text)
    inner = template_text(text)
    assert re.search(r"(?<!\\)(\\\\)*(`|\$\{)", inner) is None
    assert not re.search(r"[\n\r\u2028\u2029]", inner)


@pytest.mark.skipif(NODE is None, reason="no node")
@settings(max_examples=1, deadline=None)
@given(st.lists(EVIL, min_size=150, max_size=150))
def test_node_reads_the_same_texts(texts: list[str]) -> None:
    lines = "\n".join(
        f"out.push([{quote(t)}, `{template_text(t)}`, Object.keys({{[{quote(t)}]: 1}})[0]]);"
        for t in texts
    )
    script = f"const out = [];\n{lines}\nprocess.stdout.write(JSON.stringify(out));"
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=script.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout) == [[t, t, t] for t in texts]


@settings(max_examples=100, deadline=None)
@given(EVIL, EVIL)
def test_text_in_a_typescript_program_is_inside_literals(text: str, key: str) -> None:
    files = generate(evil(text, key), "pulumi-typescript", load_catalog()).files
    left = without_literals(files["index.ts"])
    names = set(re.findall(r"[A-Za-z_$][\w$]*", re.sub(r"//[^\n]*", "", left)))
    assert names <= {
        "import", "as", "pulumi", "from", "aws", "const", "config", "new", "Config", "s", "get",
        "if", "includes", "throw", "RunError", "qQueue", "sqs", "Queue", "name", "tags", "around",
        *([key] if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", key) else []),
    }  # fmt: skip


def evil(text: str, key: str) -> Blueprint:
    tags: dict[str, Value] = {"around": Template((text, VariableRef("s")))}
    queue: dict[str, Value] = {"name": text, "tags": {**tags, key: text}}
    return Blueprint(
        "web",
        "1.0.0",
        "aws",
        description=text,
        variables=(Variable("s", default=text, description=text, allowed=(text, "x")),),
        resources=(Resource("aws_sqs_queue", "q", queue),),
    )


def without_literals(code: str) -> str:
    """The program without its strings and the text of its templates."""
    out: list[str] = []
    position = 0
    while position < len(code):
        char = code[position]
        if code.startswith("//", position):
            position = code.index("\n", position)
        elif char == '"':
            match = re.compile(r'"(?:[^"\\\n]|\\.)*"').match(code, position)
            assert match is not None
            position = match.end()
        elif char == "`":
            position += 1
            while code[position] != "`":
                if code.startswith("${", position):
                    end = code.index("}", position)
                    out.append(code[position + 2 : end] + " ")
                    position = end + 1
                else:
                    position += 2 if code[position] == "\\" else 1
            position += 1
        else:
            out.append(char)
            position += 1
    return "".join(out)


def test_reserved_words_and_names_of_the_program_are_not_taken() -> None:
    ts, py = both(
        """
  - {name: class, type: aws_sqs_queue, properties: {name: "${var.pulumi}${var.import}"}}
  - {name: queue, type: aws_sqs_queue, properties: {name: a}}
""",
        variables="[{name: pulumi, default: a}, {name: import, default: b}, {name: None,"
        " default: c}]",
    )
    ast.parse(py)
    assert 'const pulumiSetting = config.get("pulumi")' in ts
    assert 'import_setting = config.get("import", "b")' in py


def test_a_project_is_complete() -> None:
    bp: Any = load_blueprint(
        "apiVersion: dharma/v1\nkind: Blueprint\nname: My_web\nversion: 1.0.0\nprovider: gcp\n"
        "variables: [{name: tier_size, type: number, default: 2}]\n"
        "resources: [{name: t, type: google_pubsub_topic, properties: {name: t}}]\n"
    )
    options = GenerateOptions(region="europe-west1")
    ts = generate(bp, "pulumi-typescript", load_catalog(), options).files
    py = generate(bp, "pulumi-python", load_catalog(), options).files
    assert sorted(ts) == [
        "Pulumi.dev.yaml", "Pulumi.yaml", "index.ts", "package.json", "tsconfig.json",
    ]  # fmt: skip
    assert sorted(py) == ["Pulumi.dev.yaml", "Pulumi.yaml", "__main__.py", "requirements.txt"]
    assert "gcp:region: europe-west1" in ts["Pulumi.dev.yaml"]
    assert "My_web:tierSize: 2" in ts["Pulumi.dev.yaml"]
    pinned = json.loads(ts["package.json"])["dependencies"]
    assert set(pinned) == {"@pulumi/pulumi", "@pulumi/gcp"}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", v) for v in pinned.values())
    assert f"pulumi-gcp=={pinned['@pulumi/gcp']}\n" in py["requirements.txt"]
