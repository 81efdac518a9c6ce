"""Long short-term memory over a sequence (Hochreiter and Schmidhuber 1997)."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import Draw, WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats, logistic, not_sampled
from .sliding import one_batch

_PARTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


class Definition(Op):
    """[.., T, D] -> [.., T, hidden], or twice as many channels in both directions: `nn.LSTM`, ONNX LSTM-22.

    Gates in torch's order: input, forget, cell, output; both biases are kept, as there. It starts from zeros.
    """

    name = "lstm"
    by_position = 1
    makes_channels = True
    inputs = ("x", *_PARTS, *(f"{part}_reverse?" for part in _PARTS))
    params = (Param("hidden", "int", minimum=1), Param("bidirectional", "bool", False, structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Hidden states of every step."""
        x, hidden, ways = types[0], attrs["hidden"], 1 + attrs["bidirectional"]
        floats(types)
        not_sampled(types[1:])
        shapes = self._shapes(x, hidden)
        if len(types) != 1 + 4 * ways or tuple(t.shape for t in types[1:]) != shapes * ways:
            raise OpError(f"the weights are not those of {hidden} hidden units on {list(x.shape)}")
        return (TensorType((*x.shape[:-1], hidden * ways), "float", meet(types)),)

    def _shapes(self, x: TensorType, hidden: int) -> tuple[tuple[int, ...], ...]:
        if x.rank < 2:
            raise OpError(f"lstm takes [.., T, D], not {list(x.shape)}")
        return ((4 * hidden, x.shape[-1]), (4 * hidden, hidden), (4 * hidden,), (4 * hidden,))

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """Step by step."""
        x = xs[0]
        if not attrs["bidirectional"]:
            return (_run(x, xs[1:]),)
        back = _run(x[..., ::-1, :], xs[5:])[..., ::-1, :]
        return (np.concatenate([_run(x, xs[1:5]), back], axis=-1),)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        bound = 1 / sqrt(attrs["hidden"])
        endings = ("", "_reverse") if attrs["bidirectional"] else ("",)
        shapes = list(zip(_PARTS, self._shapes(x, attrs["hidden"]), strict=True))
        init = Draw("uniform", (-bound, bound))
        return {part + ending: WeightSpec(shape, init) for ending in endings for part, shape in shapes}

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Both matrices at every step."""
        x, ways = types[0], 1 + attrs["bidirectional"]
        return x.size // x.shape[-1] * ways * sum(t.size for t in types[1:3])

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: all steps so far, and from the other end those to come."""
        seen, hidden = boxes[0].min(axis=-1, keepdims=True), attrs["hidden"]
        ahead = np.minimum.accumulate(seen, axis=-2)
        parts = [ahead]
        if attrs["bidirectional"]:
            parts.append(np.minimum.accumulate(seen[..., ::-1, :], axis=-2)[..., ::-1, :])
        return (np.concatenate([part.repeat(hidden, axis=-1) for part in parts], axis=-1),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        both = ", bidirectional=True" if attrs["bidirectional"] else ""
        return f"nn.LSTM({weights['weight_ih_l0'][1]}, {attrs['hidden']}, batch_first=True{both})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """The hidden states without the last ones."""
        return one_batch(call, 2, lambda x: f"{module}({x})[0]")

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return False  # the module gives the last states too

    def torch(self, call: TorchCall) -> str:
        """torch.lstm, for weights that were computed."""
        both = call.attrs["bidirectional"]
        weights = ", ".join(call.args[1:])

        def form(x: str) -> str:
            zeros = f"{x}.new_zeros({1 + both}, {x}.shape[0], {call.attrs['hidden']})"
            return f"torch.lstm({x}, [{zeros}, {zeros}], [{weights}], True, 1, 0.0, False, {both}, True)[0]"

        return one_batch(call, 2, form, batchless=False)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """LSTM-22: steps first, gates in the order input, output, forget, cell."""
        (t, d), hidden, ways = call.types[0].shape[-2:], call.attrs["hidden"], 1 + call.attrs["bidirectional"]
        values = [_reordered(emit.value(name)) for name in call.args[1:]]
        matrices = [emit.array(np.stack(values[i::4])) for i in (0, 1)]
        bias = emit.array(np.stack([np.concatenate(values[i + 2 : i + 4]) for i in range(0, 4 * ways, 4)]))
        x = emit.op("Transpose", emit.op("Reshape", call.args[0], emit.ints(-1, t, d)), perm=[1, 0, 2])
        way = "bidirectional" if ways == 2 else "forward"
        y = emit.op("LSTM", x, *matrices, bias, hidden_size=hidden, direction=way)
        y = emit.op("Transpose", y, perm=[2, 0, 1, 3])
        return (emit.op("Reshape", y, emit.ints(-1, *call.outs[0].shape)),)

    def examples(self) -> tuple[Example, ...]:
        """One direction, both, axes in front, none."""
        x = TensorType((4, 3))
        one = tuple(TensorType(shape, stage="shared") for shape in self._shapes(x, 2))
        return (
            Example((x, *one), {"hidden": 2}),
            Example((x, *one, *one), {"hidden": 2, "bidirectional": True}),
            Example((TensorType((5, 4, 3)), *one), {"hidden": 2}),
            Example((TensorType((4, 3), stage="shared"), *one), {"hidden": 2}),
        )


def _run(x: Array, weights: Sequence[Array]) -> Array:
    """[.., T, D] -> [.., T, hidden] in one direction."""
    w, r, b, c = weights
    gates = x @ w.T + b + c
    hidden = r.shape[1]
    h = cell = np.zeros((*x.shape[:-2], hidden), x.dtype)
    states: list[Array] = []
    for step in range(x.shape[-2]):
        i, f, g, o = np.split(gates[..., step, :] + h @ r.T, 4, axis=-1)
        cell = logistic(f) * cell + logistic(i) * np.tanh(g)
        h = logistic(o) * np.tanh(cell)
        states.append(h)
    return np.stack(states, axis=-2)


def _reordered(value: Array) -> Array:
    """Torch's gates (i, f, g, o) in ONNX's order (i, o, f, g)."""
    i, f, g, o = np.split(value, 4)
    return np.concatenate([i, o, f, g])
