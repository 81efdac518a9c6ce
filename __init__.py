"""vitc: a compiler for Vision Transformers. The front door; nothing heavy is imported until a name is used."""

import os
import sys

TYPE_CHECKING = False  # as typing's, which takes longer to import than all else here
__version__ = "0.1.0"

# ONNX Runtime reports home unless this is set before it is imported (its Privacy.md). A value of the user's own stays.
if "ORT_DISABLE_TELEMETRY" not in os.environ:
    if "onnxruntime" in sys.modules:
        import warnings

        warnings.warn("onnxruntime was imported before vitc, so its telemetry stays on in this process: "
                      "import vitc first, or set ORT_DISABLE_TELEMETRY=1", stacklevel=2)  # fmt: skip
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from .application.check import check
    from .application.compile import compile, load
    from .application.predict import predict
    from .application.train import train

__all__ = ["__version__", "check", "compile", "load", "predict", "train"]

#: The module of `application` that each function stands in.
_VERBS = {"check": "check", "compile": "compile", "load": "compile", "predict": "predict", "train": "train"}


def __getattr__(name: str) -> object:
    if name in _VERBS:
        from importlib import import_module

        return getattr(import_module(f".application.{_VERBS[name]}", __name__), name)
    raise AttributeError(f"module 'vitc' has no attribute {name!r}")
