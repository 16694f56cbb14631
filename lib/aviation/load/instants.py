"""Observations grouped by leg and instant: what the columns of a leg are folded over, all legs at once."""

import numpy as np

from aviation.load.codes import NULL, Codes, Mask, changes


class Instants:
    """The groups of observations of one leg at one instant, by leg, then by instant.

    Made from the leg (numbers from 0 without gaps) and the instant (microseconds) of each row. Of each group: its first
    `row`, its `leg`, its instant `at`, and whether it `opens` its leg. `first` and `last` are the groups in which each
    leg begins and ends, `of_row` is the group of each row.
    """

    def __init__(self, leg: Codes, at: Codes):
        self._order = np.lexsort((at, leg))
        begins = changes(leg[self._order]) | changes(at[self._order])
        self._starts = np.flatnonzero(begins)
        self._group = np.cumsum(begins) - 1
        self.of_row = np.empty(len(leg), np.int64)
        self.of_row[self._order] = self._group
        self.row = self._order[self._starts]
        self.at = at[self.row]
        self.leg = leg[self.row]
        self.opens = changes(self.leg)
        self.first = np.flatnonzero(self.opens)
        self.last = np.append(self.first[1:], len(self.row)) - 1
        self._position = np.arange(len(self.row))

    def winners(self, columns: list[Codes], is_operating: Mask) -> tuple[list[Codes], Mask]:
        """The state of columns that are one thing, at each group, and whether it comes from an operating row.

        Of the rows until then that give any of the columns, those of the greatest (operating row before codeshare row,
        instant, values).
        """
        is_operating = is_operating[self._order]
        if len(columns) == 1:
            [codes] = columns
            best, from_operating = self._winner(codes[self._order], is_operating)
            return [best], from_operating
        ordered = [codes[self._order] for codes in columns]
        is_given = np.logical_or.reduce([codes != NULL for codes in ordered])
        is_best = self._greatest(ordered, is_given & is_operating) | self._greatest(ordered, is_given & ~is_operating)
        # Rows that are greatest together are the same in all columns: any of them stands for all.
        row, from_operating = self._winner(np.where(is_best, np.arange(len(is_best)), NULL), is_operating)
        is_none = row == NULL
        row[is_none] = 0
        return [np.where(is_none, NULL, codes[row]) for codes in ordered], from_operating

    def so_far(self, is_so: Mask) -> Mask:
        """Whether it was so in any row of the leg until then, at each group."""
        found: Mask = self._held(np.where(is_so[self._order], 1, NULL)) == 1
        return found

    def _winner(self, codes: Codes, is_operating: Mask) -> tuple[Codes, Mask]:
        operating = self._held(np.where(is_operating, codes, NULL))
        from_operating = operating != NULL
        codeshare = self._held(np.where(is_operating, NULL, codes))
        return np.where(from_operating, operating, codeshare), from_operating

    def _greatest(self, columns: list[Codes], among: Mask) -> Mask:
        """Which of the rows `among` are the greatest of their group, the first column first."""
        for codes in columns:
            best = np.maximum.reduceat(np.where(among, codes, NULL), self._starts)
            among = among & (codes == best[self._group])
        return among

    def _held(self, codes: Codes) -> Codes:
        """The greatest code of each group, or of the last group of the leg before it that has one."""
        best = np.maximum.reduceat(codes, self._starts)
        given = np.maximum.accumulate(np.where(best != NULL, self._position, -1))
        return np.where(given >= self.first[self.leg], best[given], NULL)
