"""Constant tensors."""

from typing import Any

from ....diagnostics.source import Span
from ..scopes import Scope
from ..tensors import emit
from .arguments import Args, Kwargs, sizes_of, take


def arange_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`arange(stop)`, `arange(start, stop, step)`: a constant."""
    values = take(scope, args, kwargs, span, "a", "b", "step", optional=2)
    if not all(v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)) for v in values):
        scope.context.fail("V0308", "arange takes one to three numbers", span)
    a, b, step = values
    start, stop = (0, a) if b is None else (a, b)
    step = 1 if step is None else step
    if step == 0 or (stop - start) / step <= 0:
        scope.context.fail("V0310", f"nothing lies between {start} and {stop} in steps of {step}", span)
    dtype = "int" if all(isinstance(v, int) for v in (start, stop, step)) else "float"
    return emit(scope, "arange", (), {"start": start, "stop": stop, "step": step, "dtype": dtype}, span)


def _filled(scope: Scope, shape: Any, value: Any, span: Span) -> Any:
    dtype = "int" if isinstance(value, int) and not isinstance(value, bool) else "float"
    return emit(scope, "full", (), {"shape": sizes_of(scope, shape, span), "value": value, "dtype": dtype}, span)


def zeros_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`zeros(shape)`."""
    (shape,) = take(scope, args, kwargs, span, "shape")
    return _filled(scope, shape, 0.0, span)


def ones_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`ones(shape)`."""
    (shape,) = take(scope, args, kwargs, span, "shape")
    return _filled(scope, shape, 1.0, span)


def full_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`full(shape, value)`."""
    shape, value = take(scope, args, kwargs, span, "shape", "value")
    return _filled(scope, shape, value, span)


FUNCTIONS = {"arange": arange_, "zeros": zeros_, "ones": ones_, "full": full_}
