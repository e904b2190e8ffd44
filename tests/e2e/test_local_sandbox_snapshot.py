"""The emulator's state, written down and read back by another process, is what a replay makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dharma
import dharma_local

pytestmark = pytest.mark.stack

ROOTS = [str(Path(str(p.__file__)).parent.parent) for p in (dharma, dharma_local)]
SCRIPT = """
import base64, hashlib, io, json, os, sys
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
from pathlib import Path
from urllib.parse import urlencode
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from dharma_local.sandbox.account import RecordedAccount
from dharma_local.sandbox.recording import Recording
from dharma_local.sandbox.snapshot import SnapshotFile

what, folder = sys.argv[1], Path(sys.argv[2])
account = RecordedAccount(
    DomainDispatcherApplication(create_backend_app),
    Recording(folder / "requests.jsonl"),
    mock_random.seed,
    SnapshotFile(folder / "requests.snapshot"),
)
replayed = account.replay()

def send(service, method="POST", path="/", body=b"", **headers):
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "4566", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:4566", "REQUEST_URI": path, "RAW_URI": path,
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/"
        + service + "/aws4_request, SignedHeaders=host, Signature=0",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http", **headers,
    }
    said = []
    text = b"".join(account(environ, lambda status, headers: said.append(status)))
    assert said[0].startswith("2"), (service, path, said, text[:500])
    return text.decode()

def query(service, version, **fields):
    body = urlencode({"Version": version, **fields}).encode()
    return send(service, body=body, CONTENT_TYPE="application/x-www-form-urlencoded")

def target(service, name, **fields):
    return send(service, body=json.dumps(fields).encode(), HTTP_X_AMZ_TARGET=name,
                CONTENT_TYPE="application/x-amz-json-1.1")

TEMPLATE = json.dumps({"Resources": {
    "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}},
    "Queue": {"Type": "AWS::SQS::Queue"},
}})

if what == "make":
    query("ec2", "2016-11-15", Action="CreateVpc", CidrBlock="10.0.0.0/16")
    target("kms", "TrentService.CreateKey", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    target("kms", "TrentService.CreateKey")
    send("s3", "PUT", "/some-bucket", b"<CreateBucketConfiguration><LocationConstraint>eu-west-1"
         b"</LocationConstraint></CreateBucketConfiguration>")
    send("s3", "PUT", "/some-bucket/key", b"content")
    query("iam", "2010-05-08", Action="CreateRole", RoleName="r", AssumeRolePolicyDocument="{}")
    stack = {"StackName": "s", "TemplateBody": TEMPLATE}
    change = {"StackName": "s", "ChangeSetName": "c"}
    cloud = ("cloudformation", "2010-05-15")
    query(*cloud, Action="CreateChangeSet", ChangeSetType="CREATE", **stack, ChangeSetName="c")
    query(*cloud, Action="ExecuteChangeSet", **change)
    assert "<ChangeSetName>" in query(*cloud, Action="ListChangeSets", StackName="s")
    assert account.save_if_worth_it(least=1, quiet=0)
    assert "<ChangeSetName>" not in query(*cloud, Action="ListChangeSets", StackName="s")
    query("ec2", "2016-11-15", Action="CreateVpc", CidrBlock="10.2.0.0/16")

seen = [
    query("ec2", "2016-11-15", Action="DescribeVpcs"),
    target("kms", "TrentService.ListKeys"),
    send("s3", "GET", "/some-bucket/key"),
    query("iam", "2010-05-08", Action="GetRole", RoleName="r").split("CreateDate")[0],
    query("iam", "2010-05-08", Action="GetPolicyVersion", VersionId="v1",
          PolicyArn="arn:aws:iam::aws:policy/AWS-SSM-Automation-DiagnosisBucketPolicy").split("<CreateDate")[0].split("</Document>")[0],
    query("cloudformation", "2010-05-15", Action="DescribeStackResources", StackName="s")
    .count("PhysicalResourceId"),
    target("sqs", "AmazonSQS.ListQueues"),
]
if what == "cut":
    assert account.save_if_worth_it(least=0, quiet=0, longest=0)
key = json.loads(seen[1])["Keys"][0]["KeyId"]
if what == "make":
    Path(folder / "key").write_text(target("kms", "TrentService.GetPublicKey", KeyId=key))
else:
    # A key pair is not made from the seed: only the snapshot brings the very same one back.
    same = target("kms", "TrentService.GetPublicKey", KeyId=key) == (folder / "key").read_text()
    print("same key" if same else "another key")
query("cloudformation", "2010-05-15", Action="DeleteStack", StackName="gone")
if what == "use":
    query("cloudformation", "2010-05-15", Action="DeleteStack", StackName="s")
    assert "10.1.0.0/16" not in query("ec2", "2016-11-15", Action="DescribeVpcs")
print(replayed, hashlib.sha256(json.dumps(seen).encode()).hexdigest())
"""


def run(what: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, what, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


def test_a_snapshot_is_the_state_that_a_replay_makes(tmp_path: Path) -> None:
    replayed, made = run("make", tmp_path)
    assert replayed == "0"
    snapshot = tmp_path / "requests.snapshot"
    assert snapshot.stat().st_mode & 0o077 == 0
    # The policies of AWS itself are not in it; they would be 24 MB.
    assert snapshot.stat().st_size < 6_000_000
    kind, _, replayed, restored = run("look", tmp_path)
    assert (kind, restored) == ("same", made)
    assert 1 <= int(replayed) <= 10
    kept = snapshot.read_bytes()
    snapshot.unlink()
    _, _, whole, replayed_state = run("look", tmp_path)
    assert replayed_state == made
    assert int(whole) > int(replayed)
    snapshot.write_bytes(kept[: len(kept) // 2])
    assert run("look", tmp_path)[-1] == made
    snapshot.write_bytes(kept)
    assert run("cut", tmp_path)[-1] == made
    assert not snapshot.exists()
    (base,) = tmp_path.glob("requests.base-*")
    assert base.stat().st_mode & 0o077 == 0
    kind, _, replayed, restored = run("look", tmp_path)
    assert (kind, restored) == ("same", made)
    assert int(replayed) <= 10
    assert (tmp_path / "requests.jsonl").stat().st_size < 100_000
    assert run("use", tmp_path)[-1] == made
