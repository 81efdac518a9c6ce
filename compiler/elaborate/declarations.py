"""What a definition declares, read off its tree: parameters with their types and words, bindings, names of sizes."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...grammar import tree

#: The names of types; any other name among the alternatives of a type is a word.
TYPES = ("int", "float", "bool", "shape", "block", "layer", "list", "tensor", "text", "none")


class Declared(NamedTuple):
    """What settings and calls can give a block.

    `bindings` are those whose names are no parameters; `layers` are the parameters of the type `layer`; `sizes` are the
    names that shape patterns of `forward` bind, parameters apart.
    """

    params: Mapping[str, tree.Param]
    bindings: Mapping[str, tree.Bind]
    layers: frozenset[str]
    sizes: frozenset[str]

    @property
    def names(self) -> list[str]:
        """All names that can be set."""
        return [*self.params, *self.bindings]


def declared(block: tree.Block) -> Declared:
    """Reads the declarations of a block."""
    params = {param.name.id: param for param in block.params}
    binds = [entry for entry in block.entries if isinstance(entry, tree.Bind)]
    named = {dim.id for pattern in patterns(block.forward) for dim in pattern.dims if isinstance(dim, tree.Name)}
    return Declared(
        params,
        {bind.name.id: bind for bind in binds if bind.name.id not in params},
        frozenset(name for name, param in params.items() if is_layer(param)),
        frozenset(named - params.keys()),
    )


# ---- types -----------------------------------------------------------------------------------------------------------


def words(type: tree.Type | None) -> tuple[str, ...]:
    """The author's words among the alternatives of a type."""
    if type is None:
        return ()
    return tuple(a.name for a in type.alternatives if isinstance(a, tree.Word) and a.name not in TYPES)


def cases(param: tree.Param) -> tuple[str, ...]:
    """All that a parameter may be where that is words and `none` alone; else nothing."""
    found = param.type.alternatives if param.type else ()
    if not all(isinstance(a, tree.Word) and (a.name not in TYPES or a.name == "none") for a in found):
        return ()
    return tuple(a.name for a in found if isinstance(a, tree.Word))


def is_layer(param: tree.Param) -> bool:
    """Whether a parameter is of the type `layer`: bound once, under its own name."""
    return param.type is not None and any(
        isinstance(a, tree.Word) and a.name == "layer" for a in param.type.alternatives
    )


# ---- shape patterns --------------------------------------------------------------------------------------------------


def patterns(forward: tree.Forward) -> Iterator[tree.Pattern]:
    """Yields every pattern of a `forward`: of its arguments, its results, and the statements inside."""
    types = [p.type for p in forward.params if p.type] + [out.type for out in forward.results]
    for type in types:
        yield from (a for a in type.alternatives if isinstance(a, tree.Pattern))
    yield from patterns_in(forward.body)


def patterns_in(body: tuple[tree.Stmt, ...]) -> Iterator[tree.Pattern]:
    """Yields the patterns of statements."""
    for statement in body:
        match statement:
            case tree.Let():
                yield from (t.pattern for t in statement.targets if t.pattern is not None)
            case tree.If():
                yield from patterns_in(statement.then)
                yield from patterns_in(statement.otherwise)
            case tree.For():
                yield from patterns_in(statement.body)
            case _:
                pass
