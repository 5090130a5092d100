"""The entropy of order k by the formula of Chao and Shen, which allows for what was not seen."""

from collections.abc import Mapping

from kolmo.complexity.estimators._symbols import BlockEntropy

EXAMPLES: list[dict[str, int]] = [{}, {"order": 2}, {"order": 7, "symbol": 1}]


class ChaoShen(BlockEntropy):
    """n (H(k + 1) - H(k)), each block entropy adjusted for the blocks that did not occur.

    References
    ----------
    A. Chao and T.-J. Shen, Environmental and Ecological Statistics 10 (2003), 429-443,
    doi:10.1023/A:1026096204727.
    """

    name = "chaoshen"
    formula = "n (H(k + 1) - H(k)), H = - sum Cp log2 Cp / (1 - (1 - Cp)^n), C the coverage"

    def entropy(self, tally: Mapping[int, int]) -> float:
        """Return the coverage-adjusted entropy."""
        from kolmo.complexity.entropies import chao_shen_entropy

        return chao_shen_entropy(tally)
