"""Settings: what sheets, calls and `--set` give the names of a block, whole or in part.

`attn = x` is `Whole`, `attn { drop = 0.1 }` is `Parts`. Parts of a value make another value; parts of a default that is
not evaluated yet wait for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from ...diagnostics import Label, VitError
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from .. import ops
from ..ops.base import INIT, Param
from . import parameters
from .blame import follow
from .context import Context
from .declarations import words
from .entries import misplaced, quoted
from .language import unknown
from .nodes import ALIASES, attribute, called, choices
from .scopes import Place, Scope, named, place, plain
from .values import (
    ANY_WORD,
    LATER,
    Absent,
    BlockValue,
    Builtin,
    Identity,
    OpValue,
    Parts,
    Setting,
    Value,
    Whole,
    Word,
    describe,
    listed,
)


def compose(context: Context, name: str, old: Setting | None, new: Setting) -> Setting:
    """`new` over `old`: a whole replaces, parts change what is there."""
    if isinstance(new, Whole) or old is None:
        return new
    if isinstance(old, Parts):
        return Parts(merged(context, old.parts, new.parts), old.at)
    return Whole(amended(context, name, old.value, new.parts, old.span), old.span)


def merged(context: Context, old: Mapping[str, Setting], new: Mapping[str, Setting]) -> dict[str, Setting]:
    """Settings by name, `new` over `old`."""
    return {**old, **{name: compose(context, name, old.get(name), setting) for name, setting in new.items()}}


def amended(
    context: Context, name: str, value: Value, parts: Mapping[str, Setting], since: Span | None = None
) -> Value:
    """A value with some of its parts set; fails with V0202 for a part it lacks and V0218 where it has no parts.

    `name` is what the value is bound to, `since` where the text gives it.
    """
    items = listed(value)
    if items is not None:
        return _members(context, name, items, parts, since)
    if isinstance(value, Builtin) and value.name in ops.names():
        value = OpValue(value.name, {}, plain(since or at(next(iter(parts.values())))))
    if isinstance(value, BlockValue):
        return _block(context, name, value, parts, since)
    if isinstance(value, OpValue):
        return _op(context, name, value, parts, since)
    first = next(iter(parts.values()))
    help = f"set `{name}` whole, to a block or an op" if isinstance(value, Identity) or value is None else ""
    return context.fail("V0218", f"`{name}` is {describe(value)}: it has no parts to set", at(first), help=help,
                        others=_given(context, name, value, since))  # fmt: skip


def at(setting: Setting) -> Span:
    """The place of the name that a setting is for."""
    return named(setting.span) if isinstance(setting, Whole) else setting.at


def tell_used(context: Context, value: Value) -> None:
    """Notes that the settings inside a value have an effect, where nothing is known of them yet: it runs as it is, or
    an equal one has run in its place."""
    for item in listed(value) or []:
        tell_used(context, item)
    if isinstance(value, OpValue):
        _used(context, (Whole(item, span) for item, span in value.attrs.values()))
    elif isinstance(value, BlockValue):
        _used(context, value.args.values())


def _used(context: Context, given: Iterable[Setting]) -> None:
    for setting in given:
        if plain(at(setting)) not in context.effects:
            context.effect("V0414", at(setting), True, "")
        if isinstance(setting, Whole):
            tell_used(context, setting.value)
        else:
            _used(context, setting.parts.values())


def declares(value: Value, name: str) -> bool:
    """Whether a name can be set in a value."""
    items = listed(value)
    if items is not None:
        return any(declares(item, name) for item in items)
    if isinstance(value, BlockValue):
        return name in value.declared.params or name in value.declared.bindings
    return _attribute(value, name) is not None


def unknown_name(
    context: Context, block: BlockValue, name: str, span: Span, others: tuple[Label, ...] = (), help: str = ""
) -> NoReturn:
    """Fails with V0202: a block does not declare a name that is set in it."""
    help = help or suggestion(name, block.declared.names)
    context.fail("V0202", f"block `{block.name}` has no `{name}`", span, help=help, others=others)


def could_set(value: Value, name: str) -> bool:
    """Whether a value declares a name that it does not set itself."""
    if isinstance(value, (BlockValue, OpValue)):
        return declares(value, name) and name not in (value.args if isinstance(value, BlockValue) else value.attrs)
    return declares(value, name)


def _members(context: Context, name: str, items: Sequence[Value], parts: Mapping[str, Setting], since: Span | None
             ) -> Value:  # fmt: skip
    """A list, member by member: each takes the parts that it has, one at least must have each of them."""
    for key, setting in parts.items():
        if not any(declares(item, key) for item in items):
            known = sorted({n for item in items for n in _names(item)})
            context.fail("V0202", f"no member of `{name}` has `{key}`", at(setting), help=suggestion(key, known),
                         others=_given(context, name, list[Value](items), since))  # fmt: skip
    found: list[Value] = []
    for item in items:
        own = {key: setting for key, setting in parts.items() if declares(item, key)}
        found.append(amended(context, name, item, own, since) if own else item)
    return found


def _names(value: Value) -> list[str]:
    """All that can be set in a value."""
    items = listed(value)
    if items is not None:
        return [name for item in items for name in _names(item)]
    if isinstance(value, BlockValue):
        return value.declared.names
    return [param.name for param in _params(_op_name(value))]


def _block(context: Context, name: str, value: BlockValue, parts: Mapping[str, Setting], since: Span | None
           ) -> BlockValue:  # fmt: skip
    args = dict(value.args)
    for key, given in parts.items():
        setting = given
        if not declares(value, key):
            unknown_name(context, value, key, at(setting), _given(context, name, value, since))
        if isinstance(setting, Whole):
            setting = checked(context, value.declared.params.get(key), setting)
        args[key] = compose(context, key, args.get(key), setting)
    return BlockValue(value.module, value.definition, args)


def checked(context: Context, param: tree.Param | None, setting: Whole) -> Whole:
    """A whole setting of a parameter, by its type; of a binding (None) anything that has a meaning."""
    value = setting.value
    if isinstance(value, Word) or (isinstance(setting.span, Place) and isinstance(setting.span.expr, tree.Name)):
        value = _word(setting, words(param.type) if param else ())
    return setting if param is None else Whole(parameters.check(context, param, value, setting.span), setting.span)


def _word(setting: Whole, words: Sequence[str]) -> Value:
    """The value; the word that a bare name was, now that the words of its parameter are known."""
    expr = setting.span.expr if isinstance(setting.span, Place) else None
    if isinstance(expr, tree.Name) and expr.id in words:
        return Word(expr.id, tuple(words))
    value = setting.value
    if isinstance(value, Word) and value.name in words:
        return Word(value.name, tuple(words))
    if isinstance(value, Word) and not value.choices and isinstance(setting.span, Place):
        name = expr if isinstance(expr, tree.Name) else tree.Name(plain(setting.span), value.name)
        raise unknown(name, value.known, words=words)
    return value


def _op(context: Context, name: str, value: OpValue, parts: Mapping[str, Setting], since: Span | None) -> OpValue:
    attrs = dict(value.attrs)
    for key, setting in parts.items():
        param = _attribute(value, key)
        if param is None:
            known = [called(p.name) for p in _params(value.op)]
            context.fail("V0202", f"{value.op} has no attribute `{key}`", at(setting), help=suggestion(key, known),
                         others=_given(context, name, value, since))  # fmt: skip
        if isinstance(setting, Parts):
            first = next(iter(setting.parts.values()))
            context.fail("V0218", f"`{key}` of {value.op} is {_WHAT.get(param.kind, 'a value')}: it has no parts to set",
                         at(first))  # fmt: skip
        attrs[param.name] = attribute(context, param, _word(setting, choices(param)), setting.span), setting.span
    return OpValue(value.op, attrs, value.span)


_WHAT = {"int": "a number", "float": "a number", "bool": "a truth value", "word": "a word", "text": "a text"}


def _params(op: str) -> list[Param]:
    """The attributes that a text may give an op."""
    if not op:
        return []
    return [*ops.get(op).params, *([INIT] if ops.get(op).owns_weights else [])]


def _op_name(value: Value) -> str:
    if isinstance(value, OpValue):
        return value.op
    return value.name if isinstance(value, Builtin) and value.name in ops.names() else ""


def _attribute(value: Value, name: str) -> Param | None:
    """The attribute of an op that a name means."""
    op = _op_name(value)
    found = {param.name: param for param in _params(op)}
    return found.get(name, found.get(ALIASES.get(name, "")))


def _given(context: Context, name: str, value: Value, since: Span | None) -> tuple[Label, ...]:
    """Where a value comes from, for a mistake in its parts: in the user's text, if it was set there."""
    since = (follow(context, since) if since is not None else None) or since
    return (Label(since, f"`{name}` is set to {describe(value)} here"),) if since is not None else ()


