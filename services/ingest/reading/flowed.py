"""Text that flows (RFC 3676)."""


def unflowed(text: str, *, delete_space: bool) -> str:
    """Paragraphs as single lines; quoted lines keep their depth as `>` marks."""
    pieces: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        if open_depth == depth and not is_signature:
            if delete_space:
                pieces[-1] = _without_space(pieces[-1], content)
            pieces.append(content)
        else:
            pieces.append(f"\n{'>' * depth} {content}" if depth else f"\n{content}")
        open_depth = depth if content.endswith(" ") and not is_signature else -1
    return "".join(pieces)[1:]


def _without_space(line: str, following: str) -> str:
    """A line without the blank that makes it flow (DelSp).

    Some senders set DelSp and yet break at the only blank between two words; that one stays.
    """
    before, after = line[-2:-1], following[:1]
    breaks_words = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return line if breaks_words and " " in line[:-1].strip() else line[:-1]
