"""JSON, base64, digests and URLs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from dharma.model.expressions.conversion import MAX_INTEGER_DIGITS, as_text, number_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function, limited_text
from dharma.model.expressions.nodes import Value

# Go's encoder escapes what could end a script element.
_UNSAFE = re.compile("[<>&\u2028\u2029]")


def json_text(value: Value) -> str:
    """JSON as Terraform's jsonencode writes it: sorted keys, no blanks."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return _UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, dict):
        items = (f"{json_text(key)}:{json_text(value[key])}" for key in sorted(value))
        return "{" + ",".join(items) + "}"
    raise EvaluationError("jsonencode: a value is not known")


@function("jsonencode", "string")
def jsonencode(value: Value) -> Value:
    return limited_text(json_text(value))


@function("jsondecode")
def jsondecode(text: Value) -> Value:
    try:
        decoded: Any = json.loads(as_text(text), parse_float=_number, parse_int=_number)
        if "\\u" in as_text(text):
            # Half a pair of surrogates is no character, and no other function could take it.
            json.dumps(decoded, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"jsondecode: the text is no JSON: {error}") from error
    result: Value = decoded
    return result


def _number(text: str) -> int | float:
    if len(text) > MAX_INTEGER_DIGITS:
        raise ValueError("a number is too long")
    number = float(text) if re.search(r"[.eE]", text) else int(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return int(number) if isinstance(number, float) and number.is_integer() else number


@function("base64encode", "string")
def base64encode(text: Value) -> Value:
    return base64.b64encode(as_text(text).encode()).decode()


@function("base64decode", "string")
def base64decode(text: Value) -> Value:
    try:
        return base64.b64decode(as_text(text), validate=True).decode()
    except ValueError as error:
        raise EvaluationError("base64decode: the text is no base64 of UTF-8") from error


@function("urlencode", "string")
def urlencode(text: Value) -> Value:
    from urllib.parse import quote_plus

    return quote_plus(as_text(text))


@function("md5", "string")
def md5(text: Value) -> Value:
    return hashlib.md5(as_text(text).encode(), usedforsecurity=False).hexdigest()


@function("sha1", "string")
def sha1(text: Value) -> Value:
    return hashlib.sha1(as_text(text).encode(), usedforsecurity=False).hexdigest()


@function("sha256", "string")
def sha256(text: Value) -> Value:
    return hashlib.sha256(as_text(text).encode()).hexdigest()


@function("sha512", "string")
def sha512(text: Value) -> Value:
    return hashlib.sha512(as_text(text).encode()).hexdigest()


@function("base64sha256", "string")
def base64sha256(text: Value) -> Value:
    return base64.b64encode(hashlib.sha256(as_text(text).encode()).digest()).decode()


@function("base64sha512", "string")
def base64sha512(text: Value) -> Value:
    return base64.b64encode(hashlib.sha512(as_text(text).encode()).digest()).decode()
