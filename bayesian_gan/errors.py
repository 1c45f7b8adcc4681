"""The error that is the user's to mend."""


class InputError(ValueError):
    """A wrong flag, file or argument: one line that says what is wrong, where, and what to do.

    The entry points print it without a traceback and exit with status 2.
    """
