"""Conditions: CEL over `message` that says yes or no. Pure.

Two things are done differently from CEL as its library has it. A header that a message has not is empty:
`message.headers['x-spam'] == 'yes'` is asked of `message.headers_or_empty`. And `matches` is done by RE2, which CEL
prescribes, with each pattern compiled once: the library compiles it at each question, which takes 50 to 350 µs.

A field is a variable of its own, `message_lower_subject`: looking it up in `message` takes as long as half a condition.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

import re2

from rules.fields import FIELDS, HEADERS, NAMES, Facts, empty_facts

if TYPE_CHECKING:
    import cel

HEADERS_OR_EMPTY = "headers_or_empty"
_STRING = (
    r"""[rR]?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
)
_TOKEN = re.compile(
    rf"(?P<header>\bmessage\s*\.\s*headers\s*\[\s*(?P<name>{_STRING})\s*\])"
    rf"|(?P<pattern>\.\s*matches\s*\(\s*(?P<literal>{_STRING})\s*\))"
    rf"|(?P<matches>\.\s*matches\s*\()|(?P<string>{_STRING})|(?P<comment>//[^\n]*)",
    re.DOTALL,
)
_VARIABLES = {
    path: f"message_{path.replace('.', '_')}"
    for path in (HEADERS_OR_EMPTY, *(field.name for field in FIELDS))
}
_PATHS = "|".join(path.replace(".", r"\s*\.\s*") for path in sorted(_VARIABLES, key=len, reverse=True))
_FIELD = re.compile(rf"(?P<string>{_STRING})|\bmessage\s*\.\s*(?P<path>{_PATHS})\b", re.DOTALL)
_HAS = re.compile(r"\bhas\s*\(")  # a macro that asks for a field of something
_NAME = re.compile(r"\bmessage\b(?:\s*\.\s*([A-Za-z_]\w*)(?:\s*\.\s*([A-Za-z_]\w*)(?!\s*\())?)?")
_FUNCTIONS = frozenset(
    {
        "size", "contains", "startsWith", "endsWith", "finds",
        "int", "uint", "double", "string", "duration", "timestamp",
        "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
        "getDayOfYear", "getHours", "getMinutes", "getSeconds",
    }
)  # fmt: skip
LONGEST = 10_000


@cache
def _cel() -> ModuleType:
    # At the first use: it brings a command line with it, 25 MB, and tickets and gateway seldom need it.
    import cel  # noqa: PLC0415

    return cel


class BadCondition(Exception):
    """This is no condition; the text says why, for whoever wrote it."""


