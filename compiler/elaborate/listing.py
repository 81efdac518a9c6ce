"""All that can be set in a model: a path, the value it has as a text, where that comes from, and what it is.

A text that is shown can be given back for its path and changes nothing. A value that no text says by itself (a tensor that
`forward` makes, a list whose members differ, a formula of sizes that the parameter alone does not know) has none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...diagnostics.source import Span
from ...grammar import tree
from ...grammar.docs import doc
from ...grammar.values import number, quoted, shape
from .. import ops
from ..ir.graph import Attrs
from ..ir.program import Child, Draw, Layer, Table, WeightSpec
from ..ops.base import Param
from .library import Library
from .sheets import Sheet
from .values import (
    BlockValue,
    Builtin,
    FunctionValue,
    Identity,
    LayerSlot,
    OpValue,
    Parts,
    Setting,
    Shape,
    Tensor,
    Value,
    Whole,
    Word,
    is_int,
    listed,
)


class Row(NamedTuple):
    """A path with its value, None where no text says it; `place` is where the text sets it or declares it."""

    path: str
    value: str | None
    place: Span | None
    about: str


def rows(sheet: Sheet, layer: Layer, library: Library) -> tuple[Row, ...]:
    """The settings of a model that was elaborated: parameters and what is in them, then the bindings as they were made."""
    return tuple(_Listing(library).model(sheet, layer))


class _Listing:
    def __init__(self, library: Library) -> None:
        #: The blocks by the place of their names, by which layers know them.
        self.blocks = {
            item.name.span: item
            for module in library.modules.values()
            for item in module.definitions.values()
            if isinstance(item, tree.Block)
        }

    def model(self, sheet: Sheet, layer: Layer) -> Iterator[Row]:
        """Only what `forward` reads: what nothing reads is not made, and setting it would have no effect."""
        abouts = _abouts(sheet.value.definition)
        for name, thunk in sheet.params.items():
            if thunk.read and thunk.done:
                value = thunk.result
                said = thunk.span.text if isinstance(value, Tensor) else text(value)
                yield Row(name, said, thunk.span, abouts.get(name, ""))
                yield from self.value(name, value)
        for name, thunk in sheet.instance.binds.items():
            if name in sheet.bindings and thunk.read and thunk.done:
                slot, about = thunk.result, abouts.get(name, "")
                if isinstance(slot, LayerSlot) and isinstance(slot.value, BlockValue):
                    yield Row(name, None, thunk.span, about)
                    yield from self.bindings(name, slot.value)
                    yield from self.child(name, layer.children[name])
                else:
                    yield from self.binding(name, name, layer, thunk.span, about, slot)

    # ---- parameters: what is known of a value before it is a layer --------------------------------------------------

    def value(self, path: str, value: Value) -> Iterator[Row]:
        """The parts of a block or op that a parameter holds: those that are given, and plain defaults."""
        if isinstance(value, BlockValue):
            abouts = _abouts(value.definition)
            for name, param in value.declared.params.items():
                setting = value.args.get(name)
                if isinstance(setting, Whole):
                    yield Row(f"{path}.{name}", text(setting.value), setting.span, abouts.get(name, ""))
                    yield from self.value(f"{path}.{name}", setting.value)
                elif setting is None and param.default is not None:
                    said, about = _plain(param.default, value), abouts.get(name, "")
                    if said is None:  # what the formula gives is known where the block is a layer
                        about = "; ".join(part for part in (about, f"by default {param.default.span.text}") if part)
                    yield Row(f"{path}.{name}", said, param.span, about)
            yield from self.bindings(path, value)
        elif isinstance(value, OpValue):
            yield from self.attributes(path, value.op, {name: one for name, (one, _) in value.attrs.items()})
        elif isinstance(value, Builtin):
            yield from self.attributes(path, value.name, {})

    def bindings(self, path: str, value: BlockValue) -> Iterator[Row]:
        """What a block binds to something that is no layer of its own: an activation, `identity`."""
        abouts = _abouts(value.definition)
        for name, bind in value.declared.bindings.items():
            setting = value.args.get(name)
            if isinstance(setting, Whole):
                yield Row(f"{path}.{name}", text(setting.value), setting.span, abouts.get(name, ""))
                yield from self.value(f"{path}.{name}", setting.value)
            elif setting is None and isinstance(bind.value, tree.Name) and (said := _plain(bind.value, value)):
                yield Row(f"{path}.{name}", said, bind.span, abouts.get(name, ""))

    # ---- layers: all values known ------------------------------------------------------------------------------------

    def binding(self, path: str, name: str, owner: Layer, place: Span | None, about: str, value: Value = None
                ) -> Iterator[Row]:  # fmt: skip
        """What a name of a block is bound to, and what can be set inside."""
        if name in owner.weights:
            yield Row(path, _weight(owner.weights[name]), place, about)
        elif owner.children.get(name) is not None:
            yield Row(path, None, place, about)
            yield from self.child(path, owner.children[name])
        elif name in owner.params:
            yield Row(path, _known(owner.params[name]), place, about)
        elif value is None or isinstance(value, (Identity, OpValue, Builtin)):
            yield Row(path, text(value), place, about)
            yield from self.value(path, value)

    def child(self, path: str, child: Child) -> Iterator[Row]:
        if isinstance(child, tuple):
            yield from _together([tuple(self.child(path, member)) for member in child])
        elif child is not None and child.is_op:
            yield from self.attributes(path, child.kind, child.attrs)
        elif child is not None:
            yield from self.layer(path, child)

    def layer(self, path: str, layer: Layer) -> Iterator[Row]:
        block = self.blocks.get(layer.span) if layer.span is not None else None
        if block is None:
            return
        abouts = _abouts(block)
        for param in block.params:
            name = param.name.id
            if name in layer.children:
                yield from self.binding(f"{path}.{name}", name, layer, param.span, abouts.get(name, ""))
            elif name in layer.params:
                yield Row(f"{path}.{name}", _known(layer.params[name]), param.span, abouts.get(name, ""))
        declared = {param.name.id for param in block.params}
        for entry in block.entries:
            if isinstance(entry, tree.Bind) and entry.name.id not in declared:
                name = entry.name.id
                if name in layer.children or name in layer.weights or name in layer.params:
                    yield from self.binding(f"{path}.{name}", name, layer, entry.span, abouts.get(name, ""))

    def attributes(self, path: str, op: str, attrs: Attrs) -> Iterator[Row]:
        if op not in ops.names():
            return
        for param in ops.get(op).params:
            value = attrs.get(param.name, param.default)
            if (value is not None and param.kind != "word") or isinstance(value, str):
                yield Row(f"{path}.{param.name}", attribute(param, value), None, "")


def _together(members: Sequence[Sequence[Row]]) -> Iterator[Row]:
    """The rows of a list: a path is set in all members, so only a value that is the same in all of them is its value."""
    found: dict[str, list[Row]] = {}
    for row in (row for member in members for row in member):
        found.setdefault(row.path, []).append(row)
    for same in found.values():
        alike = len(same) == len(members) and len({row.value for row in same}) == 1
        yield same[0] if alike else same[0]._replace(value=None)


def _abouts(block: tree.Block) -> Mapping[str, str]:
    """What `##` says of the parameters and bindings of a block."""
    said = dict(doc(block).parameters)
    named: Iterable[tree.Param | tree.Bind] = (*block.params, *(e for e in block.entries if isinstance(e, tree.Bind)))
    return said | {node.name.id: about for node in named if (about := doc(node).text)}


def _plain(default: tree.Expr, value: BlockValue) -> str | None:
    """The text of a default that means the same wherever it is written."""
    named = isinstance(default, tree.Name) and not (
        default.id in value.declared.params or default.id in value.declared.bindings
    )
    plain = named or isinstance(default, (tree.Number, tree.Constant, tree.String, tree.Shape))
    return default.span.text if plain else None


def _known(value: Value) -> str | None:
    """A value as a layer keeps it: words are texts, shapes are tuples."""
    if isinstance(value, tuple):
        return shape(size for size in value if is_int(size))
    return value if isinstance(value, str) else text(value)


def _weight(spec: WeightSpec) -> str | None:
    if isinstance(spec.init, Table):
        return None
    init = (
        f"{spec.init.kind}({', '.join(map(repr, spec.init.args))})" if isinstance(spec.init, Draw) else text(spec.init)
    )
    return f"{'weight' if spec.trainable else 'state'}([{', '.join(map(str, spec.shape))}], {init})"


def attribute(param: Param, value: Value) -> str | None:
    """The value of an op's attribute as the language writes it; a word has no quotes."""
    return value if param.kind == "word" and isinstance(value, str) else text(value)


def text(value: "Value | Setting") -> str | None:
    """A value as the language writes it, None for what no text says by itself."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "none"
        case int() | float():
            return number(value)
        case Word():
            return value.name
        case str():
            return quoted(value)
        case Shape():
            return shape(value.dims)
        case Identity():
            return "identity"
        case Builtin():
            return value.name
        case FunctionValue():
            return value.definition.name.id
        case BlockValue():
            return _call(value.name, value.args)
        case Whole():
            return text(value.value)
        case Parts():
            return None
        case OpValue():
            return _call(value.op, {name: one for name, (one, _) in value.attrs.items()})
        case _:
            items = listed(value)
            texts = [text(item) for item in items] if items is not None else [None]
            return None if None in texts else f"[{', '.join(map(str, texts))}]"


def _call(name: str, given: "Mapping[str, Value] | Mapping[str, Setting]") -> str | None:
    texts = {key: text(value) for key, value in given.items()}
    if None in texts.values():
        return None
    return f"{name}({', '.join(f'{key} = {said}' for key, said in texts.items())})" if texts else name
