"""Functions on arguments that are evaluated already: the result, or the call that is left."""

from __future__ import annotations

from dharma.model.expressions.errors import EvaluationError, NoFile
from dharma.model.expressions.functions import FILES, FUNCTIONS, IMPURE, Function
from dharma.model.expressions.functions.text import matching_load
from dharma.model.expressions.nodes import Call, Conditional, Expression, Unknown, Value, weight
from dharma.model.expressions.scope import Scope


def computed(name: str, arguments: list[Value], scope: Scope) -> Value:
    """The result of a function, or a call that is left with what is known of its arguments."""
    function = scope.functions.get(name) or FUNCTIONS.get(name)
    if function is None:
        # A provider's function, or one of ARM's, is left to whoever knows it.
        if name in FILES or name in IMPURE or "::" in name:
            return Call(name, tuple(arguments))
        raise EvaluationError(f"there is no function {name}")
    _check_count(function, len(arguments))
    load = _load(function, arguments)
    if load is None:
        return _of_both(function, arguments, scope)
    scope.budget.spend(load)
    if scope.keeps_calls and name in FILES:
        return _of_file(function, arguments)
    result = function.compute(*arguments)
    if function.structural:
        made = len(result) // 64 if isinstance(result, str | list | dict) else 1
    else:
        made = weight(result) or 1
    scope.budget.spend(made)
    return result


def _of_file(function: Function, arguments: list[Value]) -> Value:
    """What a function of files makes of one that is here; the call, if it may be elsewhere."""
    try:
        result = function.compute(*arguments)
    except NoFile:
        return Call(function.name, tuple(arguments))
    return Call(function.name, tuple(arguments)) if isinstance(result, Unknown) else result


def _of_both(function: Function, arguments: list[Value], scope: Scope) -> Value:
    """A function of `c ? [a] : []` is `c ? f([a]) : f([])` where it looks at the structure only."""
    left = Call(function.name, tuple(arguments))
    switches = [n for n, a in enumerate(arguments) if isinstance(a, Conditional)]
    if not function.structural or len(switches) != 1:
        return left
    switch = arguments[switches[0]]
    assert isinstance(switch, Conditional)
    results: list[Value] = []
    for branch in (switch.then, switch.otherwise):
        if not isinstance(branch, list | dict):
            return left
        chosen = [branch if n == switches[0] else a for n, a in enumerate(arguments)]
        try:
            results.append(computed(function.name, chosen, scope))
        except EvaluationError as error:
            results.append(Unknown(error.message))
    return Conditional(switch.condition, *results)


def _check_count(function: Function, given: int) -> None:
    if given < function.least or (function.most is not None and given > function.most):
        wanted = str(function.least)
        if function.most is None:
            wanted = f"at least {wanted}"
        elif function.most != function.least:
            wanted = f"{wanted} to {function.most}"
        raise EvaluationError(f"{function.name} takes {wanted} arguments, not {given}")


def _load(function: Function, arguments: list[Value]) -> int | None:
    """The steps that a function takes with these arguments, None where it has to wait for them. A
    function that looks at the structure alone is quick with long lists."""
    if function.structural:
        if any(isinstance(argument, Expression) for argument in arguments):
            return None
        return sum(len(a) for a in arguments if isinstance(a, list | dict)) // 64
    load = 0
    for argument in arguments:
        found = weight(argument)
        if found is None:
            return None
        load += found
    return load + matching_load(function.name, arguments)
