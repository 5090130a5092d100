"""ONNX: initial values, constants and the graphs inside nodes of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kolmo.errors import CheckpointError
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.readers import _magic
from kolmo.weights.readers._checks import LONGEST_NAME, Complaint
from kolmo.weights.readers._external import Folder
from kolmo.weights.readers._onnx_tensor import read_tensor
from kolmo.weights.readers._protobuf import BYTES, Field, Wire

if TYPE_CHECKING:
    from kolmo.data import Input

EXAMPLES: list[dict[str, int]] = [{}]

MODEL_GRAPH, MODEL_METADATA, MODEL_TRAINING, MODEL_FUNCTION = 7, 14, 20, 25
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_SPARSE = 1, 5, 15
NODE_OUTPUT, NODE_NAME, NODE_TYPE, NODE_ATTRIBUTE = 2, 3, 4, 5
NAME, TENSOR, GRAPH, TENSORS, GRAPHS = 1, 5, 6, 10, 11
SPARSE = (22, 23)
FUNCTION_NAME, FUNCTION_NODE, FUNCTION_ATTRIBUTE = 1, 7, 11
TRAINING_GRAPHS = (1, 2)
DEEPEST = 32


class Onnx:
    """Reads ONNX models: every dense tensor in them, wherever it stands.

    Notes
    -----
    Initial values keep their names, constants have that of their output; those inside a node's
    graph, a function or the training part get the path to it, with slashes. Sparse tensors, text
    and types of less than a byte are refused. Numbers that are attributes of nodes, such as
    strides, belong to the program and are no tensors.

    References
    ----------
    Open Neural Network Exchange, IR specification and onnx.proto, version 1.16 (2024).
    """

    name = "onnx"
    requires: tuple[str, ...] = ()
    extra = ""

    @staticmethod
    def recognises(source: Input) -> bool:
        """Return whether the file is made of a model's fields; only their tags are read."""
        return _magic.is_onnx(source)

    @staticmethod
    def read(source: Input) -> Checkpoint:
        """Return the tensors in the order of the file."""
        return _Model(source).checkpoint()


class _Model:
    """Collects the tensors of one file."""

    def __init__(self, source: Input) -> None:
        self.source = source
        self.complain = Complaint("onnx", source)
        self.wire = Wire(source, self.complain)
        self.folder = Folder(source, self.complain)
        self.tensors: list[Tensor] = []
        self.metadata: dict[str, str] = {}
        self._taken: dict[str, int] = {}

    def checkpoint(self) -> Checkpoint:
        graphs = trainings = 0
        whole = Field(0, BYTES, 0, 0, self.source.size)
        for field in self._chosen(
            whole, MODEL_GRAPH, MODEL_FUNCTION, MODEL_METADATA, MODEL_TRAINING
        ):
            if field.number == MODEL_GRAPH:
                self._graph(field, "", 0)
                graphs += 1
            elif field.number == MODEL_FUNCTION:
                self._function(field)
            elif field.number == MODEL_METADATA:
                pair = {item.number: self.wire.text(item) for item in self._chosen(field, 1, 2)}
                self.metadata[pair.get(1, "")] = pair.get(2, "")
            elif field.number == MODEL_TRAINING:
                for part in self._chosen(field, *TRAINING_GRAPHS):
                    self._graph(part, f"training{trainings}/{part.number}/", 1)
                trainings += 1
        if graphs != 1:
            raise self.complain(f"got {graphs} graphs; need one")
        return Checkpoint(self.source.name, Onnx.name, tuple(self.tensors), self.metadata)

    def _graph(self, message: Field, path: str, depth: int) -> None:
        if depth > DEEPEST:
            raise self.complain(f"got graphs in graphs deeper than {DEEPEST}")
        nodes = 0
        for field in self._chosen(message, GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_SPARSE):
            if field.number == GRAPH_SPARSE:
                raise self._sparse()
            if field.number == GRAPH_INITIALIZER:
                self._add(field, path)
            else:
                self._node(field, path, f"node{nodes}", depth)
                nodes += 1

    def _function(self, message: Field) -> None:
        fields = list(self._chosen(message, FUNCTION_NAME, FUNCTION_NODE, FUNCTION_ATTRIBUTE))
        owner = "".join(self.wire.text(field) for field in fields if field.number == FUNCTION_NAME)
        for index, field in enumerate(fields):
            if field.number == FUNCTION_NODE:
                self._node(field, f"{owner}/", f"node{index}", 1)
            elif field.number == FUNCTION_ATTRIBUTE:
                self._attribute(field, owner, "", 1)

    def _node(self, message: Field, path: str, number: str, depth: int) -> None:
        """Collect what a node's attributes hold, under its name, else its output or number."""
        attributes: list[Field] = []
        texts: dict[int, str] = {}
        for field in self._chosen(message, NODE_OUTPUT, NODE_NAME, NODE_TYPE, NODE_ATTRIBUTE):
            if field.number == NODE_ATTRIBUTE:
                attributes.append(field)
            elif field.number not in texts:  # the first output
                texts[field.number] = self.wire.text(field)
        output = path + texts.get(NODE_OUTPUT, "")
        owner = path + (texts.get(NODE_NAME) or texts.get(NODE_OUTPUT) or number)
        for field in attributes:
            self._attribute(field, owner, output * (texts.get(NODE_TYPE) == "Constant"), depth)

    def _attribute(self, message: Field, owner: str, constant: str, depth: int) -> None:
        """Collect tensors and graphs; the value of a constant has the name of its output."""
        name = ""
        held: list[Field] = []
        for field in self._chosen(message, NAME, TENSOR, GRAPH, TENSORS, GRAPHS, *SPARSE):
            if field.number in SPARSE:
                raise self._sparse()
            if field.number == NAME:
                name = self.wire.text(field)
            else:
                held.append(field)
        for index, field in enumerate(held):
            place = f"{owner}.{name}" + (f".{index}" if len(held) > 1 else "")
            if field.number in (GRAPH, GRAPHS):
                self._graph(field, f"{place}/", depth + 1)
            else:
                self._add(field, constant if constant and name == "value" else place)

    def _add(self, field: Field, place: str) -> None:
        """Add a tensor, whose own name follows a place that ends with a slash or is empty."""
        own = place == "" or place.endswith("/")
        self.tensors.append(
            read_tensor(
                self.wire, field, self.folder, lambda name: self._unique(place + name * own)
            )
        )

    def _unique(self, name: str) -> str:
        if len(name) > LONGEST_NAME:
            raise self.complain(f"got the path of a tensor of {len(name)} characters")
        unique = name
        while unique in self._taken:
            self._taken[name] += 1
            unique = f"{name}#{self._taken[name]}"
        self._taken[unique] = 1
        return unique

    def _chosen(self, message: Field, *numbers: int) -> Iterator[Field]:
        """Yield those fields of a message that have certain numbers; they hold bytes."""
        for field in self.wire.fields(message.start, message.stop):
            if field.number in numbers:
                if field.wire != BYTES:
                    raise self.complain(f"got wire type {field.wire} at {field.start}; need 2")
                yield field

    def _sparse(self) -> CheckpointError:
        return self.complain.unsupported("got a sparse tensor; need dense ones. Convert it first.")
