"""Tensors from tensors and from numbers: patterns, splitting, sizes, constants."""

from ....diagnostics import foreign
from ...ir.types import TensorType
from .. import rearranging
from ..arguments import Call
from ..nodes import emit_all
from ..values import Tensor, Value, describe, is_int, is_number


def rearrange_(call: Call) -> Value:
    """`rearrange(x, "h w d -> (h w) d")`."""
    return _pattern(call, repeat=False)


def repeat_(call: Call) -> Value:
    """`repeat(x, "h -> h w", w = 3)`: as `rearrange`, the right side may add axes."""
    return _pattern(call, repeat=True)


def _pattern(call: Call, *, repeat: bool) -> Value:
    match [value for value, _ in call.args]:
        case [Tensor() as x, str() as pattern]:
            pass
        case _:
            call.fail("V0308", 'it takes a tensor and a pattern such as "n d -> d n"')
    sizes: dict[str, int] = {}
    for name, (value, place) in call.kwargs.items():
        if not is_int(value) or value < 1:
            call.fail("V0303", f"`{name}` is a size, not {describe(value)}", place, about=value)
        call.scope.context.sized(TensorType((value,)), place)
        sizes[name] = value
    return rearranging.rearrange(call.scope, x, pattern, sizes, call.args[1][1], repeat=repeat)


def transpose_(call: Call) -> Value:
    """`transpose(x)`: the last two axes swapped."""
    if len(call.args) > 1:
        help = foreign.translation("transpose")
        call.fail("V0311", "transpose takes a tensor alone", call.args[1][1], help=help)
    (x,) = call.take("x")
    return call.emit("permute", (call.operand(x),), {"perm": (-1, -2)})


def split_(call: Call) -> Value:
    """`split(x, parts, axis = -1)`: parts is a count or a list of sizes."""
    x, parts, given = call.take("x", "parts", "axis", optional=1)
    axis = call.axis(given)
    if not isinstance(x, Tensor) or x.type.rank < -axis:
        call.fail("V0308", f"split takes a tensor with an axis {axis}, not {describe(x)}")
    size = x.type.shape[axis]
    if is_int(parts):
        if parts < 1 or size % parts:
            call.fail("V0403", f"{size} does not split into {parts} equal parts", sizes=(size, parts))
        sizes = (size // parts,) * parts
    else:
        sizes = call.sizes(parts)
    if sum(sizes) != size:
        call.fail("V0403", f"{' + '.join(map(str, sizes))} is {sum(sizes)}, the axis is {size}", sizes=(size, *sizes))
    return emit_all(call.scope, "split", (x,), {"sizes": sizes, "axis": axis}, call.span)


def chunk_(call: Call) -> Value:
    """`chunk(x, count, axis = -1)`: at most so many parts of one size, the last may be smaller: `torch.chunk`."""
    x, count, given = call.take("x", "count", "axis", optional=1)
    axis = call.axis(given)
    if not isinstance(x, Tensor) or x.type.rank < -axis:
        call.fail("V0308", f"chunk takes a tensor with an axis {axis}, not {describe(x)}")
    size = x.type.shape[axis]
    each = -(-size // call.whole("count", count))
    sizes = tuple(min(each, size - start) for start in range(0, size, each))
    return emit_all(call.scope, "split", (x,), {"sizes": sizes, "axis": axis}, call.span)


def unstack_(call: Call) -> Value:
    """`unstack(x)`: a list along the first written axis."""
    (x,) = call.take("x")
    if not isinstance(x, Tensor) or not x.type.rank:
        call.fail("V0308", f"unstack takes a tensor, not {describe(x)}")
    return emit_all(call.scope, "unbind", (x,), {"axis": -x.type.rank}, call.span)


def shape_(call: Call) -> Value:
    """`shape(x)`: a list of numbers."""
    (x,) = call.take("x")
    if not isinstance(x, Tensor):
        call.fail("V0308", f"shape takes a tensor, not {describe(x)}")
    return list[Value](x.type.shape)


# ---- constants -------------------------------------------------------------------------------------------------------


def arange_(call: Call) -> Value:
    """`arange(stop)`, `arange(start, stop, step)`: a constant."""
    a, b, given = call.take("a", "b", "step", optional=2)
    step = 1 if given is None else given
    start, stop = (0, a) if b is None else (a, b)
    if not (is_number(start) and is_number(stop) and is_number(step)):
        call.fail("V0308", "arange takes one to three numbers")
    if step == 0 or (stop - start) / step <= 0:
        call.fail("V0310", f"nothing lies between {start} and {stop} in steps of {step}", about=stop)
    dtype = "int" if all(isinstance(v, int) for v in (start, stop, step)) else "float"
    return call.emit("arange", (), {"start": start, "stop": stop, "step": step, "dtype": dtype})


def zeros_(call: Call) -> Value:
    """`zeros(shape)`."""
    (shape,) = call.take("shape")
    return _filled(call, shape, 0.0)


def ones_(call: Call) -> Value:
    """`ones(shape)`."""
    (shape,) = call.take("shape")
    return _filled(call, shape, 1.0)


def full_(call: Call) -> Value:
    """`full(shape, value)`."""
    shape, value = call.take("shape", "value")
    return _filled(call, shape, value)


def _filled(call: Call, shape: Value, value: Value) -> Value:
    dtype = "int" if is_int(value) else "float"
    return call.emit("full", (), {"shape": call.shape(shape), "value": value, "dtype": dtype})


# ---- what draws for each sample --------------------------------------------------------------------------------------


def random_subset_(call: Call) -> Value:
    """`random_subset(n, k)`: k of the integers below n, drawn anew for each sample."""
    n, k = call.take("n", "k")
    attrs = {"n": call.whole("n", n), "k": call.whole("k", k)}
    like = next((value for value in call.scope.builder.inputs if value.type.stage == "sample"), None)
    if like is None:
        call.fail("V0308", "random_subset draws for each sample, and nothing here depends on the input")
    return call.emit("random_subset", (Tensor(like),), attrs)


FUNCTIONS = {
    "rearrange": rearrange_,
    "repeat": repeat_,
    "transpose": transpose_,
    "split": split_,
    "chunk": chunk_,
    "unstack": unstack_,
    "shape": shape_,
    "arange": arange_,
    "zeros": zeros_,
    "ones": ones_,
    "full": full_,
    "random_subset": random_subset_,
}
