"""`vitc explain`: the pages of `diagnostics/codes`, and what the definitions of `specs` say of themselves."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ...diagnostics import error, explanations
from ...diagnostics.messages import escape
from ..options import Form, Format
from ..streams import styled

if TYPE_CHECKING:
    from ...application.explain import Definition, Parameter


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="a code as in a message, V0412, or the name of a bundled block, fn or model, or of an op; without it all codes are listed"
        ),
    ] = None,
    format: Format = Form.text,
) -> None:
    """Says what a code means, with a wrong example and a right one; or what a bundled definition does and takes.

    Examples: `vitc explain V0412`, `vitc explain vit`, `vitc explain`.
    """
    from ...application.explain import definition
    from ...diagnostics.foreign import translation
    from ...diagnostics.suggest import suggestion

    if code is None:
        titles = explanations.titles()
        print(json.dumps(titles, indent=2) if format == "json" else "\n".join(f"{c}  {t}" for c, t in titles.items()))
        return
    if (found := definition(code)) is not None:
        rows = {kind: [row._asdict() for row in getattr(found, kind)] for kind in ("parameters", "bindings")}
        print(json.dumps({**found._asdict(), **rows}, indent=2) if format == "json" else _drawn(found))
        return
    name, code = code, code.upper()
    if code not in explanations.titles():
        close = suggestion(code, explanations.titles()).partition(";")[0]
        ours = translation(name.rpartition(".")[2])
        raise error("V1010", f"`{escape(name)}` is no code and no block, fn, model or op",
                    help=ours or close if ours or close.startswith("did") else "`vitc explain` alone lists the codes")  # fmt: skip
    text = explanations.page(code)
    if format == "json":
        print(json.dumps({"code": code, "title": explanations.titles()[code], "text": text}, indent=2))
    elif styled(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        print(text, end="")


def _drawn(found: "Definition") -> str:
    lines = [
        f"{found.kind} {found.name}  ({found.place})",
        *([found.text] if found.text else []),
        *_rows(found.parameters),
    ]
    if found.bindings:
        lines += ["bindings, which can be set by their names too:", *_rows(found.bindings)]
    return "\n".join([*lines, *([found.through] if found.through else [])])


def _rows(rows: "Iterable[Parameter]") -> list[str]:
    from ...application.explain import written

    return [line for row in rows for line in (f"  {written(row)}", *([f"      {row.text}"] if row.text else []))]
