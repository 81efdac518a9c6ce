"""What only the numbers of weights tell: that they are finite, and that two names of one weight hold the same."""

from collections.abc import Iterator, Mapping

from ...compiler.ops.base import Array, np
from ...diagnostics import error
from ...diagnostics.source import Span
from ...grammar.name_patterns import matches
from .layouts import Layout

#: Tensors that are named.
_SHOWN = 24


def refuse_infinite(label: str, weights: Mapping[str, Array], names: Iterator[str], layout: Layout,
                    initial: Mapping[str, Array], span: Span | None = None) -> None:  # fmt: skip
    """Raises V0717 naming every tensor that holds NaN or an infinity, and how many.

    Infinities pass where the layout names the weight, or where the text itself starts it from some.
    """
    lines: list[str] = []
    for name in names:
        array = weights[name]
        if array.dtype.kind != "f" or np.isfinite(array).all():
            continue
        nans, infinities = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        if not nans and (matches(layout.infinite, name) or (name in initial and np.isinf(initial[name]).any())):
            continue
        what = [f"{count:,} {word}" for count, word in ((nans, "NaN"), (infinities, "infinite")) if count]
        lines.append(f"{name}: {' and '.join(what)} of {array.size:,}")
    if lines:
        count = "a tensor" if len(lines) == 1 else f"{len(lines)} tensors"
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        body = "".join(f"\n    {line}" for line in lines[:_SHOWN] + more)
        help = "the training that made them diverged, or they are too large for float32; `skip` draws a tensor anew"
        raise error("V0717", f"{label} holds {count} with values that are not finite:{body}", span, help=help)


def refuse_unequal(label: str, first: tuple[str, Array], second: tuple[str, Array], span: Span | None = None) -> None:
    """Raises V0715 where two names of one weight hold different numbers."""
    (name, one), (other, two) = first, second
    if one.shape == two.shape and np.array_equal(one, two, equal_nan=one.dtype.kind == "f"):
        return
    if one.shape != two.shape:
        how = f"have the shapes {list(one.shape)} and {list(two.shape)}"
    else:
        apart = np.abs(one.astype(np.float64) - two.astype(np.float64))
        how = f"differ by up to {np.nanmax(apart):.3g}" if np.isfinite(apart).any() else "differ"
    message = f"{label} holds two tensors for one weight: `{name}` and `{other}` are shared in this model and {how}"
    raise error("V0715", message, span, help="this model uses one layer under both names; is it the right spec?")
