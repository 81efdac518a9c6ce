"""Scaled dot-product attention as one node. Passes make it; no spec can name it."""

from collections.abc import Callable, Sequence
from math import prod, sqrt

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import (
    NOWHERE,
    SHUT,
    Array,
    Arrays,
    Example,
    OnnxCall,
    OnnxEmitter,
    Op,
    OpError,
    Param,
    Step,
    TorchCall,
    Types,
    np,
)
from .kinds import aligned, broadcast


class Definition(Op):
    """softmax(q k^T scale + bias) v: q [.., N, C], k [.., M, C], v [.., M, E], bias [.., N, M] -> [.., N, E].

    Vaswani et al. 2017; `F.scaled_dot_product_attention`; ONNX Attention-23. Scale `none` is 1 / sqrt(C). `drop` is the
    rate of dropout on the softmax under training.
    """

    name = "attention"
    inputs = ("q", "k", "v", "bias?")
    params = (Param("scale", "float", None), Param("drop", "float", 0.0, minimum=0))
    internal = True
    masked = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result; the leading axes of q, k and v are the same."""
        q, k, v = types[:3]
        fits = (
            q.shape[-1] == k.shape[-1] and k.shape[-2] == v.shape[-2] and q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
        )
        if not fits or any(t.stage != "sample" for t in types[:3]):
            raise OpError(f"attention of {', '.join(str(t) for t in types)}")
        scores = TensorType((*q.shape[:-1], k.shape[-2]))
        bias = types[3] if len(types) > 3 else TensorType((1, 1), stage="shared")
        level = bias.stage != "sample" or bias.rank == q.rank
        if not level or broadcast((scores, bias)) != scores.shape:
            raise OpError(f"a bias {list(bias.shape)} for scores {list(scores.shape)}")
        if attrs["drop"] >= 1:
            raise OpError(f"a rate of {attrs['drop']} leaves nothing", about="drop")
        return (TensorType((*q.shape[:-1], v.shape[-1])),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        q, k, v = xs[:3]
        scores = (q * q.dtype.type(_scale(attrs, q.shape[-1]))) @ k.swapaxes(-1, -2)
        scores = scores + xs[3] if len(xs) > 3 else scores
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return ((e / e.sum(axis=-1, keepdims=True)) @ v,)

    def draws(self, attrs: Attrs) -> bool:
        """With a rate."""
        return attrs["drop"] > 0

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Both products."""
        return outs[0].size * types[1].shape[-2] + prod(types[0].shape) * types[1].shape[-2]

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """A row sees its query, its row of the bias, and all keys and values but those that a mask shuts out."""
        q, k, v = boxes[:3]
        keys = np.minimum(k.min(-1), v.min(-1))[..., None, :]
        if len(boxes) > 3:
            (bias,) = aligned(boxes[3:], (*outs[0].shape[:-1], types[1].shape[-2]))
            keys = np.where(bias == SHUT, NOWHERE, np.minimum(bias, keys))
        seen = np.minimum(q.min(-1, keepdims=True), keys.min(-1, keepdims=True))
        return (np.broadcast_to(seen, (4, *outs[0].shape)),)

    def torch(self, call: TorchCall) -> str:
        """The function, without arguments that are torch's defaults."""
        attrs = call.attrs
        rest = "" if len(call.args) == 3 else f", attn_mask={call.args[3]}"
        rest += "" if attrs["drop"] == 0 else f", dropout_p={attrs['drop']} if self.training else 0.0"
        rest += "" if attrs["scale"] is None else f", scale={attrs['scale']}"
        return f"F.scaled_dot_product_attention({', '.join(call.args[:3])}{rest})"

    def torch_steps(self, call: TorchCall, name: Callable[[str], str]) -> tuple[Step, ...]:
        """Scores, their softmax, the weighted sum."""
        (q, k, v, *bias), attrs = call.args, call.attrs
        seen = TensorType((*call.types[0].shape[:-1], call.types[1].shape[-2]))
        scale, scores, attn = map(name, ("scale", "scores", "attn"))
        usual = attrs["scale"] is None
        factor = "" if attrs["scale"] == 1.0 else f" * {scale if usual else _factor(attrs['scale'])}"
        steps = [Step(scale, f"{q}.shape[-1] ** -0.5")] if usual else []
        steps.append(Step(scores, f"{q} @ {k}.mT{factor}", seen))
        steps += [Step(scores, f"{scores} + {mask}") for mask in bias]
        steps.append(Step(attn, f"{scores}.softmax(-1)"))
        steps += [Step(attn, f"F.dropout({attn}, {attrs['drop']}, self.training)")] if attrs["drop"] != 0 else []
        return (*steps, Step("", f"{attn} @ {v}"))

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Attention-23 on four axes: those that the bias tells apart are its heads, those in front join the batch."""
        q, k, v = call.types[:3]
        lead = q.shape[:-2]
        count = _heads(lead, call.types[3] if len(call.types) > 3 else None)
        heads = prod(lead[len(lead) - count :])
        args = list(call.args[:3])
        if len(lead) != 1 or count != 1:
            for i, t in enumerate((q, k, v)):
                args[i] = emit.op("Reshape", args[i], emit.ints(-1, heads, *t.shape[-2:]))
        if len(call.args) > 3:
            args.append(_mask(emit, call, lead[len(lead) - count :], heads))
        scale = {} if call.attrs["scale"] is None else {"scale": float(call.attrs["scale"])}
        y = emit.op("Attention", *args, **scale)
        if len(lead) != 1 or count != 1:
            y = emit.op("Reshape", y, emit.ints(-1, *call.outs[0].shape))
        return (y,)

    def examples(self) -> tuple[Example, ...]:
        """One head and two, five axes, every kind of bias."""
        q, k, v = TensorType((2, 4, 3)), TensorType((2, 5, 3)), TensorType((2, 5, 6))
        w = TensorType((2, 3, 2, 4, 3))
        return (
            Example((q, k, v), {"scale": 0.7}),
            Example((q, k, v), {"drop": 0.5}),
            Example((TensorType((4, 3)), TensorType((5, 3)), TensorType((5, 2))), {}),
            Example((q, k, v, TensorType((2, 4, 5), stage="shared")), {"scale": 1.0}),
            Example((q, k, v, TensorType((1, 1, 5)))),
            Example((w, w, w, TensorType((2, 4, 4), stage="shared"))),
            Example((w, w, w, TensorType((2, 3, 1, 4, 4), stage="shared"))),
        )


def _factor(scale: object) -> str:
    """A number, or an expression in brackets, as a factor."""
    return f"({scale})" if " " in str(scale) else str(scale)


def _scale(attrs: Attrs, channels: int) -> float:
    return 1 / sqrt(channels) if attrs["scale"] is None else attrs["scale"]


def _heads(lead: tuple[int, ...], bias: TensorType | None) -> int:
    """How many of the leading axes are heads: the last, and all that the bias tells apart."""
    if bias is None:
        return min(len(lead), 1)
    if bias.stage == "sample":
        return len(lead)
    shape = bias.shape[:-2]
    told = next((len(shape) - i for i, n in enumerate(shape) if n != 1), 0)
    return max(told, min(len(lead), 1))


def _mask(emit: OnnxEmitter, call: OnnxCall, heads: tuple[int, ...], count: int) -> str:
    """The bias with four axes."""
    bias, name = call.types[3], call.args[3]
    n, m = call.types[0].shape[-2], call.types[1].shape[-2]
    inner, full = bias.shape[-len(heads) - 2 :], (*heads, n, m)

    def shape(*dims: int) -> str:
        if bias.stage != "sample":
            return emit.ints(1, *dims)
        return emit.op("Concat", emit.batch(), emit.ints(*dims), axis=0)

    if inner != full:
        name = emit.op("Reshape", name, shape(*[1] * (len(full) - len(inner)), *inner))
        name = emit.op("Expand", name, shape(*full))
    return emit.op("Reshape", name, shape(count, n, m))
