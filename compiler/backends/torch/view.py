"""What the constructor and the methods of a class have in common."""

from ...ir.graph import Graph
from . import tables
from .descriptions import Body, Group
from .results import fields
from .top_level import Names


class View:
    """A group of layers about to be printed as one class; the first layer stands for all."""

    def __init__(self, group: Group, names: Names) -> None:
        self.group, self.names, self.layer = group, names, group.layer
        #: The fields of `Results` by the names of the results, where this is the model and it has several.
        self.fields = fields(self.layer.bodies[0]) if names.classes.get(group) == "Model" else {}
        self.train: tuple[Graph, ...] = self.layer.train if group.description.train else ()
        found = tables.named(self.layer)
        self.tables = [found[graph] for graph in self.graphs]

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The bodies of inference, then those of training where they are others."""
        return self.layer.bodies + self.train

    @property
    def described(self) -> tuple[Body, ...]:
        """The descriptions of `graphs`."""
        return self.group.description.bodies + self.group.description.train
