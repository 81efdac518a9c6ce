"""What `resize = [...]` of the section `weights` does to a tensor that has another shape in the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...compiler.ops.base import Array
from . import resize
from .resize import Method, Size

Change = Callable[[Array], Array]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Resize:
    """A pattern of our names, how values are made (`None`: timm's rule for that kind of tensor), the grid of the file."""

    pattern: str
    method: Method | None = None
    before: Size | None = None

    def change(self, shape: Shape, wanted: Shape, params: Mapping[str, object], extra_rows: tuple[int, ...]) -> Change:
        """What makes `wanted` of a tensor of `shape`; `extra_rows` as the layout says. Raises ValueError where the sizes do
        not tell how."""
        method = self.method or Method()
        if len(shape) == len(wanted) == 4 and shape[:2] == wanted[:2]:
            return lambda x: resize.kernel(x, wanted[2:], method)  # type: ignore[arg-type] -- two axes are left
        if len(shape) == len(wanted) == 3 and shape[::2] == wanted[::2] and shape[0] == 1:
            after = _grid(params)
            if after is None or after[0] * after[1] > wanted[1]:
                raise ValueError("the model has no `image` and `patch` that tell its grid")
            prefix = wanted[1] - after[0] * after[1]
            before = self.before or _square(shape[1] - prefix)
            if before[0] * before[1] + prefix != shape[1]:
                raise ValueError(f"{before[0]}x{before[1]} and {prefix} more are not {shape[1]} positions")
            return lambda x: resize.positions(x, before, after, method)
        if len(shape) == len(wanted) == 2 and shape[1] == wanted[1]:
            before, after = self._windows(shape[0], wanted[0], params, extra_rows)
            return lambda x: resize.table(x, before, after, self.method)
        raise ValueError("neither positions [1, n, d], a kernel [d, c, p, q] nor a table [n, heads]")

    def _windows(
        self, count: int, wanted: int, params: Mapping[str, object], extra_rows: tuple[int, ...]
    ) -> tuple[Size, Size]:
        """The windows whose tables have so many rows, before and after."""
        grid = _grid(params)
        for extra in extra_rows:
            after = grid if grid and _rows(grid) + extra == wanted else resize.window(wanted, extra)
            before = self.before or resize.window(count, extra)
            if after and before and _rows(before) + extra == count:
                return before, after
        raise ValueError(f"{count} rows are not those of a square window")


Resizes = tuple[Resize, ...]


def _rows(window: Size) -> int:
    """How many distances there are in a window."""
    return (2 * window[0] - 1) * (2 * window[1] - 1)


def _grid(params: Mapping[str, object]) -> Size | None:
    """Rows and columns of patches, from the parameters `image` and `patch`."""
    match params.get("image"), params.get("patch"):
        case (int(h), int(w), int()), int(patch):
            return h // patch, w // patch
        case _:
            return None


def _square(count: int) -> Size:
    side = round(max(count, 0) ** 0.5)
    if side < 1 or side * side != count:
        raise ValueError(f"{count} positions are no square grid; name it: timm(pos_embed, before = 14x16)")
    return side, side
