"""Inputs of a network that stay what they are for many passes, such as a portrait's pictures.

They are made beside the one who runs the network, sent once to where it runs, and kept there.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.runtime.runner import Tensors


class Kept:
    """Some inputs of one picture. It is forgotten where it was sent when nobody has it any more."""

    def __init__(self, number: int, make: Callable[[], Tensors], soon: bool = True) -> None:
        """Make them, so that it is known whether they can be made.

        Args:
            number: its own among all that one network is given.
            make: makes them, batch 1; whatever it raises is raised here.
            soon: whether they are to be sent soon; if not, they are made again when they are.
        """
        self.number = number
        self._make = make
        made = make()
        self._made: Tensors | None = made if soon else None

    def tensors(self) -> Tensors:
        """They, to be sent. They are not held on to: to send them again, they are made again."""
        made, self._made = self._made, None
        return self._make() if made is None else made


class KeepingRunner(Protocol):
    """A ``Runner`` that keeps inputs where it runs."""

    @property
    def answers(self) -> bool:
        """Whether it would run a pass just now."""
        ...

    def check(self) -> None:
        """See whether it would run a pass just now.

        Raises:
            RunnerError: it would not; the message says why.
        """
        ...

    def expect(self, kept: Kept) -> None:
        """Passes with *kept* are to come: it may be sent before the first of them."""
        ...

    def run(self, tensors: Tensors, kept: Sequence[Kept] = ()) -> Tensors:
        """One pass: *tensors*, and beside them what is *kept*, one for each picture, in order.

        Raises:
            RunnerError: it failed.
        """
        ...
