"""Names of classes that a user gave: whether they can be told apart, and shown."""

import unicodedata
from collections.abc import Mapping

from bayesian_gan.errors import InputError


def check_class_names(places: Mapping[str, str]) -> None:
    """Refuses names that cannot be shown, that say "no label", and that look the same.

    Those that look the same are written with other characters: ä as one or as two, or with more spaces.
    -1 is a class where 1 is the only other one.

    Args:
        places: where each name was first met, in words.

    Raises:
        InputError: the first such name.
    """
    seen: dict[str, str] = {}
    for name, place in places.items():
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise InputError(
                f"the label {name!r} ({place}) holds a control character; give the class another name"
            )
        if name.lower() in ("nan", "null") or (name == "-1" and set(places) != {"-1", "1"}):
            raise InputError(
                f"the label {name!r} ({place}) often means none; leave it empty, or give the class "
                "another name"
            )
        shown = " ".join(composed(name).split())
        other = seen.setdefault(shown, name)
        if other != name:
            raise InputError(
                f"the labels {other!a} ({places[other]}) and {name!a} ({place}) look the same; "
                "give both one name"
            )


def composed(text: str) -> str:
    """The text with each letter and its accents as one character, where Unicode has one (NFC)."""
    return unicodedata.normalize("NFC", text)
