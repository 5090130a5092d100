"""The empirical entropy of order k, an estimate that no decoder could read."""

from kolmo.complexity.estimator import Formula, Parameter

EXAMPLES: list[dict[str, int]] = [{}, {"order": 2}]


class Entropy(Formula):
    """n times the entropy of the next byte given the k bytes before it, by plain counts.

    The counts themselves are not charged: at high order the value tends to 0 for any input.

    References
    ----------
    T. M. Cover and J. A. Thomas, Elements of Information Theory, 2nd ed. (2006), section 2.1.
    """

    name = "entropy"
    formula = "sum over contexts of n_c H(next byte | context c), plug-in; the counts uncharged"
    requires = ("numpy", "numba")
    effort = 2
    PARAMETERS = {"order": Parameter(0, 0, 8, "length of a context in bytes")}

    def bits(self, data: bytes) -> float:
        """Return the sum over contexts."""
        from kolmo.complexity.empirical import empirical_entropy_bits

        return empirical_entropy_bits(data, self.values["order"])

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return at most about 14 bytes per byte: the suffix array."""
        return 16 * length + (1 << 25)
