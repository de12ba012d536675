"""A believable company, for `make demo`."""

from .building import PASSWORD, SIGN_INS, SignIn, build, sign_ins
from .scenes import story
