"""Names that no two things share."""

from collections.abc import Iterable


def unique_names(names: Iterable[str]) -> list[str]:
    """The names in their order; one that was there before gets `_1`, `_2`, ... at its end."""
    listed = list(names)
    taken, found = set(listed), set[str]()
    unique = []
    for name in listed:
        free, count = name, 0
        # The name as it is belongs to the first of its bearers, and to no other's number.
        while free in found or (count and free in taken):
            count += 1
            free = f"{name}_{count}"
        found.add(free)
        unique.append(free)
    return unique
