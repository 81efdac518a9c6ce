"""From syntax trees to a program: names, parameters, late binding, blocks run on shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...diagnostics import Diagnostic, Findings, VitError, error
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ...grammar.walking import walk
from ..configuration import Section
from ..ir import graph
from ..ir.program import Layer, Program, aliases
from ..ir.types import TensorType
from . import assembly, budget, initialisers, reading
from .bundled import SPECS
from .context import Context
from .expectations import fill
from .intact import intact
from .interpreter import Interpreter
from .layers import run_forward
from .library import Library, Module
from .listing import Row, rows
from .overrides import parse_override
from .sections import INIT, INPUT, kinds, sections
from .sheets import Assignment, Sheet
from .values import Elaborated, Shape, Tensor, describe

__all__ = ["CheckedModel", "Row", "check", "elaborate", "intact", "mistakes", "settable"]

#: A sheet, and the layer that its block gives at inference.
_Made = tuple[Sheet, Layer]

#: Mistakes after which a model is not run, because the run would stop at the same mistake and report it less clearly: a
#: `self` among the arguments of `forward`, a definition that contains itself, a `match` that lacks an arm.
_UNSAFE = ("V0110", "V0206", "V0315")


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """What is known of a model: its program if nothing is wrong with it, else what is, and its sections in any case."""

    name: str
    program: Program | None
    sections: Mapping[str, Section]
    problems: tuple[Diagnostic, ...]
    steps: int = 0
    #: What has no effect in the text of a model that is right.
    warnings: tuple[Diagnostic, ...] = ()
    #: The places of settings and layers that do have an effect in this model.
    read: frozenset[Span] = frozenset()


def elaborate(library: Library, name: str, overrides: Mapping[str, str] | None = None) -> Program:
    """The program of one model of a library; `overrides` are texts by parameter or `section.key` (`--set`).

    Raises `VitError` with every problem that could be found.
    """
    checked = check(library, name, overrides)
    if checked.program is None:
        raise VitError(checked.problems)
    return checked.program


def check(library: Library, name: str, overrides: Mapping[str, str] | None = None) -> CheckedModel:
    """The same without raising: one mistake in a model keeps no other from being found."""
    return _checked(library, name, overrides)[0]


def settable(library: Library, name: str, overrides: Mapping[str, str] | None = None) -> tuple[Row, ...]:
    """All that can be set in a model, with the values it has; raises `VitError` as `elaborate` does."""
    checked, made = _checked(library, name, overrides)
    if made is None:
        raise VitError(checked.problems)
    sheet, layer = made
    return rows(sheet, layer, library)


def _checked(library: Library, name: str, overrides: Mapping[str, str] | None) -> tuple[CheckedModel, _Made | None]:
    module, model = _model(library, name)
    given = [parse_override(k, text) for k, text in (overrides or {}).items()]
    inside = [entry for entry in given if isinstance(entry, tree.Amend) and entry.name.id in (*kinds(library), INPUT)]
    findings = Findings()
    findings.add(*mistakes(library))
    found = sections(library, module, model, inside, findings)
    program: Program | None = None
    made: _Made | None = None
    interpreter = _interpreter(library)
    context = interpreter.context
    if any(problem.code in _UNSAFE for problem in findings.items):
        return CheckedModel(name, None, found, tuple(findings.items)), None
    try:
        own = [entry for entry in given if entry not in inside]
        starts = [entry for amend in inside if amend.name.id == INIT for entry in amend.entries]
        program, made = _program(interpreter, library, module, model, own, starts, found)
    except VitError as problem:
        findings.add(*problem.diagnostics)
    except RecursionError:
        findings.add(Diagnostic("V0503", "this text is nested deeper than the compiler follows", model.name.span))
    if findings.items:
        return CheckedModel(name, None, found, tuple(findings.items), context.steps), None
    unread = (warning for read, warning in context.effects.values() if not read)
    if library.unused is None:
        library.unused = reading.warnings(library)
    warnings = (*library.unused, *context.warnings, *unread)
    read = frozenset(place for place, (read, _) in context.effects.items() if read)
    return CheckedModel(name, program, found, (), context.steps, warnings, read), made


def mistakes(library: Library) -> tuple[Diagnostic, ...]:
    """What is wrong with the texts whichever model is asked for."""
    if library.read is None:
        library.read = reading.mistakes(library)
    return library.read


def _program(interpreter: Interpreter, library: Library, module: Module, model: tree.Model, own: Sequence[Assignment],
             starts: Sequence[tree.Entry], found: Mapping[str, Section]) -> tuple[Program, _Made]:  # fmt: skip
    context = interpreter.context
    sheet, done = _run(interpreter, library, module, model, own)
    layer = done.layer
    budget.check(layer, context, sheet.model.base.span)
    if context.asked:
        other = _interpreter(library, training=True)
        _, trained = _run(other, library, module, model, own)
        layer = assembly.combine(layer, trained.layer)
        for place, (read, warning) in other.context.effects.items():
            context.effects[place] = read or context.effects.get(place, (False,))[0], warning
    layer = initialisers.apply(layer, sheet, module, starts)
    layer = replace(layer, span=model.name.span)
    program = Program(model.name.id, layer, found, dict(aliases(layer)))
    _expects(sheet, program)
    return program, (sheet, done.layer)


def _interpreter(library: Library, *, training: bool = False) -> Interpreter:
    """An interpreter that tells the user's texts from others; a bundled model that is itself looked at is the user's."""
    others = [module for module in library.modules.values() if module is not library.main]
    std = frozenset(module.source for module in others if module.path.is_relative_to(SPECS / "std"))
    bundled = frozenset(module.source for module in others if module.path.is_relative_to(SPECS))
    return Interpreter(std, bundled, training=training)


def _model(library: Library, name: str) -> tuple[Module, tree.Model]:
    item = library.main.find(name)
    if item is None or not isinstance(item[1], tree.Model):
        raise error("V1003", f"there is no model `{name}` in {library.main.source.name}",
                    help=suggestion(name, library.models()))  # fmt: skip
    return item[0], item[1]


def _run(interpreter: Interpreter, library: Library, module: Module, model: tree.Model, overrides: Sequence[Assignment]
         ) -> tuple[Sheet, Elaborated]:  # fmt: skip
    """Elaborates the model in one mode."""
    sheet, context = Sheet(interpreter, module, model, overrides, kinds(library)), interpreter.context
    sheet.look()
    if sheet.problems:
        raise VitError(tuple(sheet.problems))
    span = model.base.span
    forward = sheet.value.definition.forward
    with context.frame("", sheet.value.name, span, span):
        images = [param for param in forward.params if param.default is None]
        if len(images) != 1:
            context.fail("V0409", f"a model's block takes one image, `{sheet.value.name}` takes {len(images)}", span)
        done = run_forward(sheet.instance, [], {images[0].name.id: (_image(sheet, images[0], span), span)}, span)
        _served(context, done, forward, span)
    sheet.tell_unread()
    return sheet, done


def _image(sheet: Sheet, param: tree.Param, span: Span) -> Tensor:
    """The input: the size of `image` (height, width, channels) as [C, H, W]."""
    context = sheet.context
    thunk = sheet.params.get("image")
    size = thunk.get() if thunk is not None else None
    if not isinstance(size, Shape) or len(size.dims) != 3:
        where = thunk.span if thunk is not None else span
        help = f"write {describe(size)}x3" if isinstance(size, Shape) and len(size.dims) == 2 else ""
        context.fail(
            "V0409", "a model's block has a parameter `image: shape`: height x width x channels", where, help=help
        )
    h, w, c = size.dims
    return Tensor(graph.Value(context.sized(TensorType((c, h, w)), sheet.params["image"].span), param.name.id))


def _served(context: Context, done: Elaborated, forward: tree.Forward, span: Span) -> None:
    """A model gives tensors, one for each image, none of them under the name of the image."""
    body = done.layer.bodies[0]
    values, image = body.outputs, body.inputs[0].name
    results = len(done.results) if isinstance(done.results, tuple) else 1
    if not values or len(values) != results:
        context.fail("V0409", "a model gives tensors and nothing else", span)
    if any(value.type.stage != "sample" for value in values):
        context.fail("V0409", "a result of the model does not depend on the image", span)
    if image in body.names:
        returns = (node for node in walk(forward) if isinstance(node, tree.Return))
        same = (
            result.name.span for node in returns for result in node.results if result.name and result.name.id == image
        )
        context.fail("V0204", f"the image and a result of the model are both called `{image}`", next(same, span),
                     help="give the result another name: `return NAME = …`")  # fmt: skip


def _expects(sheet: Sheet, program: Program) -> None:
    """The `expect`s of the sheet; `params` is the number of trained elements."""
    found: list[Diagnostic] = []
    params = sum(TensorType(spec.shape).size for spec in program.weights().values() if spec.trainable)
    for entry, module in sheet.expects:
        scope = sheet.scope(module).with_locals({"params": params})
        if not sheet.interpreter.condition(entry.condition, scope):
            of_params = any(isinstance(node, tree.Name) and node.id == "params" for node in walk(entry.condition))
            label = f"it has {params:,} parameters" if of_params else ""
            text = fill(entry.message.value, scope) if entry.message else f"`{entry.condition.span.text}` does not hold"
            found.append(Diagnostic("V0411", text, entry.span, label))
    if found:
        raise VitError(tuple(found))