class Unanswerable(Exception):
    """A condition that has no answer for one message, as a number that is made of a text that is none.

    The text says why in our words. Those of the library quote the message, and whoever sees rules may not see that.
    """


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is ready to be asked."""

    source: str
    program: "cel.Program"
    names: tuple[str, ...]
    """What it looks at, such as `subject`, `authentication.spf` or `headers.x-spam`."""
    headers: frozenset[str]
    """Those that it asks for by name."""
    whole: bool
    """Whether it looks at more than single fields, as at all headers."""

    def holds(self, context: "cel.Context") -> bool:
        """Ask it of the message in the context.

        Raises:
            Unanswerable.
        """
        try:
            answer = self.program.execute(context)
        except Exception as error:
            raise Unanswerable(_without_words(error)) from error
        if not isinstance(answer, bool):
            raise Unanswerable("it says neither true nor false")
        return answer


def context_of(facts: Facts, headers: Iterable[str], *, whole: bool = True) -> "cel.Context":
    """A message for any number of conditions.

    `headers` are the names that they ask for. The message as a whole, with all its headers, is handed over only if
    that is needed: it may have many, and handing over is most of the work.
    """
    found = facts.get(HEADERS)
    by_name = {name: found.get(name, "") for name in headers} if isinstance(found, Mapping) else {}
    known = {**facts, HEADERS_OR_EMPTY: by_name}
    variables: dict[str, object] = {"message": known} if whole else {}
    for path, variable in _VARIABLES.items():
        first, _, part = path.partition(".")
        if first in known:
            value = known[first]
            variables[variable] = value[part] if part and isinstance(value, Mapping) else value
    context: cel.Context = _cel().Context(variables=variables, functions={"finds": _finds})
    return context


def _finds(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(text.encode()) is not None  # bytes: nobody asks where


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re2._Regexp:
    return re2.compile(pattern)


@lru_cache(maxsize=4096)
def compile_condition(source: str) -> Condition:
    """Make a condition ready to be asked.

    Raises:
        BadCondition: it is not CEL, or looks at something that no message has.
    """
    if len(source) > LONGEST:
        raise BadCondition(f"it has more than {LONGEST:,} characters")
    headers: dict[str, None] = {}

    def replaced(token: re.Match[str]) -> str:
        if token["header"]:
            name = _text_of(token["name"])
            if name != name.lower():
                raise BadCondition(f"write the header's name in lower case: {name.lower()}")
            headers[name] = None
            return f"message.{HEADERS_OR_EMPTY}[{token['name']}]"
        if token["pattern"]:
            _check_pattern(_text_of(token["literal"]))
            return f".finds({token['literal']})"
        if token["matches"]:
            return ".finds("
        return " " if token["comment"] else token[0]

    asked = _TOKEN.sub(replaced, source)
    flat = asked if _HAS.search(asked) else _FIELD.sub(_flat, asked)
    try:
        program = _cel().compile(flat)
    except ValueError as error:
        # The place is that of what was made of it.
        found = re.search(r"ERROR: <input>:\d+:\d+: (.*)", str(error))
        raise BadCondition(f"it is not CEL: {found[1] if found else _first_line(error)}") from error
    for function in program.functions():
        if re.fullmatch(r"[A-Za-z]\w*", function) and function not in _FUNCTIONS:
            raise BadCondition(f"there is no function “{function}”")
    names = tuple(_names(asked, headers))
    return Condition(source, program, names, frozenset(headers), whole="message" in program.variables())


def any_of(conditions: Iterable[Condition]) -> Condition:
    """A condition that does not hold only if each of these says no; where it holds or has no answer, one of them may.

    CEL's `||` is strict about what it is given: a number or an error beside a no is an error, never a no.

    Raises:
        BadCondition: together they are too long.
    """
    return compile_condition(" || ".join(f"({one.source}\n)" for one in conditions))  # a comment ends there


def _flat(token: re.Match[str]) -> str:
    return token["string"] or _VARIABLES["".join(token["path"].split())]


def _text_of(literal: str) -> str:
    """The text that a CEL literal stands for.

    Raises:
        BadCondition: it is none, as one with an escape that CEL does not know.
    """
    try:
        return str(_cel().evaluate(literal))
    except ValueError as error:
        raise BadCondition(f"{literal} is not a text of CEL") from error


def _check_pattern(pattern: str) -> None:
    try:
        _pattern(pattern)
    except re2.error as error:
        raise BadCondition(f"“{pattern}” is not a regular expression: {_first_line(error)}") from error


def _names(asked: str, headers: Iterable[str]) -> list[str]:
    """What a condition looks at, in the order in which it does.

    Raises:
        BadCondition: it looks at something that no message has.
    """
    without_strings = _TOKEN.sub(lambda token: "''" if token["string"] else token[0], asked)
    names: dict[str, None] = {}
    for first, second in _NAME.findall(without_strings):
        if first == HEADERS_OR_EMPTY:
            names |= dict.fromkeys(f"{HEADERS}.{name}" for name in headers)
        elif first not in NAMES:
            what = f"“message.{first}”; a message has no such field" if first else "message as a whole"
            raise BadCondition(f"it looks at {what}")
        else:
            inner = empty_facts()[first]
            names[f"{first}.{second}" if second and isinstance(inner, dict) else first] = None
    return list(names)


_ORGANISATION = re.compile(rf"\bmessage\s*\.\s*organisation\s*[=!]=\s*(?P<name>{_STRING})", re.DOTALL)


def organisations_of(source: str) -> list[str]:
    """The names that the sender's organisation is compared with, one by one; none in what cannot be compiled."""
    try:
        return [_text_of(found["name"]) for found in _ORGANISATION.finditer(source)]
    except BadCondition:
        return []


def check(source: str) -> Condition:
    """See that a condition can be put in force: it is compiled, and tried on a message that has nothing.

    Raises:
        BadCondition: what is wrong with it.
    """
    condition = compile_condition(source)
    try:
        answer = condition.program.execute(context_of(empty_facts(), condition.headers))
    except (KeyError, TypeError) as error:
        raise BadCondition(_first_line(error)) from error
    except RuntimeError as error:
        if "Undefined" in str(error):
            raise BadCondition(_first_line(error)) from error
        return condition  # it depends on the message
    except (ArithmeticError, IndexError, ValueError):
        return condition
    if not isinstance(answer, bool):
        raise BadCondition(f"it says {answer!r} of an empty message, neither true nor false")
    return condition


_IN_OUR_WORDS: Mapping[type[Exception], str] = {
    IndexError: "it asks a list for a place that is not there",
    KeyError: "it asks for a key that is not there",
    TypeError: "it puts values together whose types do not fit",
    ZeroDivisionError: "it divides by zero",
}
_FUNCTION_FAILED = re.compile(r"Function '(\w+)' error")


def _without_words(error: Exception) -> str:
    """What the library complains of, without the values of the message."""
    if failed := _FUNCTION_FAILED.match(str(error)):
        name = "matches" if failed[1] == "finds" else failed[1]
        return f"“{name}” can do nothing with the value that it is given"
    return _IN_OUR_WORDS.get(type(error), "it cannot be worked out")


def _first_line(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]}"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]
