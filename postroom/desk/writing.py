"""The desk as the text of a file: stable, so that git shows what has changed and nothing else."""

from collections.abc import Iterable
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from contracts.rulesets import RulesetPublished
from contracts.things import Thing
from postroom.desk.shapes import RULESET, SECTIONS, in_file, names_of, shape, shape_ruleset

HEAD = """\
# The desk of a Postroom: everything that administrators configure, by names. docs/desk.md says what each field means;
# a field that is left out is as usual. People come without passwords, and views of one's own are not in here.
#   postroom desk export FILE    writes this
#   postroom desk import FILE    shows what would change, and applies it
"""
WIDTH = 110


def write(things: Iterable[Thing], ruleset: RulesetPublished | None) -> str:
    """The text of a file: its sections in one order, the things in each by name."""
    things = list(things)
    names = names_of(things)
    tree = CommentedMap()
    for section, kind in SECTIONS.items():
        found = [thing for thing in things if type(thing) is kind and in_file(thing)]
        if found:
            bodies = {names.key_of(thing.id): shape(thing, names) for thing in found}
            tree[section] = {
                _pretty(key): _pretty(bodies[key])
                for key in sorted(bodies, key=lambda key: (key.casefold(), key))
            }
    if ruleset is not None:
        tree[RULESET] = _pretty(shape_ruleset(ruleset, names))
    writer = YAML(typ="rt", pure=True)
    writer.width = WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    writer.dump(tree, out)
    return HEAD + "\n" + out.getvalue()


def _pretty(value: object) -> object:
    match value:
        case dict():
            return {_pretty(name): _pretty(one) for name, one in value.items()}
        case list():
            return [_pretty(one) for one in value]
        case str() if _reads_well_in_lines(value):
            return LiteralScalarString(value)
        case str() if not value.isprintable():
            return DoubleQuotedScalarString(value)  # all that is invisible is written as its code
        case _:
            return value


def _reads_well_in_lines(text: str) -> bool:
    """Whether it can stand as it is, line below line: nothing in it is invisible or would be lost."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and lines[0] == lines[0].strip() != ""
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )
