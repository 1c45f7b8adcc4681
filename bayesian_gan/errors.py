"""Errors that end a run in one line, and the exit status of each."""

USAGE_STATUS = 2
NOT_FINITE_STATUS = 3
UNWRITTEN_STATUS = 4
LOST_STATUS = 5


class InputError(ValueError):
    """A wrong flag, file or argument: one line that says what is wrong, where, and what to do.

    The entry points print it without a traceback and exit with status 2.
    """


class RunStopped(Exception):  # noqa: N818 - not always an error: a signal stops a run too.
    """A run ended before its time: one line that says why, and how it goes on.

    The entry points print it without a traceback.

    Attributes:
        status: exit status: 3 a number was not finite, 4 something could not be written, 5 a process that
            trained together with this one was lost, 128 + n signal n.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def reason(error: BaseException) -> str:
    """The first line of an error's text, or its type where it has none."""
    text = getattr(error, "strerror", None) or str(error).strip()
    return str(text).splitlines()[0] if text else type(error).__name__
