"""The arrays that the table kernels share; positions are at most the number of bytes, in int64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.integer[Any]]
Int64s = NDArray[np.int64]
