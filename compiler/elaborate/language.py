"""The names of the language: constants, its own functions, and every op that a text may name."""

from collections.abc import Iterable, Sequence
from functools import cache
from math import inf, pi

from ...diagnostics import VitError, error, foreign
from ...diagnostics.suggest import close, suggestion
from ...grammar import tree
from .. import ops
from . import builtins
from .bundled import use_of
from .values import MISSING, Absent, Builtin, Identity, Value

#: Values by name, each with what is said of it.
CONSTANTS: dict[str, tuple[Value, str]] = {
    "identity": (Identity(), "gives back what it is given and makes no layer"),
    "inf": (inf, "infinity"),
    "pi": (pi, "3.14159…"),
}


@cache
def find(name: str) -> Value | Absent:
    """The value of a name of the language."""
    if name in CONSTANTS:
        return CONSTANTS[name][0]
    known = name in builtins.FUNCTIONS or (name in ops.names() and ops.get(name).nameable)
    return Builtin(name) if known else MISSING


@cache
def names() -> tuple[str, ...]:
    """Every name of the language, sorted."""
    nameable = (name for name in ops.names() if ops.get(name).nameable)
    return tuple(sorted({*CONSTANTS, *builtins.FUNCTIONS, *nameable}))


def unknown(
    expr: tree.Name, known: Iterable[str], part: tree.Name | None = None, words: Sequence[str] = ()
) -> VitError:
    """V0201, the same whether it is found by running a text or by reading it; `part` is what stands behind the name, as
    in `nn.Linear`, `words` what may stand here."""
    if part is not None and expr.id == "self":
        help = f"write `{part.id}`: a layer is called by its name alone"
        return error("V0201", "there is no `self`", expr.span, help=help)
    if part is not None and foreign.stands_alone(expr.id):
        like = part.id if part.id in names() else close(part.id.lower(), names())
        help = foreign.translation(part.id) or otherwise(part.id) or (f"write `{like}(…)`" if like else "")
        return error(
            "V0201", f"there is no `{expr.id}`: functions are called by their names alone", expr.span, help=help
        )
    help = foreign.translation(expr.id) or otherwise(expr.id) or use_of(expr.id)
    help = help or suggestion(expr.id, [*known, *words, *names()])
    help = help or (f"write one of these words: {', '.join(words)}" if words else "")
    return error("V0201", f"nothing here is called `{expr.id}`", expr.span, help=help)


def otherwise(name: str) -> str:
    """What to write for an op that has an operator, or another function, instead of a name."""
    op = ops.get(name) if name in ops.names() else None
    if op is None or op.nameable or op.internal:
        return ""
    if op.function:
        return f"write `{op.function}({', '.join(op.inputs)}{', axis = -1' if op.params else ''})`"
    space = " " if op.operator.isalpha() else ""
    return f"write `{f' {op.operator} '.join(op.inputs) if len(op.inputs) > 1 else f'{op.operator}{space}x'}`"
