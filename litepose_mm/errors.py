"""The one exception of the package that stands for bad input."""


class LitePoseError(ValueError):
    """Bad input, said in one line: what was expected, what came, what to do.

    Commands print the message without a traceback and exit with status 2.
    """
