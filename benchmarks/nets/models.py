"""Four small networks, and the data that each learns and is judged by; needs torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

torch: Any = importlib.import_module("torch")
nn = torch.nn

LETTERS = "\n" + "".join(map(chr, range(32, 127)))
HELD_OUT = 10  # of which one part is never learnt
WINDOW = 96


class Recurrent(nn.Module):  # type: ignore[misc, name-defined]
    """An LSTM that predicts the next letter of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 64)
        self.lstm = nn.LSTM(64, 192, batch_first=True)
        self.head = nn.Linear(192, len(LETTERS))

    def forward(self, letters: Any) -> Any:
        """Return the scores of each next letter."""
        states, _ = self.lstm(self.embedding(letters))
        return self.head(states)


class Block(nn.Module):  # type: ignore[misc, name-defined]
    """Attention to the letters before, and a layer of its own, each added to what it reads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, states: Any) -> Any:
        """Return the states, added to."""
        batch, length, width = states.shape
        parts = self.attention(self.norm1(states)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        states = states + self.projection(mixed.transpose(1, 2).reshape(batch, length, width))
        return states + self.narrow(nn.functional.gelu(self.wide(self.norm2(states))))


class Transformer(nn.Module):  # type: ignore[misc, name-defined]
    """Three blocks that predict the next letter of a text."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), width)
        self.position = nn.Embedding(WINDOW, width)
        self.blocks = nn.Sequential(*(Block(width, 4) for _ in range(3)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(LETTERS))
        for table in (self.embedding, self.position):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, letters: Any) -> Any:
        """Return the scores of each next letter."""
        places = self.position(torch.arange(letters.shape[1]))
        return self.head(self.norm(self.blocks(self.embedding(letters) + places)))


def dense() -> Any:
    """Return a perceptron with two hidden layers."""
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def convolutional() -> Any:
    """Return three layers of filters and two dense ones."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(192, 28), nn.ReLU(), nn.Linear(28, 10)),
    )


def digits() -> tuple[Any, Any]:
    """Return 1,797 images of digits, 8 by 8, and what they show, well mixed."""
    found = importlib.import_module("sklearn.datasets").load_digits()
    images = torch.tensor(found.data, dtype=torch.float32) / 16
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1))
    return images[order], torch.tensor(found.target)[order]


def text() -> tuple[Any, Any]:
    """Return windows of Python's reference as the interpreter ships it, and one letter on."""
    from pydoc_data.topics import topics

    place = {letter: number for number, letter in enumerate(LETTERS)}
    written = "\n".join(topics[name] for name in sorted(topics))
    letters = torch.tensor([place[letter] for letter in written if letter in place])
    whole = letters[: (len(letters) - 1) // WINDOW * WINDOW + 1]
    order = torch.randperm(len(whole) // WINDOW, generator=torch.Generator().manual_seed(1))
    return whole[:-1].view(-1, WINDOW)[order], whole[1:].view(-1, WINDOW)[order]


@dataclass(frozen=True)
class Lesson:
    """A network, what it learns, and for how long.

    Attributes
    ----------
    make, data : callable
        Return a new network, and what it is shown with what it should answer.
    steps, batch : int
        How often it learns, and from how many examples each time.
    rate : float
        Largest learning rate.
    """

    make: Callable[[], Any]
    data: Callable[[], tuple[Any, Any]]
    steps: int
    batch: int
    rate: float


LESSONS = {
    "mlp": Lesson(dense, digits, 1500, 64, 2e-3),
    "conv": Lesson(convolutional, digits, 500, 64, 2e-3),
    "lstm": Lesson(Recurrent, text, 400, 32, 6e-3),
    "transformer": Lesson(Transformer, text, 400, 16, 3e-3),
}
