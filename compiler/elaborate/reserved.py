"""Refusing names that printed code could not use."""

from ...grammar import tree
from ..ir.reserved import why_reserved
from .context import Context


def refuse(context: Context, name: tree.Name) -> None:
    """Fails with V0205 for a reserved name."""
    why = why_reserved(name.id)
    if why:
        context.fail(
            "V0205",
            f"a layer or weight can't be called `{name.id}`: it is {why}",
            name.span,
            help=f"call it `{name.id.strip('_')}_layer` or by what it does",
        )