# ---- from the text ---------------------------------------------------------------------------------------------------


def read(entries: Sequence[tree.Entry], name: str, target: Value | Absent, scope: Scope) -> dict[str, Setting]:
    """The settings that the entries of `name { … }` write; `target` is the value they are parts of, LATER before its
    default is evaluated. Values are read in `scope`; a bare name is a word where the part takes that word."""
    found: dict[str, Setting] = {}
    for entry in entries:
        if isinstance(entry, tree.PatternBind):
            raise VitError((quoted(entry, f"`{name}`"),))
        if isinstance(entry, tree.Expect):
            raise VitError((misplaced(entry),))
        key = entry.name.id
        if isinstance(entry, tree.Amend):
            new: Setting = Parts(read(entry.entries, key, part(target, key), scope), entry.name.span)
        else:
            new = Whole(
                scope.evaluate(entry.value, expected(target, key)), place(entry.value, scope, named=entry.name.span)
            )
        found[key] = compose(scope.context, key, found.get(key), new)
    return found


def part(target: Value | Absent, name: str) -> Value | Absent:
    """The value of a part where it is known."""
    if isinstance(target, list):
        target = next((item for item in target if declares(item, name)), LATER)
    if isinstance(target, BlockValue):
        given = target.args.get(name)
        return given.value if isinstance(given, Whole) else LATER
    return LATER


def expected(target: Value | Absent, name: str) -> tuple[str, ...]:
    """The words that a part may be; all of them where the value is not known yet."""
    if isinstance(target, Absent):
        return ANY_WORD
    if isinstance(target, list):
        target = next((item for item in target if declares(item, name)), None)
    if isinstance(target, BlockValue):
        param = target.declared.params.get(name)
        return words(param.type) if param else ()
    found = _attribute(target, name)
    return choices(found) if found else ()
