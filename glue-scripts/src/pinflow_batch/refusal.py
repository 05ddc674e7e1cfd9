from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why a row is quarantined: the rule that failed, the raw column (or None), and a sentence with the fix."""

    rule: str
    field: str | None
    reason: str


class RefusedError(Exception):
    """Inside the interpreter only; what leaves it is a `Refusal`."""

    def __init__(self, rule: str, field: str | None, reason: str):
        super().__init__(reason)
        self.refusal = Refusal(rule, field, reason)
