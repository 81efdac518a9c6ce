"""`vitc explain`: the pages of `diagnostics/codes`, and what the definitions of `specs` say of themselves."""

import json
import sys
from typing import NamedTuple

from ..compiler.elaborate.library import SPECS
from ..diagnostics import error, explanations
from ..diagnostics.messages import escape
from ..diagnostics.source import Source
from ..diagnostics.suggest import suggestion
from ..grammar import tree
from ..grammar.docs import doc
from ..grammar.parser import parse
from ..grammar.printer import print_expression, print_type
from .streams import styled


def run(code: str | None, format: str) -> None:
    """Prints the page of a code, what a bundled block, fn or model is, or the titles of all codes."""
    if code is None:
        titles = explanations.titles()
        print(json.dumps(titles, indent=2) if format == "json" else "\n".join(f"{c}  {t}" for c, t in titles.items()))
        return
    if (found := definition(code)) is not None:
        rows = [row._asdict() for row in found.parameters]
        print(json.dumps({**found._asdict(), "parameters": rows}, indent=2) if format == "json" else _drawn(found))
        return
    name, code = code, code.upper()
    if code not in explanations.titles():
        close = suggestion(code, explanations.titles()).partition(";")[0]
        raise error("V1010", f"`{escape(name)}` is no code and no bundled block, fn or model", exit_status=2,
                    help=close if close.startswith("did") else "`vitc explain` alone lists the codes")  # fmt: skip
    text = explanations.page(code)
    if format == "json":
        print(json.dumps({"code": code, "title": explanations.titles()[code], "text": text}, indent=2))
    elif styled(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        print(text, end="")


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


def _drawn(found: Definition) -> str:
    lines = [f"{found.kind} {found.name}  ({found.place})", *([found.text] if found.text else [])]
    for row in found.parameters:
        lines.append(f"  {row.name}{row.type and f': {row.type}'}{row.default and f' = {row.default}'}")
        lines += [f"      {row.text}"] if row.text else []
    return "\n".join(lines)
