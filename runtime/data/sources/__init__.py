"""Where pictures come from."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ....compiler.plugins import Folder
from ...settings.schema import Plugin

if TYPE_CHECKING:
    from ...preprocess import Preprocess
    from ..classes import Wanted
    from ..images import Parts


class Source(Plugin):
    """`class_names`: those of the classes, where they are known without reading the pictures."""

    class_names: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def read(self, base: Path, preprocess: "Preprocess", wanted: "Wanted") -> "Parts":
        """Reads the pictures of the classes that are wanted, at the size of the model; paths are relative to `base`.

        Raises V0902 to V0904 for what is wrong with the data.
        """


SOURCES = Folder(__name__, Source)
