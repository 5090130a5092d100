"""Text that is safe to show: no control character reaches the terminal."""


def visible(text: str) -> str:
    r"""Return ``text`` with control characters and undecodable bytes as ``\xNN``.

    Examples
    --------
    >>> print(visible("a\tb\x1b[31m"))
    a\x09b\x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python smuggles it through
        return f"\\x{code - 0xDC00:02x}"
    if code < 32 or 127 <= code < 160:
        return f"\\x{code:02x}"
    if code in (0x2028, 0x2029) or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return f"\\u{code:04x}"
    return character
