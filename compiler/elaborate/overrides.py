"""`--set KEY=VALUE`: values are written in the language."""

from ...grammar import tree
from ...grammar.diagnostics import VitError, error
from ...grammar.parser import parse
from ...grammar.source import Source


def parse_override(key: str, text: str) -> tree.Expr:
    """The expression of a value on the command line; fails with V1004 (exit status 2)."""
    source = Source("--set", f"vit 1\nmodel m = m {{ value = {text} }}\n")
    try:
        (item,) = parse(source).items
    except (VitError, ValueError) as problem:
        raise error("V1004", f"`{key}={text}` is not a value of the language", exit_status=2) from problem
    bind = item.entries[0] if isinstance(item, tree.Model) and len(item.entries) == 1 else None
    if not isinstance(bind, tree.Bind):
        raise error("V1004", f"`{key}={text}` is not a value of the language", exit_status=2)
    return bind.value
