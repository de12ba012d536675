"""A believable company, for `make demo`."""

from .building import PASSWORD, SIGN_INS, SignIn, build, sign_ins
from .scenes import story

__all__ = ["PASSWORD", "SIGN_INS", "SignIn", "build", "sign_ins", "story"]
