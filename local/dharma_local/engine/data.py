"""Input and output processing of a state: paths, payload templates, result paths.

Source: "Processing input and output in Step Functions", AWS Step Functions developer guide.
"""

from __future__ import annotations

import json
from typing import Any

from dharma_local.engine.errors import DATA_LIMIT, RESULT_PATH, RUNTIME, StateError
from dharma_local.engine.intrinsics import evaluate, is_intrinsic, parse_intrinsic
from dharma_local.engine.jsonpath import PathNotFound, parse_path

# Bytes of UTF-8 that the input or the result of a state may have.
PAYLOAD_LIMIT = 262_144


def read_path(text: str | None, value: Any, context: Any, field: str) -> Any:
    """InputPath, OutputPath, ItemsPath ...: None stands for the empty object."""
    if text is None:
        return {}
    if text == "$":
        return value
    path = parse_path(text)
    try:
        return path.read(context if path.context else value)
    except PathNotFound as error:
        raise StateError(
            RUNTIME,
            f"The JSONPath '{text}' specified for the field '{field}' could not be found in the "
            f"input '{_shortened(value)}'",
        ) from error


def fill(template: Any, value: Any, context: Any) -> Any:
    """A payload template: fields that end in `.$` are paths or intrinsics, all else is itself."""
    if isinstance(template, list):
        return [fill(item, value, context) for item in template]
    if not isinstance(template, dict):
        return template
    filled: dict[str, Any] = {}
    for name, item in template.items():
        if not name.endswith(".$"):
            filled[name] = fill(item, value, context)
        elif is_intrinsic(item):
            filled[name[:-2]] = evaluate(parse_intrinsic(item), value, context)
        else:
            filled[name[:-2]] = read_path(item, value, context, name)
    return filled


def read_text(text: str, value: Any, context: Any, field: str) -> Any:
    """A field that is a path or an intrinsic (ErrorPath, CausePath)."""
    if is_intrinsic(text):
        return evaluate(parse_intrinsic(text), value, context)
    return read_path(text, value, context, field)


def put_result(state: dict[str, Any], raw_input: Any, result: Any) -> Any:
    """ResultPath: where the result goes in the input; null drops it."""
    text = state.get("ResultPath", "$")
    if text is None:
        return raw_input
    if text == "$":
        return result
    try:
        return parse_path(text).write(raw_input, result)
    except PathNotFound as error:
        raise StateError(
            RESULT_PATH,
            f"Unable to apply step at ResultPath '{text}' to input '{_shortened(raw_input)}'",
        ) from error


def encode(value: Any, what: str) -> str:
    """The JSON text of a payload, or `States.DataLimitExceeded`."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    size = len(text)
    if size * 4 > PAYLOAD_LIMIT and len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_LIMIT:
        raise StateError(
            DATA_LIMIT,
            f"The {what} has a size exceeding the maximum number of bytes service limit "
            f"({PAYLOAD_LIMIT}).",
        )
    return text


def _shortened(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 500 else text[:500] + "..."
