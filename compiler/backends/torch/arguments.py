"""Numbers that differ between the instances of a class, as expressions over few constructor arguments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isclose
from typing import Any, cast

from .naming import first_free
from .templates import INDEX, Members, Name, Path, Text

Vector = tuple[Any, ...]


class Arguments:
    """The constructor arguments of a class: `vectors` has the value of each for every instance.

    `known` are the values that the text names (parameters, sizes): arguments are called after them.
    """

    def __init__(self, known: Sequence[Mapping[str, Any]], taken: Callable[[str], bool]) -> None:
        self.known: dict[str, Vector] = {}
        for name in known[0]:
            if all(name in params for params in known) and not taken(name):
                self.known[name] = tuple(params[name] for params in known)
        self.count = len(known)
        self.vectors: dict[str, Vector] = {}
        self.taken = taken

    def number(self, vector: Vector, hint: str) -> Any:
        """The number itself where all instances have it, else an expression."""
        if all(value == vector[0] and type(value) is type(vector[0]) for value in vector):
            return vector[0]
        # arguments that are there already come first, so that a class has as few as it can
        found = _expression(vector, self.vectors)
        if found is not None:
            return found
        for name, values in self.known.items():
            if values == vector:
                return self._take(name, vector)
        derived = _expression(vector, self.known)
        if derived is not None:
            for name in self.known:
                if name in derived.names:
                    self._take(name, self.known[name])
            return derived
        return self._take(self._fresh(hint), vector)

    def _take(self, name: str, vector: Vector) -> Text:
        self.vectors.setdefault(name, vector)
        return Text(Name(name))

    def _fresh(self, hint: str) -> str:
        return first_free(hint, lambda name: self.taken(name) or name in self.vectors or name in self.known)

    def members(self, vector: tuple[Members, ...], hint: str) -> Any:
        """A list's argument as an expression over the member's index `i`."""
        lists = [m.values for m in vector]
        if all(value == values[0] for values in lists for value in values[1:]):
            return self.number(tuple(values[0] for values in lists), hint)
        steps = _steps(lists)
        if steps is not None:
            return self._affine(tuple(values[0] for values in lists), steps, hint)
        ratio = _ratio(lists)
        if ratio:
            return Text(_text(self.number(tuple(values[0] for values in lists), hint)), f" * {ratio}**", INDEX)
        return Text(_text(self.number(tuple(lists), f"{hint}s")), "[", INDEX, "]")

    def _affine(self, starts: Vector, step: int | float, hint: str) -> Text:
        start = self.number(starts, hint)
        slope = Text(INDEX) if step == 1 else _slope(step)
        return slope if start == 0 else Text(nice(start), " + ", slope)


def _text(value: Any) -> str:
    """A number or an expression as one of the parts of another."""
    return value if isinstance(value, Text) else repr(value)


def _expression(vector: Vector, names: Mapping[str, Vector]) -> Text | None:
    """A vector as a name, a multiple, an exact part or a shift of one, or a product or quotient of two."""
    for name, values in names.items():
        if values == vector:
            return Text(Name(name))
    kind = cast(Any, type(vector[0]))
    if kind not in (int, float) or not all(type(value) is kind for value in vector):
        return None
    alike = {n: v for n, v in names.items() if all(type(x) is kind for x in v) and len(set(v)) > 1}
    for text, values in _shifts(vector, alike) if kind is float else _simple(vector, alike):
        if all(_near(x, y) for x, y in zip(values, vector, strict=True)):
            return text
    return None


def _shifts(vector: Vector, names: Mapping[str, Vector]) -> Iterator[tuple[Text, Vector]]:
    for name, values in names.items():
        offset = vector[0] - values[0]
        sign = "+" if offset > 0 else "-"
        yield Text(Name(name), f" {sign} {nice(abs(offset))}"), tuple(x + offset for x in values)


def _simple(vector: Vector, names: Mapping[str, Vector]) -> Iterator[tuple[Text, Vector]]:
    for name, values in names.items():
        k = vector[0] // values[0] if values[0] else 0
        yield Text(f"{k} * ", Name(name)), tuple(k * x for x in values)
        k = values[0] // vector[0] if vector[0] else 0
        if k and all(x % k == 0 for x in values):
            yield Text(Name(name), f" // {k}"), tuple(x // k for x in values)
    yield from _shifts(vector, names)
    for a, left in names.items():
        for b, right in names.items():
            yield Text(Name(a), " * ", Name(b)), tuple(x * y for x, y in zip(left, right, strict=True))
            if all(right) and all(x % y == 0 for x, y in zip(left, right, strict=True)):
                yield Text(Name(a), " // ", Name(b)), tuple(x // y for x, y in zip(left, right, strict=True))


def _steps(lists: Sequence[tuple[Any, ...]]) -> int | float | None:
    """The common difference of arithmetic progressions."""
    long = [values for values in lists if len(values) > 1]
    if not all(isinstance(x, (int, float)) for values in lists for x in values):
        return None
    step = long[0][1] - long[0][0]
    if isinstance(step, float):  # the smallest error: over the longest list
        longest = max(long, key=len)
        step = (longest[-1] - longest[0]) / (len(longest) - 1)
    fits = all(_near(values[0] + step * i, x) for values in long for i, x in enumerate(values))
    return step if fits else None


def _near(a: float, b: float) -> bool:
    return a == b if isinstance(b, int) else isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def _ratio(lists: Sequence[tuple[Any, ...]]) -> int | None:
    """The common ratio of geometric progressions of integers."""
    if not all(type(x) is int and x for values in lists for x in values):
        return None
    long = [values for values in lists if len(values) > 1]
    ratio = long[0][1] // long[0][0]
    fits = all(values[0] * ratio**i == x for values in long for i, x in enumerate(values))
    return ratio if ratio > 1 and fits else None


def nice(value: Any) -> str:
    """A number as a person would write it: `0.1 / 11` for 0.00909…; an expression as it is."""
    if isinstance(value, Text):
        return value
    top, by = _fraction(value)
    return f"{top} / {by}" if by > 1 else top


def _fraction(value: Any) -> tuple[str, int]:
    """A number as a short one through a small one, where it is a long fraction."""
    if isinstance(value, float) and len(repr(value)) > 8:
        for q in range(2, 200):
            top = float(f"{value * q:.6g}")
            if len(repr(top)) <= 6 and isclose(top / q, value, rel_tol=1e-12):
                return repr(top), q
    return repr(value), 1


def _slope(step: int | float) -> Text:
    top, by = _fraction(step)
    return Text(f"{top} * ", INDEX, f" / {by}" if by > 1 else "")


def resolve(descriptions: Sequence[Mapping[Path, Any]], arguments: Arguments) -> dict[Path, Any]:
    """Every place of a class's description as a number or an expression."""
    texts: dict[Path, Any] = {}
    for path in descriptions[0]:
        vector = tuple(places[path] for places in descriptions)
        hint = next((str(part) for part in reversed(path) if isinstance(part, str)), "n")
        if isinstance(vector[0], Members):
            texts[path] = arguments.members(vector, hint)
        else:
            texts[path] = arguments.number(vector, hint)
    return texts
