"""The motion network: a small recurrent network in one readable file.

Two mel hops in, one motion step out; all memory is in the state tensor, so a stream and a whole
file give the same.
"""

import torch
from torch import Tensor, nn

from engine.motion.layout import PAIR_BANDS
from engine.motion.lips import SPEECH
from engine.train.visemes import NAMES

HIDDEN = 256
LAYERS = 2
DROPOUT = 0.25
"""In training only."""


class MotionNetwork(nn.Module):
    """Linear, two GRU layers, linear; a skip path lets the newest sound through directly.

    A second head names the viseme that sounds. It is there in training only: a network that must
    tell sounds apart learns to hear them (multi-task learning, Caruana 1997).
    """

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.hidden = hidden
        self.inlet = nn.Linear(PAIR_BANDS, hidden)
        self.recurrent = nn.GRU(hidden, hidden, LAYERS, batch_first=True, dropout=DROPOUT)
        self.mix = nn.Linear(2 * hidden, hidden)
        self.forget = nn.Dropout(DROPOUT)
        self.outlet = nn.Linear(hidden, len(SPEECH))
        self.naming = nn.Linear(hidden, len(NAMES))

    def heard(self, pairs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What both heads read, (batch, steps, hidden), and the new state."""
        seen = self.forget(torch.relu(self.inlet(pairs)))
        memory, state = self.recurrent(seen, state)
        return self.forget(torch.relu(self.mix(torch.cat((seen, memory), dim=-1)))), state

    def forward(self, pairs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One or many steps.

        Args:
            pairs: (batch, steps, PAIR_BANDS).
            state: (LAYERS, batch, hidden), zeros at the start.

        Returns:
            Coefficients (batch, steps, len(SPEECH)), unbounded: clip to 0..1; and the new state.
        """
        mixed, state = self.heard(pairs, state)
        return self.outlet(mixed), state

    def start(self, batch: int = 1) -> Tensor:
        """The state before anything was heard."""
        return torch.zeros(LAYERS, batch, self.hidden)
