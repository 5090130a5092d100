"""The strings of `kolmo bench`: sources of known law, and sequences of known programs."""
