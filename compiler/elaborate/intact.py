"""Which models of a text with syntax errors can be checked all the same: nothing broken can be reached from them."""

from collections.abc import Iterator

from ...grammar import tree
from . import language
from .entries import leaves
from .library import Definition, Library, Module
from .reading import ALWAYS, Use, expression, offered, uses
from .sections import INPUT


def intact(library: Library) -> frozenset[str]:
    """The models of the file that no broken definition can touch, in time linear in the texts."""
    if any(m.file.lost and m.file.lost.anything for m in library.main.broken()):
        return frozenset()
    words = offered(library) | ALWAYS | frozenset(language.names())
    parameters = _Parameters()
    users: dict[int, list[int]] = {}
    touched: list[int] = []
    models = {name: library.main.find(name) for name in library.models()}
    pending: list[tuple[Module, Definition]] = [found for found in models.values() if found is not None]
    seen = {id(item) for _, item in pending}
    while pending:
        module, item = pending.pop()
        if not module.broken():
            continue
        for use in _model(module, item, parameters) if isinstance(item, tree.Model) else uses(item):
            name = use.name.id
            found = module.find(name) if name not in use.known else None
            if found is not None:
                users.setdefault(id(found[1]), []).append(id(item))
                if id(found[1]) not in seen:
                    seen.add(id(found[1]))
                    pending.append(found)
            elif name not in use.known and module.hides(name) and (name not in words or module.defines(name)):
                touched.append(id(item))
    broken: set[int] = set()
    while touched:
        at = touched.pop()
        if at not in broken:
            broken.add(at)
            touched += users.get(at, ())
    return frozenset(name for name, found in models.items() if found is not None and id(found[1]) not in broken)


class _Parameters:
    """The names of the parameters of the block below a model, looked up once for each model."""

    def __init__(self) -> None:
        self.found: dict[int, frozenset[str]] = {}

    def of(self, module: Module, model: tree.Model) -> frozenset[str]:
        """Those of a model; nothing where its base is unknown or inherits from itself."""
        chain: list[int] = []
        result = frozenset[str]()
        at: tuple[Module, Definition] | None = (module, model)
        while at is not None and isinstance(at[1], tree.Model):
            key = id(at[1])
            if key in self.found:
                result = self.found[key]
                break
            self.found[key] = result
            chain.append(key)
            at = at[0].find(at[1].base.id)
        if at is not None and not isinstance(at[1], tree.Model):
            result = frozenset(p.name.id for p in at[1].params)
        self.found.update(dict.fromkeys(chain, result))
        return result


def _model(module: Module, model: tree.Model, parameters: _Parameters) -> Iterator[Use]:
    """The names in a model and in the `init` sections of its file."""
    yield Use(model.base, frozenset())
    known = parameters.of(module, model)
    starts = [e for s in module.sections if s.kind.id == "init" and _of(s, model) for e in s.entries]
    own = [entry for entry in model.entries if not (isinstance(entry, tree.Amend) and entry.name.id == INPUT)]
    for condition in (entry.condition for entry in model.entries if isinstance(entry, tree.Expect)):
        yield from expression(condition, known | {"params"})
    for leaf in leaves([*own, *starts]):
        if leaf.value is not None:
            yield from expression(leaf.value, known)


def _of(section: tree.Section, model: tree.Model) -> bool:
    return section.model is None or section.model.id == model.name.id
