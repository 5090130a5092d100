"""The empirical entropy of order k, an estimate that no decoder could read."""

from collections.abc import Mapping

from kolmo.complexity.estimators._symbols import BlockEntropy

EXAMPLES: list[dict[str, int]] = [{}, {"order": 2}, {"order": 7, "symbol": 1}]


class Entropy(BlockEntropy):
    """n times the entropy of the next symbol given the k symbols before it, by plain counts.

    That is n (H(k + 1) - H(k)), the difference of two block entropies. The counts themselves are
    not charged: at high order the value tends to 0 for any input.

    References
    ----------
    T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed. (2006), section 2.1.
    """

    name = "entropy"
    formula = "sum over contexts of n_c H(next symbol | context c), plug-in; the counts uncharged"

    def entropy(self, tally: Mapping[int, int]) -> float:
        """Return the entropy of the relative frequencies."""
        from kolmo.complexity.entropies import plug_in_entropy

        return plug_in_entropy(tally)
