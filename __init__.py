"""vitc: a compiler for Vision Transformers. The front door; nothing heavy is imported until a name is used."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .cli.api import check, compile, load

__all__ = ["__version__", "check", "compile", "load"]


def __getattr__(name: str) -> Any:
    if name in ("check", "compile", "load"):
        from .cli import api

        return getattr(api, name)
    raise AttributeError(f"module 'vitc' has no attribute {name!r}")
