"""Numbers at the border of a block: inside they are its own names, outside what the caller wrote for them.

So a body depends on values alone, and equal bodies are one, whatever their callers call the numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from ...diagnostics.source import Span
from ..ir.numbers import Apply, Call, Int, N, Name, Real, applied, called, ordered, origin, plain, wrapped
from ..ir.types import TensorType
from .values import (
    BlockValue,
    Elaborated,
    OpValue,
    Parts,
    Setting,
    Shape,
    Tensor,
    Value,
    Whole,
    is_number,
    mapped,
)

# ---- on the way in ---------------------------------------------------------------------------------------------------


def entered(value: Value, path: str, span: Span) -> Value:
    """The value of a parameter as its block sees it: every number in it is called by its path (`heads`, `attn.heads`)."""
    if is_number(value):
        return wrapped(value, Name(path, "parameter", value, span))
    match value:
        case Shape():
            names = ((Name(f"{path}.{side}", "parameter", size, span), size) for side, size in value.named())
            return Shape(tuple(wrapped(size, name) for name, size in names))
        case list():
            return [entered(item, f"{path}.{index}", span) for index, item in enumerate(value)]
        case BlockValue():
            args = {name: _setting(setting, f"{path}.{name}") for name, setting in value.args.items()}
            return BlockValue(value.module, value.definition, args)
        case OpValue():
            attrs = {name: (entered(one, f"{path}.{name}", at), at) for name, (one, at) in value.attrs.items()}
            return OpValue(value.op, attrs, value.span)
        case _:
            return value


def _setting(setting: Setting, path: str) -> Setting:
    if isinstance(setting, Whole):
        return Whole(entered(setting.value, path, setting.span), setting.span)
    return Parts({name: _setting(inner, f"{path}.{name}") for name, inner in setting.parts.items()}, setting.at)


def argument(type: TensorType, name: str, span: Span) -> TensorType:
    """The type of a tensor that is handed to a block, its axes called by the argument: `x.0`."""
    shape = tuple(wrapped(n, Name(f"{name}.{i}", "axis", n, span)) for i, n in enumerate(type.shape))
    return replace(type, shape=shape)


# ---- on the way out --------------------------------------------------------------------------------------------------


def given(settings: Mapping[str, Setting]) -> Iterator[tuple[str, float]]:
    """The numbers that a caller sets, by the paths that they have inside."""
    for name, setting in settings.items():
        if isinstance(setting, Whole):
            yield from _numbers(setting.value, name)
        else:
            yield from ((f"{name}.{inner}", number) for inner, number in given(setting.parts))


def handed(value: Value, name: str) -> Iterator[tuple[str, float]]:
    """The axes of an argument, or the numbers in it, by the names that the block has for them."""
    if isinstance(value, Tensor):
        yield from ((f"{name}.{index}", size) for index, size in enumerate(value.type.shape))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from handed(item, f"{name}.{index}")
    else:
        yield from _numbers(value, name)


def _numbers(value: Value, path: str) -> Iterator[tuple[str, float]]:
    if is_number(value):
        yield path, value
    elif isinstance(value, Shape):
        yield from ((f"{path}.{side}", size) for side, size in value.named())
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}.{index}")
    elif isinstance(value, BlockValue):
        yield from ((f"{path}.{inner}", number) for inner, number in given(value.args))
    elif isinstance(value, OpValue):
        for name, (one, _) in value.attrs.items():
            yield from _numbers(one, f"{path}.{name}")


def left(done: Elaborated, names: Mapping[str, float]) -> Elaborated:
    """What a block gives, as its caller sees it: `names` are the caller's numbers by the block's names."""
    types = tuple(replace(type, shape=tuple(_outside(size, names) for size in type.shape)) for type in done.types)
    results = mapped(done.results, lambda one: _outside(one, names) if is_number(one) else one)
    return Elaborated(done.layer, results, types)


def _outside(number: N, names: Mapping[str, float]) -> N:
    """A number of a block as its caller sees it."""
    if not isinstance(number, (Int, Real)):
        return number

    def parts(one: float) -> Sequence[float]:
        match origin(one):
            case Name(name=name, given=given, local=True) if name not in names:
                return (given,)
            case Apply(parts=parts) | Call(parts=parts):
                return parts
            case _:
                return ()

    found: dict[int, float] = {}
    for one in ordered(number, parts):
        match origin(one):
            case Name(name=name, given=given):
                made = names[name] if name in names else found.get(id(given), given)
            case Apply(op, inside, span):
                made = applied(+one, op, *(found[id(part)] for part in inside), span=span)
            case Call(function, inside, _, span):
                made = called(plain(one), function, tuple(found[id(part)] for part in inside), span)
            case _:
                made = one
        found[id(one)] = made
    return cast(N, found[id(number)])
