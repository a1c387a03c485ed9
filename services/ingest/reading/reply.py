"""What the author of a message newly wrote."""

import re

_QUOTE_BEGINS = re.compile(
    r"^(?:>|On .{5,200}\bwrote:$|Am .{5,200}\bschrieb .{0,200}:$|Le .{5,200}\ba écrit\s?:$"
    r"|El .{5,200}\bescribió:$|-{2,} ?(?:Original Message|Ursprüngliche Nachricht) ?-{2,}$)"
)


def new_text(text: str, html: str | None = None) -> str:  # noqa: ARG001  # the HTML shows more of a quotation than the text
    """What the author newly wrote: without a quotation at the end, and without what follows `-- `.

    A quotation with new text below it is left whole: to hide a customer's words is the worst mistake.
    """
    lines = text.rstrip().split("\n")
    if "-- " in lines and lines.index("-- ") > 0:
        lines = lines[: lines.index("-- ")]
    begin = next((number for number, line in enumerate(lines) if _QUOTE_BEGINS.match(line.strip())), None)
    if begin is not None and begin > 0:
        below = [line for line in lines[begin + 1 :] if line.strip() and not line.lstrip().startswith(">")]
        if not below or (
            not lines[begin].lstrip().startswith(">")
            and not any(line.lstrip().startswith(">") for line in lines[begin + 1 :])
        ):
            lines = lines[:begin]
    return "\n".join(lines).strip()
