"""The entropy of order k with Miller and Madow's correction of its bias."""

from collections.abc import Mapping

from kolmo.complexity.estimators._symbols import BlockEntropy

EXAMPLES: list[dict[str, int]] = [{}, {"order": 2}, {"order": 7, "symbol": 1}]


class MillerMadow(BlockEntropy):
    """n (H(k + 1) - H(k)), each block entropy raised by (m - 1) / 2n for m blocks that occur.

    References
    ----------
    G. A. Miller, Note on the bias of information estimates, in: Information Theory in Psychology
    (1955), 95-100.
    """

    name = "millermadow"
    formula = "n (H(k + 1) - H(k)), H plug-in + (m - 1) / 2n nats, m different blocks of k symbols"

    def entropy(self, tally: Mapping[int, int]) -> float:
        """Return the corrected entropy."""
        from kolmo.complexity.entropies import miller_madow_entropy

        return miller_madow_entropy(tally)
