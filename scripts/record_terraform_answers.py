"""Ask the console of a real Terraform for the answers that the evaluator is compared with.

    python scripts/record_terraform_answers.py [FILE OF EXPRESSIONS, one a line]

Renews every answer in tests/unit/model/terraform_answers.json and adds those of new expressions. An
expression that Terraform refuses is kept without an answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parent.parent / "tests" / "unit" / "model" / "terraform_answers.json"
REFUSED = "refused by terraform"


def main(arguments: list[str]) -> int:
    known = [case[0] for case in json.loads(ANSWERS.read_text(encoding="utf-8"))]
    new = [line for path in arguments for line in Path(path).read_text().splitlines() if line]
    expressions = list(dict.fromkeys([*known, *new]))
    answers = ask(expressions)
    lines = [
        json.dumps([text] if answer == REFUSED else [text, answer], ensure_ascii=False)
        for text, answer in zip(expressions, answers, strict=True)
    ]
    ANSWERS.write_text("[\n  " + ",\n  ".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{len(lines)} answers, {answers.count(REFUSED)} of them refusals")
    return 0


def ask(expressions: list[str]) -> list[Any]:
    """The answers as plain data, from one console for all."""
    questions = ",\n".join(f'try(jsonencode({text}), "{REFUSED}")' for text in expressions)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(f"locals {{\n  all = [{questions}]\n}}\n")
        done = subprocess.run(
            ["terraform", "console"],
            input="nonsensitive(jsonencode(local.all))\n",
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if not done.stdout.startswith('"'):
        raise SystemExit(done.stdout + done.stderr)
    texts = json.loads(json.loads(done.stdout))
    return [text if text == REFUSED else json.loads(text) for text in texts]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
