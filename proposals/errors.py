"""Why something was not done. Each carries one sentence a person understands; raising one undoes
the whole verb.
"""


class Refused(Exception):
    """The answer is no, and nothing has changed.

    `about`, where there is one, is what the reader should look at next (the twin, the flow): it has
    a page of its own.
    """

    status = 409

    def __init__(self, sentence: str, about=None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.about = about


class NoRight(Refused):
    """The person may see it but not do it."""

    status = 403


class Conflict(Refused):
    """It could have been done, had things not moved meanwhile; or a twin stands in the way."""


class Repeated(Conflict):
    """It is asked for already, or in the register already: `about` says by what."""


class Invalid(Refused):
    """What was asked is incomplete or cannot be. `fields` says what to correct where: field name ->
    sentence.
    """

    status = 400

    def __init__(self, sentence: str = "", **fields: str) -> None:
        super().__init__(sentence or " ".join(fields.values()))
        self.fields = fields


class NotSignedIn(NoRight):
    """The provider of identities, or what it says, lets nobody in. `reason` is for the log: it
    holds no token and no secret.
    """

    def __init__(self, sentence: str, *, reason: str = "", status: int = 403) -> None:
        super().__init__(sentence)
        self.reason = reason or sentence
        self.status = status
