"""The columns of a file of proposals: those of `physical_flows.csv`, and what a proposal says
beside.
"""

from typing import Any

from ...models import PhysicalFlow, Proposal
from ..catalogue.columns import Choice, Code, Codes, Column, Flag, ForeignCode, Number, Text
from ..catalogue.tables import Table


class Unread(Column):
    """Written into the file of the rows that are left, for people; nobody reads it back."""

    def bind(self, model: Any) -> None:
        """It says nothing of a model."""


NEW_SPECIFICATION = ["specification_name", "specification_format", "specification_description"]
LEFT = ["line", "why"]  # columns of the file of the rows that are left
TABLE = Table(
    "proposals",
    Proposal,
    [
        Choice("type"),
        Code("source_code", "source", of="systems"),
        Code("target_code", "target", of="systems"),
        Number("physical_flow", "concerned_physical_flow.id", optional=True),
        Flag("with_physical_flow", optional=True),
        Code("specification_code", "specification", of="specifications", optional=True),
        Text("specification_name", optional=True),
        Choice("specification_format", optional=True),
        Text("specification_description", optional=True),
        Text("name", optional=True),
        Choice("transport", optional=True),
        Choice("frequency", optional=True),
        Number("basis_offset", optional=True),
        Choice("criticality", optional=True),
        Text("description", optional=True),
        ForeignCode("external_id", optional=True),
        Codes("data_type_codes", "data_types", of="data_types", optional=True),
        Code("reason", of="reasons", by="name", optional=True),
        Text("justification", optional=True),
        *(Unread(name, optional=True) for name in LEFT),
    ],
    key=(),
)
# Field of a proposal -> the column that says it, where they are called otherwise.
COLUMN_OF = {
    "source": "source_code",
    "target": "target_code",
    "specification": "specification_code",
    "data_types": "data_type_codes",
}
PHYSICAL = ["specification_code", *NEW_SPECIFICATION, *PhysicalFlow.ATTRIBUTES]
