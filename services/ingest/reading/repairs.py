"""The list of what was broken in a message, filled while it is read."""

from enum import StrEnum


class Problem(StrEnum):
    """One short code for each thing that was broken and how it was read anyway."""

    ADDRESS_REPAIRED = "address_repaired"
    ALTERNATIVE_TEXT_EMPTY = "alternative_text_empty"
    ALTERNATIVE_TEXT_STUB = "alternative_text_stub"
    BASE64_REPAIRED = "base64_repaired"
    BOUNDARY_GUESSED = "boundary_guessed"
    BOUNDARY_MISSING = "boundary_missing"
    BOUNDARY_NOT_CLOSED = "boundary_not_closed"
    BOUNDARY_REOPENED = "boundary_reopened"
    CHARSET_DETECTED = "charset_detected"
    CHARSET_UNKNOWN = "charset_unknown"
    CONTENT_TYPE_INVALID = "content_type_invalid"
    DATE_INVALID = "date_invalid"
    DATE_MISSING = "date_missing"
    DATE_REPAIRED = "date_repaired"
    ENCODED_WORD_REPAIRED = "encoded_word_repaired"
    ENCODING_UNKNOWN = "encoding_unknown"
    ENCRYPTED = "encrypted"
    FROM_INVALID = "from_invalid"
    FROM_MISSING = "from_missing"
    HEADER_8BIT = "header_8bit"
    HEADER_MALFORMED = "header_malformed"
    HEADER_MISSING = "header_missing"
    HEADERS_TOO_LONG = "headers_too_long"
    LINE_ENDS_MIXED = "line_ends_mixed"
    MESSAGE_EMPTY = "message_empty"
    MESSAGE_ID_INVALID = "message_id_invalid"
    MESSAGE_ID_MISSING = "message_id_missing"
    MESSAGE_PARTIAL = "message_partial"
    PREAMBLE_KEPT = "preamble_kept"
    QUOTED_PRINTABLE_REPAIRED = "quoted_printable_repaired"
    SEPARATOR_MISSING = "separator_missing"
    SMIME_DAMAGED = "smime_damaged"
    TEXT_CUT = "text_cut"
    TNEF_DAMAGED = "tnef_damaged"
    TOO_MANY_PARTS = "too_many_parts"
    UNREADABLE = "unreadable"


class Repairs:
    """Collects problems, each once, in the order in which they were met."""

    __slots__ = ("_codes",)

    def __init__(self) -> None:
        self._codes: dict[Problem, None] = {}

    def note(self, problem: Problem) -> None:
        self._codes[problem] = None

    def codes(self) -> tuple[str, ...]:
        return tuple(problem.value for problem in self._codes)
