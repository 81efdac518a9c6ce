"""Folders of plug-ins: adding a file adds what it defines, and no list names it."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Generic, TypeVar

Kind = TypeVar("Kind")


class Folder(Generic[Kind]):
    """The plug-ins of a package: a file each, or a folder with a front file, called like the plug-in.

    A plug-in is the one public class of its file that derives from `kind`, the class that says what a plug-in of this package
    has to offer. It is imported when it is asked for; the names are known without that. `beside` are the files of the package
    that plug-ins share, which are none.
    """

    def __init__(self, package: str, kind: type[Kind], beside: tuple[str, ...] = ()) -> None:
        self.package, self.kind, self.beside = package, kind, beside
        self._names: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Lists the names, sorted."""
        if not self._names:
            (place,) = sys.modules[self.package].__path__
            files = [path for path in Path(place).iterdir() if not path.name.startswith(("_", "."))]
            found = {path.stem for path in files if path.suffix == ".py" or (path / "__init__.py").is_file()}
            self._names = tuple(sorted(found.difference(self.beside)))
        return self._names

    def get(self, name: str) -> type[Kind]:
        """Gives the plug-in of a name; raises `KeyError` where there is none, `TypeError` where its file has not one class."""
        if name not in self.names():
            raise KeyError(name)
        module = import_module(f"{self.package}.{name}")
        found = [
            value
            for word, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, self.kind)
            and value.__module__ == module.__name__ and not word.startswith("_")
        ]  # fmt: skip
        if len(found) != 1:
            raise TypeError(f"{module.__name__} defines {len(found)} classes that are a {self.kind.__name__}")
        return found[0]
