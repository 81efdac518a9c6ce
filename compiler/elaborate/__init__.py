"""From syntax trees to a program: names, parameters, late binding, blocks run on shapes."""

from collections.abc import Mapping

from ...grammar import tree
from ...grammar.diagnostics import Diagnostic, VitError, error
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from ..ir.program import Program, walk_weights
from ..ir.types import TensorType
from . import training
from .blocks import Elaborated
from .context import Context
from .expressions import condition
from .layers import run_forward
from .library import Library, Module
from .overrides import parse_override
from .scopes import Scope
from .sections import sections
from .sheets import Sheet
from .statements import fill
from .values import Shape, Tensor

__all__ = ["elaborate"]


def elaborate(library: Library, name: str, overrides: Mapping[str, str] | None = None) -> Program:
    """The program of one model of a library; `overrides` are texts by parameter or `section.key` (`--set`).

    Raises `VitError` with every problem that could be found.
    """
    module, model = _model(library, name)
    given = {k: parse_override(k, text) for k, text in (overrides or {}).items()}
    own = {k: v for k, v in given.items() if "." not in k}
    found = sections(library, module, model, {k: v for k, v in given.items() if "." in k})
    context = Context()
    sheet, done = _run(context, module, model, own)
    layer = done.layer
    if context.asked:
        _, trained = _run(Context(training=True), module, model, own)
        layer = training.combine(layer, trained.layer)
    program = Program(name, layer, found)
    _expects(sheet, program)
    return program


def _model(library: Library, name: str) -> tuple[Module, tree.Model]:
    item = library.main.find(name)
    if item is None or not isinstance(item[1], tree.Model):
        raise error("V1003", f"there is no model `{name}` in {library.main.source.name}", exit_status=2,
                    help=suggestion(name, library.models()))  # fmt: skip
    return item[0], item[1]


def _run(context: Context, module: Module, model: tree.Model, overrides: Mapping[str, tree.Expr]
         ) -> tuple[Sheet, Elaborated]:  # fmt: skip
    """Elaborates the model in one mode."""
    given = {key: (expr, module, expr.span) for key, expr in overrides.items()}
    sheet = Sheet(context, module, model, given)
    context.settings = sheet.settings()
    if sheet.problems:
        raise VitError(tuple(sheet.problems))
    span = model.name.span
    with context.frame("", sheet.value.name, span):
        args = [(_image(sheet, param, span), span) for param in sheet.value.definition.forward.params]
        done = run_forward(sheet.instance, args, {}, span)
    return sheet, done


def _image(sheet: Sheet, param: tree.Param, span: Span) -> Tensor:
    """The input: the size of `image` (height, width, channels) as [C, H, W]."""
    from ..ir.graph import Value

    context = sheet.context
    size = sheet.params["image"].get(context) if "image" in sheet.params else None
    if not isinstance(size, Shape) or len(size.dims) != 3:
        context.fail("V0409", "a model's block has a parameter `image: shape`: height x width x channels", span)
    h, w, c = size.dims
    return Tensor(Value(context.sized(TensorType((c, h, w)), sheet.params["image"].span), param.name.id))


def _expects(sheet: Sheet, program: Program) -> None:
    """The `expect`s of the sheet; `params` is the number of trained elements."""
    found: list[Diagnostic] = []
    sizes = [(spec, TensorType(spec.shape).size) for _, spec in walk_weights(program.root)]
    params = sum(size for spec, size in sizes if spec.trainable)
    for entry, module in sheet.expects:
        scope: Scope = sheet.scope(module).with_locals({"params": params})
        if not condition(entry.condition, scope):
            label = f"it has {params:,} parameters" if "params" in entry.condition.span.text else ""
            text = fill(entry.message.value, scope) if entry.message else f"`{entry.condition.span.text}` does not hold"
            found.append(Diagnostic("V0411", text, entry.span, label))
    if found:
        raise VitError(tuple(found))
