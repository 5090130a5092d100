"""Criteria that are no codes: they add a price to a maximised likelihood that no decoder knows.

All are in bits and halved where the usual form is twice a log likelihood, so that they stand
beside code lengths.

References
----------
H. Akaike (1974). A new look at the statistical model identification. IEEE Transactions on
Automatic Control 19(6), 716-723. doi:10.1109/TAC.1974.1100705.

G. Schwarz (1978). Estimating the dimension of a model. Annals of Statistics 6(2), 461-464.
doi:10.1214/aos/1176344136.

C. M. Hurvich, C.-L. Tsai (1989). Regression and time series model selection in small samples.
Biometrika 76(2), 297-307. doi:10.1093/biomet/76.2.297.
"""

import math

NAMES = ("bic_bits", "aic_bits", "aicc_bits")
OF_SUMS = ("rnml_bits", "gmdl_bits")
"""Of sums of columns alone; see `kolmo.mdl.regression`."""


def criteria(likelihood_bits: float, free_parameters: int, rows: int) -> dict[str, float | None]:
    """Return BIC/2, AIC/2 and AICc/2 in bits.

    Parameters
    ----------
    likelihood_bits : float
        -log2 of the maximised likelihood of the values at their precision.
    free_parameters : int
        How many numbers were fitted, k.
    rows : int
        How many values, n.

    Returns
    -------
    dict
        By the names of `NAMES`; AICc is None unless n > k + 1.

    Examples
    --------
    >>> found = criteria(100.0, 2, 16)
    >>> found["bic_bits"], round(found["aic_bits"], 3), round(found["aicc_bits"], 3)
    (104.0, 102.885, 103.551)
    """
    nats = 1 / math.log(2)
    aic_bits = likelihood_bits + free_parameters * nats
    rest = rows - free_parameters - 1
    correction = free_parameters * (free_parameters + 1) / rest * nats if rest > 0 else None
    return {
        "bic_bits": likelihood_bits + free_parameters / 2 * math.log2(rows),
        "aic_bits": aic_bits,
        "aicc_bits": None if correction is None else aic_bits + correction,
    }
