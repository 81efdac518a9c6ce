"""Names at the top of the printed file."""

from collections.abc import Sequence

from .descriptions import Group
from .naming import first_free, safe


class Names:
    """Names at the top of the file: of classes and of functions that compute tables, the latter by their text. `gives` are
    the results that `Model` gives in either mode, where it is printed so; `plain` writes ops out that have steps."""

    def __init__(self, gives: Sequence[str] = (), *, plain: bool = False) -> None:
        self.gives, self.plain = gives, plain
        self.classes: dict[Group, str] = {}
        self.functions: dict[str, tuple[str, str]] = {}

    def taken(self, name: str) -> bool:
        """Whether something at the top has the name."""
        return name in self.classes.values() or name in (n for n, _ in self.functions.values())

    def function(self, title: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
        """The call of a function with this body, written once."""
        inside = "\n".join(f"    {line}" for line in lines)
        signature = ", ".join(f"{name}: int" for name in parameters)
        key = f"({signature}) -> Tensor:\n{inside}\n"
        if key not in self.functions:
            name = first_free(safe(title, lambda name: False), self.taken)
            self.functions[key] = (name, f"def {name}{key}")
        return f"{self.functions[key][0]}({', '.join(parameters)})"
