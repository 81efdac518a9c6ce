"""Explaining: what the definitions of `specs` say of themselves."""

from typing import NamedTuple

from ..compiler.elaborate.library import SPECS
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
    """A bundled definition: its kind, where it stands, its documentation and its parameters."""

    name: str
    kind: str
    place: str
    text: str
    parameters: list[Parameter]


def definition(name: str) -> Definition | None:
    """The bundled block, fn or model of a name."""
    for path in sorted(SPECS.glob("*/*.vit")):
        text = path.read_text(encoding="utf-8")
        if f" {name} " not in text and f" {name}(" not in text:
            continue
        for item in parse(Source(f"{path.parent.name}/{path.name}", text)).items:
            if isinstance(item, (tree.Block, tree.Function, tree.Model)) and item.name.id == name:
                kind = {tree.Block: "block", tree.Function: "fn", tree.Model: "model"}[type(item)]
                place = f"{item.span.source.name}:{item.span.line}"
                params = () if isinstance(item, tree.Model) else item.params
                said = doc(item)
                return Definition(name, kind, place, said.text, [_parameter(p, said.parameters) for p in params])
    return None


def _parameter(param: tree.Param, said: dict[str, str]) -> Parameter:
    kind = print_type(param.type) if param.type else ""
    default = print_expression(param.default) if param.default else ""
    return Parameter(param.name.id, kind, default, said.get(param.name.id, doc(param).text))
