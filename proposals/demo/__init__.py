"""A believable company, for `make demo`."""

from .scenes import PASSWORD, SIGN_INS, SignIn, build, sign_ins, story

__all__ = ["PASSWORD", "SIGN_INS", "SignIn", "build", "sign_ins", "story"]
