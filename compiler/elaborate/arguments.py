"""A call of a function of the language: its evaluated arguments, and what a function may do with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ..ir.graph import Attrs
from ..ir.types import TensorType
from ..ops.base import Param
from .nodes import Operand, attribute, emit
from .scopes import Args, Kwargs, Scope, named
from .values import Shape, Tensor, Value, describe, is_int


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`name(args, kwargs)` at `span`: what a function of the language, or an op, is handed."""

    name: str
    scope: Scope
    args: Args
    kwargs: Kwargs
    span: Span

    def fail(self, code: str, message: str, span: Span | None = None, *, help: str = "", label: str = "",
             about: Value = None, sizes: Sequence[float] = ()) -> NoReturn:  # fmt: skip
        """Stops with a diagnostic, at the call where no nearer place is given."""
        self.scope.context.fail(code, message, span or self.span, help=help, label=label, about=about, sizes=sizes)

    def emit(self, op: str, operands: tuple[Operand, ...], attrs: Attrs) -> Tensor:
        """Writes a node of one output."""
        return emit(self.scope, op, operands, attrs, self.span)

    def take(self, *names: str, optional: int = 0) -> list[Value]:
        """The arguments by position or name, None for each of the last `optional` that is not given.

        Fails with V0202, V0301 or V0311.
        """
        given = dict(zip(names, self.args, strict=False)) | dict(self.kwargs)
        if len(self.args) > len(names):
            message = f"{len(self.args)} values are given to a function of {', '.join(f'`{name}`' for name in names)}"
            self.fail("V0311", message, self.args[len(names)][1])
        wrong = next((name for name in self.kwargs if name not in names), "")
        if wrong:
            self.fail(
                "V0202", f"there is no `{wrong}` here", named(self.kwargs[wrong][1]), help=suggestion(wrong, names)
            )
        for name in names[: len(names) - optional]:
            if name not in given:
                self.fail("V0301", f"`{name}` is missing")
        return [given[name][0] if name in given else None for name in names]

    # ---- what an argument must be ------------------------------------------------------------------------------------

    def operand(self, value: Value) -> Operand:
        """A tensor or a number; fails with V0308 for anything else."""
        if isinstance(value, (Tensor, int, float)):
            return value
        return self.fail("V0308", f"{self.name} takes tensors, not {describe(value)}")

    def whole(self, name: str, value: Value) -> int:
        """A whole number from 1 on; fails with V0303 or V0304."""
        checked = attribute(self.scope.context, Param(name, "int", minimum=1), value, self.span)
        assert is_int(checked)
        return checked

    def axis(self, value: Value) -> int:
        """An axis, the last one where none is given; fails with V0303."""
        checked = -1 if value is None else attribute(self.scope.context, Param("axis", "axis"), value, self.span)
        assert is_int(checked)
        return checked

    def shape(self, value: Value) -> tuple[int, ...]:
        """A shape of the text as a tuple; fails with V0303, V0304 or V0501."""
        sizes = self.sizes(value)
        self.scope.context.sized(TensorType(sizes), self.span)
        return sizes

    def sizes(self, value: Value) -> tuple[int, ...]:
        """A list of sizes as a tuple; fails with V0303 or V0304."""
        items = value.dims if isinstance(value, Shape) else value
        if not isinstance(items, (list, tuple)):
            help = f"write `[{value}]`" if is_int(value) else ""
            self.fail("V0303", f"a shape is a list of integers, not {describe(value)}", help=help)
        sizes = [item for item in items if is_int(item)]
        if len(sizes) < len(items):
            self.fail("V0303", f"a shape is a list of integers, not {describe(value)}")
        if any(size < 1 for size in sizes):
            self.fail("V0304", f"sizes are at least 1: {sizes}")
        return tuple(sizes)
