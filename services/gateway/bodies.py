"""What requests say in JSON: fields that nobody knows are refused."""

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter


class Body(BaseModel):
    """What a request says. A field that is misspelt would be lost without a word, so it is refused."""

    model_config = ConfigDict(extra="forbid")


def exactly(kind: object) -> BeforeValidator:
    """The same for a model that is no body: those of the contracts pass over what they do not know."""
    model: TypeAdapter[object] = TypeAdapter(kind)  # type: ignore[arg-type]  # a union is no type
    return BeforeValidator(lambda said: model.validate_python(said, extra="forbid"))
