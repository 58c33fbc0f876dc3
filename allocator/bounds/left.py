"""What is left of a problem once sites and costs that no better set has are dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.bounds.lagrange import bound_at
from allocator.bounds.lists import CLOSED, FREE, OPEN, Board, Flags, Floats, reduced


@dataclass
class Left:
    """A problem, or a branch of it, with what is known of it.

    Parameters
    ----------
    board
        The question; its states gain what is fixed.
    prices
        The best Lagrangian prices known.
    bound
        No set of this branch costs less.
    share
        How much of each site is open in a relaxation.
    """

    board: Board
    prices: Floats
    bound: float
    share: Floats

    def child(self, site: int, state: int) -> Left:
        """Return a branch in which one more site is fixed."""
        states = self.board.states.copy()
        states[site] = state
        board = self.board._replace(states=states)
        return Left(board, self.prices, self.bound, self.share)

    def rounded(self) -> Flags:
        """Return the sites that are open most, as many as there is room for."""
        is_open: Flags = self.board.states == OPEN
        room = self.board.room - float(self.board.need[is_open].sum())
        for j in np.argsort(-self.share, kind="stable"):
            if self.share[j] <= 0.0:
                break
            if (
                self.board.states[j] == FREE
                and self.board.need[j] <= room + 1e-9 * self.board.room
            ):
                is_open[j] = True
                room -= self.board.need[j]
        return is_open

    def prove(self, prices: Floats, enough: float) -> None:
        """Raise the bound to what some prices prove, and fix sites by it."""
        proven = bound_at(self.board, prices, enough)
        if proven > self.bound:
            self.bound, self.prices = proven, prices

    def shrink(self, enough: float) -> None:
        """Drop closed sites, and costs that no set below ``enough`` has.

        A set in which demand point i costs c above its price u_i costs at least
        ``bound + c - u_i``: where that is enough, c may as well be its cap.
        """
        proven = bound_at(self.board, self.prices, enough)
        lists = self.board.lists
        cap = self.prices + (enough - proven) if proven < enough else lists.cap
        lists = reduced(lists, self.board.states != CLOSED, cap)
        self.board = self.board._replace(lists=lists)
        self.prices = np.minimum(self.prices, lists.cap)
