"""Slow, obvious twins of what the context mixer does before the first bit."""


def shifted(code: bytes, sign: int) -> bytes:
    """Return code with the operand of each near call or jump plus or minus its place."""
    done, rest = bytearray(), bytearray(code)
    while rest:
        operand = int.from_bytes(rest[1:5], "little", signed=True)
        if len(rest) >= 5 and rest[0] in (0xE8, 0xE9) and -(1 << 24) <= operand < 1 << 24:
            moved = (operand + sign * len(done) + (1 << 24)) % (1 << 25) - (1 << 24)
            done += rest[:1] + moved.to_bytes(4, "little", signed=True)
            del rest[:5]
        else:
            done.append(rest.pop(0))
    return bytes(done)


def stride_of(sample: bytes) -> int:
    """Return the distance at which bytes that differ from their last repeat most often."""
    best, shares = 1, {1: 0.02}
    for stride in range(2, min(2048, len(sample) // 3) + 1):
        places = [i for i in range(stride, len(sample)) if sample[i] != sample[i - 1]]
        if places:
            repeats = sum(sample[i] == sample[i - stride] for i in places)
            shares[stride] = repeats / len(places)
    best = max(shares, key=lambda stride: shares[stride])
    parts = [s for s in shares if best % s == 0 and shares[s] >= 0.85 * shares[best]]
    return min(parts)
