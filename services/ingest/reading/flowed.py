"""Text that flows (RFC 3676)."""


def unflowed(text: str, *, delete_space: bool) -> str:
    """Paragraphs as single lines; quoted lines keep their depth as `>` marks."""
    paragraphs: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if content.startswith(" "):
            content = content[1:]
        signature = content == "-- "
        flows = content.endswith(" ") and not signature
        if flows and delete_space:
            content = content[:-1]
        if open_depth == depth and not signature:
            paragraphs[-1] += content
        else:
            paragraphs.append(f"{'>' * depth} {content}" if depth else content)
        open_depth = depth if flows else -1
    return "\n".join(paragraphs)
