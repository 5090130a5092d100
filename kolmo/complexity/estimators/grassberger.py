"""The entropy of order k by Grassberger's formula of 2003."""

from collections.abc import Mapping

from kolmo.complexity.estimators._symbols import BlockEntropy

EXAMPLES: list[dict[str, int]] = [{}, {"order": 2}, {"order": 7, "symbol": 1}]


class Grassberger(BlockEntropy):
    """n (H(k + 1) - H(k)), in each block entropy G(n_i) in place of ln n_i.

    References
    ----------
    P. Grassberger, Entropy estimates from insufficient samplings (2003), arXiv:physics/0307138.
    """

    name = "grassberger"
    formula = "n (H(k + 1) - H(k)), H = ln n - sum n_i G(n_i) / n nats over blocks of k symbols"

    def entropy(self, tally: Mapping[int, int]) -> float:
        """Return Grassberger's entropy."""
        from kolmo.complexity.entropies import grassberger_entropy

        return grassberger_entropy(tally)
