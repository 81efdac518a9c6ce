"""`vitc explain`: the pages of `grammar/codes`, one for each code."""

import json
import sys

from ..grammar import explanations
from ..grammar.diagnostics import error
from ..grammar.messages import escape
from ..grammar.suggest import suggestion
from .streams import styled


def run(code: str | None, format: str) -> None:
    """Prints the page of a code, or the titles of all."""
    if code is None:
        titles = explanations.titles()
        print(json.dumps(titles, indent=2) if format == "json" else "\n".join(f"{c}  {t}" for c, t in titles.items()))
        return
    code = code.upper()
    if code not in explanations.titles():
        close = suggestion(code, explanations.titles()).partition(";")[0]
        raise error("V1010", f"there is no code `{escape(code)}`", exit_status=2,
                    help=close if close.startswith("did") else "`vitc explain` alone lists all")  # fmt: skip
    text = explanations.page(code)
    if format == "json":
        print(json.dumps({"code": code, "title": explanations.titles()[code], "text": text}, indent=2))
    elif styled(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        print(text, end="")
