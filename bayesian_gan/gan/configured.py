"""What objectives, terms, priors and schedules have in common: they are what their arguments say."""

from typing import Any, Self


class Configured:
    """An object that is its class and its arguments: compared, hashed, shown and saved by them."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object of this configuration."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        """Whether the other is of this class and has these arguments."""
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        """Of the class and the arguments."""
        return hash((type(self), *self.get_config().items()))

    def __repr__(self) -> str:
        """As the call that makes it."""
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({given})"
