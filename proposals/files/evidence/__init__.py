"""The evidence pack of a flow or a proposal: its rows of the record with the proof that the ledger
took them down, checked offline by a script of its own.
"""

from .pack import Subject, name_of, pack_of
