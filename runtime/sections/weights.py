"""The section `weights`: a file to start from, in anyone's layout."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from ...compiler.configuration import Choice
from ..settings.checking import listed, plain, refuse, shown
from ..weights.layouts import layouts, named
from ..weights.matching import Choices
from ..weights.resize import Method
from ..weights.resize_rules import Resize
from . import Section

#: Keys of `bilinear(pos_embed, antialias = true)`; `before` is the grid in the file, where it is no square.
_OPTIONS = ("antialias", "align_corners", "before")


def _patterns(value: Any) -> tuple[str, ...]:
    """Names of weights, `{i}` any number; a name without points needs no quotes."""
    items = listed(value)
    for item in items:
        if not isinstance(item, str):
            raise refuse(f'takes names of weights like pos_embed or "blocks.{{i}}.norm1.{{p}}", not {shown(item)}')
    return tuple(items)


def _resizes(value: Any) -> tuple[Resize, ...]:
    return tuple(_resize(item) for item in listed(value))


def _resize(item: Any) -> Resize:
    """`pos_embed` by timm's rule, or `bicubic(pos_embed)`, `bilinear(pos_embed, align_corners = true)`."""
    if isinstance(item, str):
        return Resize(item)
    if not isinstance(item, Choice) or item.name not in ("bicubic", "bilinear", "timm") or len(item.args) != 1:
        raise refuse(f"takes a name, or bicubic(name), bilinear(name), timm(name), not {shown(item)}")
    pattern, options = plain(item.args[0].value), {k: plain(e.value) for k, e in item.kwargs.items()}
    unknown = [name for name in options if name not in _OPTIONS]
    if not isinstance(pattern, str) or unknown:
        raise refuse(f"takes a name and {', '.join(_OPTIONS)}, not {unknown[0] if unknown else shown(pattern)}")
    flags = {k: v for k, v in options.items() if k != "before"}
    if not all(isinstance(v, bool) for v in flags.values()) or all(flags.get(k) for k in _OPTIONS[:2]):
        raise refuse("takes true or false for antialias and align_corners, and not both true")
    method = None if item.name == "timm" else Method(item.name, **{"antialias": False, **flags})
    return Resize(pattern, method, _grid(options.get("before")))


def _grid(value: Any) -> tuple[int, int] | None:
    match value:
        case None:
            return None
        case [int(rows), int(columns)] if rows > 0 and columns > 0:
            return rows, columns
        case _:
            raise refuse(f"takes a grid like before = 14x16, not {shown(value)}")


def _layout(value: Any) -> str:
    if not isinstance(value, str) or not named(value):
        raise refuse(f"takes {', '.join(['auto', *layouts()])}, not {shown(value)}")
    return value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]


class Weights(Section):
    """`file`: a file of weights or its folder, relative to the spec, in the names of `layout`, in the `part` of it that is
    named where it holds several. `only`: ours that come from it; `skip`: ours that don't, and theirs that are passed over;
    `resize`: ours that may have another size there."""

    file: str | None = None
    layout: Annotated[str, BeforeValidator(_layout)] = "timm"
    part: str | None = None
    only: Patterns = ()
    skip: Patterns = ()
    resize: Annotated[tuple[Resize, ...], BeforeValidator(_resizes)] = ()

    def choices(self) -> Choices:
        """What it says of names."""
        return Choices(self.only, self.skip, self.resize, self.part)
