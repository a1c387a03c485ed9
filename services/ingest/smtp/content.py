"""The content of a message, up to the line with a single dot (RFC 5321 §4.1.1.4, §4.5.2)."""

_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."


class Content:
    """Takes bytes in pieces of any size.

    Only CR LF, a dot, CR LF is the end. A bare LF or CR beside a dot is content and stays as it came: a server that
    takes such forms for the end can be made to run commands that a message smuggles in.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        # Begins as if a line had just ended: the very first line may be the dot.
        self._taken = bytearray(b"\r\n")
        self._stuffed = 0
        self.too_large = False

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes; returns what follows the end, or None if it has not come."""
        known = len(self._taken)
        self._taken += data
        # What spans two pieces is found by looking back, and counted once: it was not complete before.
        end = self._taken.find(_END, max(0, known - len(_END) + 1))
        rest = None if end < 0 else bytes(self._taken[end + len(_END) :])
        if end < 0:
            self._stuffed += self._taken.count(_STUFFED, max(0, known - len(_STUFFED) + 1))
            spare = len(_END)  # it may have begun
        else:
            del self._taken[end + 2 :]
            self._stuffed = self._taken.count(_STUFFED)
            spare = 0
        # RFC 1870 §3: neither the doubled dots nor the end count.
        if len(self._taken) - 2 - self._stuffed > self._most_bytes + spare:
            self.too_large = True
        if self.too_large:
            del self._taken[: 1 - len(_END)]  # read to its end (RFC 5321 §4.2.5), but not kept
        return rest

    @property
    def octets(self) -> bytes:
        """The message, without the dots that transparency doubled."""
        return bytes(self._taken.replace(_STUFFED, b"\r\n")[2:])
