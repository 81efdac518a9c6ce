"""What draws for each sample."""

from typing import Any

from ....diagnostics.source import Span
from ...ops.base import Param
from ..scopes import Scope
from ..tensors import attribute, emit
from ..values import Tensor
from .arguments import Args, Kwargs, take


def random_subset_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`random_subset(n, k)`: k of the integers below n, drawn anew for each sample."""
    n, k = take(scope, args, kwargs, span, "n", "k")
    attrs = {
        name: attribute(scope.context, Param(name, "int", minimum=1), value, span)
        for name, value in (("n", n), ("k", k))
    }
    like = next((value for value in scope.builder.inputs if value.type.stage == "sample"), None)
    if like is None:
        scope.context.fail("V0308", "random_subset draws for each sample, and nothing here depends on the input", span)
    return emit(scope, "random_subset", (Tensor(like),), attrs, span)


FUNCTIONS = {"random_subset": random_subset_}
