"""JSON, base64, digests and URLs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from dharma.model.expressions.conversion import MAX_INTEGER_DIGITS, as_text, number_text
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function, limited_count, limited_text
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


@function("csvdecode", "list(any)")
def csvdecode(text: Value) -> Value:
    import csv

    try:
        rows = list(csv.reader(as_text(text).splitlines(), strict=True))
    except csv.Error as error:
        raise EvaluationError(f"csvdecode: the text is no CSV: {error}") from error
    if not rows or len(set(rows[0])) < len(rows[0]):
        raise EvaluationError("csvdecode: the first line names the columns, each once")
    if any(len(row) != len(rows[0]) for row in rows if row):
        raise EvaluationError("csvdecode: the lines differ in their number of columns")
    limited_count(len(rows))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if row]


@function("uuidv5", "string")
def uuidv5(namespace: Value, name: Value) -> Value:
    import uuid

    spaces = {"dns": uuid.NAMESPACE_DNS, "url": uuid.NAMESPACE_URL, "oid": uuid.NAMESPACE_OID,
              "x500": uuid.NAMESPACE_X500}  # fmt: skip
    text = as_text(namespace)
    try:
        space = spaces.get(text) or uuid.UUID(text)
    except ValueError as error:
        raise EvaluationError("uuidv5: a namespace is dns, url, oid, x500 or a UUID") from error
    return str(uuid.uuid5(space, as_text(name)))


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


# Names of the IANA registry that Python knows as well; what is not here is refused by name.
_CHARSETS = re.compile(
    r"(utf-(8|16|16le|16be|32|32le|32be)|us-ascii|iso-8859-\d{1,2}|windows-12\d\d|shift_jis"
    r"|euc-(jp|kr)|gb18030|gbk|big5|koi8-[ru])\Z",
    re.IGNORECASE,
)


def _charset(name: Value) -> str:
    text = as_text(name)
    if not _CHARSETS.match(text):
        raise EvaluationError(f"{text[:40]!r} is no character encoding that is known here")
    return text


@function("textencodebase64", "string")
def textencodebase64(text: Value, charset: Value) -> Value:
    try:
        return base64.b64encode(as_text(text).encode(_charset(charset))).decode()
    except (UnicodeEncodeError, LookupError) as error:
        raise EvaluationError("textencodebase64: the encoding has no such characters") from error


@function("textdecodebase64", "string")
def textdecodebase64(text: Value, charset: Value) -> Value:
    try:
        return base64.b64decode(as_text(text), validate=True).decode(_charset(charset))
    except (ValueError, LookupError) as error:
        raise EvaluationError("textdecodebase64: the text cannot be decoded") from error
