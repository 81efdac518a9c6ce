"""Explaining: what the definitions of `specs` say of themselves."""

from inspect import getdoc
from typing import NamedTuple

from ..compiler import ops
from ..compiler.elaborate.builtins import FUNCTIONS
from ..compiler.elaborate.bundled import definitions
from ..compiler.elaborate.language import CONSTANTS
from ..compiler.elaborate.listing import attribute
from ..compiler.elaborate.nodes import called
from ..compiler.ops.base import REQUIRED
from ..diagnostics.source import Source
from ..grammar import tree
from ..grammar.docs import doc
from ..grammar.parser import parse
from ..grammar.printer import print_expression, print_type


class Parameter(NamedTuple):
    """A parameter as it is written, and its documentation."""

    name: str
    type: str
    default: str
    text: str


class Definition(NamedTuple):
    """A bundled definition: its kind, where it stands, its documentation, its parameters, the bindings of a block, and what
    goes through it: `forward(x: [N, dim]) -> [N, dim]` of a block, `-> [N, dim]` of a fn."""

    name: str
    kind: str
    place: str
    text: str
    parameters: list[Parameter]
    bindings: list[Parameter]
    through: str


def definition(name: str) -> Definition | None:
    """The bundled block, fn or model of a name, else the function or op of the language."""
    found = next((one for one in definitions() if one.name == name), None)
    if found is None:
        return _of_the_language(name)
    items = parse(Source(found.shown, found.path.read_text(encoding="utf-8"))).items
    (item,) = (one for one in items if isinstance(one, (tree.Block, tree.Function, tree.Model)) and one.name.id == name)
    params = () if isinstance(item, tree.Model) else item.params
    said = doc(item)
    rows = [_parameter(param, said.parameters) for param in params]
    place = f"{found.shown}:{item.span.line}"
    return Definition(name, found.kind, place, said.text, rows, _bindings(item, said.parameters), _through(item))


def _of_the_language(name: str) -> Definition | None:
    if name in CONSTANTS:
        return Definition(name, "constant", "of the language", CONSTANTS[name][1], [], [], "")
    if name in FUNCTIONS:
        return Definition(name, "function", "of the language", getdoc(FUNCTIONS[name]) or "", [], [], "")
    op = ops.get(name) if name in ops.names() else None
    if op is None or not op.nameable:
        return None
    rows = [
        Parameter(called(p.name), "", "" if p.default is REQUIRED else attribute(p, p.default) or "", "")
        for p in op.params
    ]
    use = f"NAME = {name}(…), then NAME({op.inputs[0]})" if op.owns_weights else f"{name}({', '.join(op.inputs)})"
    return Definition(name, "op", "of the language", getdoc(op) or "", rows, [], use)


def _bindings(item: tree.Item, said: dict[str, str]) -> list[Parameter]:
    """What a block binds under names of their own: what else can be set in it."""
    if not isinstance(item, tree.Block):
        return []
    declared = {param.name.id for param in item.params}
    binds = [entry for entry in item.entries if isinstance(entry, tree.Bind) and entry.name.id not in declared]
    return [Parameter(b.name.id, "", print_expression(b.value), said.get(b.name.id, doc(b).text)) for b in binds]


def _through(item: tree.Item) -> str:
    if isinstance(item, tree.Function):
        return f"-> {print_type(item.result)}" if item.result else ""
    if not isinstance(item, tree.Block):
        return ""
    params = ", ".join(written(_parameter(param, {})) for param in item.forward.params)
    outs = ", ".join((f"{out.name.id}: " if out.name else "") + print_type(out.type) for out in item.forward.results)
    outs = f"({outs})" if len(item.forward.results) > 1 else outs
    return f"forward({params})" + (f" -> {outs}" if outs else "")


def written(row: Parameter) -> str:
    """A parameter or binding as a text has it."""
    return row.name + (f": {row.type}" if row.type else "") + (f" = {row.default}" if row.default else "")


def _parameter(param: tree.Param, said: dict[str, str]) -> Parameter:
    kind = print_type(param.type) if param.type else ""
    default = print_expression(param.default) if param.default else ""
    return Parameter(param.name.id, kind, default, said.get(param.name.id, doc(param).text))
