"""The ten catalogue files: which columns each has, where they belong, and what makes two rows the
same.

Import and export both follow these tables. A new column is one line here.
"""

import sys
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from ...models import (
    ApproverRule,
    DataType,
    FlowLifecycle,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    User,
    folded,
)
from .columns import (
    Choice,
    Code,
    Codes,
    Column,
    Email,
    Flag,
    ForeignCode,
    Identifier,
    MadeUpCode,
    Number,
    Text,
)


@dataclass
class Table:
    """One file.

    `key` names the columns that identify a row. Rows `only_added` are changed by proposals alone,
    so their lifecycle may be REMOVED. `above` is the column that makes a tree of it.

    Of a large table only the rows are read that the files may mean: `lookup` are the paths of the
    folded codes they are found by, and `names` says of which large tables this file names rows, in
    which of its columns: one for each path. One that its own file does not look up in is read whole
    with that file.
    """

    name: str
    model: Any  # a model with `objects`
    columns: list[Column]
    key: tuple[str, ...]
    only_added: bool = False
    above: str = ""
    lookup: tuple[str, ...] = ()
    names: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.columns:
            column.bind(self.model)
        self.by_name = {column.name: column for column in self.columns}

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def columns_in_words(self) -> str:
        """Their names, in brackets those that may be absent."""
        names = [f"[{c.name}]" if c.optional else c.name for c in self.columns]
        return ", ".join(names)

    @property
    def gives_rights(self) -> bool:
        """Whether who may decide depends on its rows."""
        return self.model in (System, User, ApproverRule, Involvement)

    @property
    def is_fixed(self) -> bool:
        """Whether an import adds rows and changes none."""
        own = {column.name for column in self.columns if column.is_own}
        return self.only_added or own <= {*self.key}

    @property
    def of_codes(self) -> list[Code]:
        return [column for column in self.columns if isinstance(column, Code)]

    @property
    def of_many(self) -> list[Codes]:
        return [column for column in self.columns if isinstance(column, Codes)]

    def key_of(self, values: dict) -> Hashable:
        """Equal for two rows that mean the same thing: one value, or a tuple where several columns
        make the key.
        """
        parts = self.folded(values, self.key)
        return parts[0] if len(parts) == 1 else parts

    def folded(self, values: dict, names: tuple[str, ...]) -> tuple:
        """What of these columns makes two rows the same."""
        return tuple(_once(self.by_name[name].fold(values[name])) for name in names)

    def values(self, obj: models.Model) -> dict:
        return {column.name: column.value(obj) for column in self.columns}

    def objects(self, *, removed: bool) -> models.QuerySet:
        """Everything the file could name, in the order of its key; `removed` says whether with what
        was removed.
        """
        rows = self.model.objects.all()
        if self.model is Involvement:
            # Ended ones are the past: the file says who has a part now.
            rows = rows.open()
        if self.model is User:
            # Those no row can name.
            rows = rows.exclude(email="")
        if self.only_added and not removed:
            rows = rows.exclude(lifecycle=FlowLifecycle.REMOVED)
        rows = rows.select_related(*(column.path.replace(".", "__") for column in self.of_codes))
        return rows.prefetch_related(*(column.path for column in self.of_many)).order_by(
            *self._order(), "pk"
        )

    def _order(self) -> list[str]:
        columns = [self.by_name[name] for name in self.key]
        paths = [
            f"{column.path}.{column.by}" if isinstance(column, Code) else column.path
            for column in columns
        ]
        return [path.replace(".", "__") for path in paths]


def _once(value: Any) -> Any:
    """The same text is held once, in however many keys it stands."""
    return sys.intern(value) if type(value) is str else value


def _mail(name: str, path: str) -> Code:
    return Code(name, path, of="people", by="email")


# In the order of an import: what a row refers to comes first.
_TABLES = [
    Table(
        "organisational_units",
        OrganisationalUnit,
        [
            Identifier("code"),
            Text("name"),
            Code("parent_code", "parent", of="organisational_units"),
            Text("description", optional=True),
        ],
        key=("code",),
        above="parent_code",
    ),
    Table(
        "data_types",
        DataType,
        [
            Identifier("code"),
            Text("name"),
            Code("parent_code", "parent", of="data_types"),
            Text("description", optional=True),
            Flag("deprecated", "is_deprecated", optional=True),
            Flag("unknown", "is_unknown", optional=True),
        ],
        key=("code",),
        above="parent_code",
    ),
    Table(
        "people",
        User,
        [
            Email("email"),
            Identifier("employee_id"),
            Text("name"),
            Text("title", optional=True),
            Code(
                "manager_employee_id",
                "manager",
                of="people",
                by="employee_id",
                key="email",
                optional=True,
            ),
            Code(
                "organisational_unit_code",
                "organisational_unit",
                of="organisational_units",
                optional=True,
            ),
            Flag("is_removed", "is_active", negated=True, optional=True),
        ],
        key=("email",),
        above="manager_employee_id",
        # Whose employee id or manager somebody is, no address says.
        lookup=("email_folded",),
    ),
    Table(
        "systems",
        System,
        [
            Choice("kind"),
            MadeUpCode("code", prefix="SYSTEM", of=("name",)),
            Text("name"),
            Text("description", optional=True),
            Code(
                "organisational_unit_code",
                "organisational_unit",
                of="organisational_units",
                optional=True,
            ),
            Flag("external", "is_external", optional=True),
            Choice("lifecycle_status", "lifecycle", optional=True),
        ],
        key=("code",),
        lookup=("code_folded",),
        names={"systems": [("code",)]},
    ),
    Table(
        "involvement_kinds",
        InvolvementKind,
        [Text("name", fold=folded), Text("description", optional=True)],
        key=("name",),
    ),
    Table(
        "approver_rules",
        ApproverRule,
        [
            Code("involvement_kind", of="involvement_kinds", by="name"),
            Choice("system_kind"),
            Code("system_code", "system", of="systems", optional=True),
            Flag("may_approve"),
            Flag("may_reject"),
        ],
        key=("involvement_kind", "system_kind", "system_code"),
        names={"systems": [("system_code",)]},
    ),
    Table(
        "involvements",
        Involvement,
        [
            Choice("system_kind", "system.kind"),
            Code("system_code", "system", of="systems"),
            _mail("email", "user"),
            Code("involvement_kind", "kind", of="involvement_kinds", by="name"),
        ],
        key=("system_code", "email", "involvement_kind"),
        # Not by address too: this import may change that.
        lookup=("system__code_folded",),
        names={
            "people": [("email",)],
            "systems": [("system_code",)],
            "involvements": [("system_code",)],
        },
    ),
    Table(
        "specifications",
        PhysicalSpecification,
        [
            MadeUpCode("code", prefix="SPEC", of=("owner_code", "name")),
            Text("name"),
            Code("owner_code", "owner", of="systems"),
            Choice("format"),
            Text("description", optional=True),
            Codes("data_type_codes", "data_types", of="data_types", optional=True),
        ],
        key=("code",),
        only_added=True,
        lookup=("code_folded",),
        names={"systems": [("owner_code",)], "specifications": [("code",)]},
    ),
    Table(
        "logical_flows",
        LogicalFlow,
        [
            Code("source_code", "source", of="systems"),
            Code("target_code", "target", of="systems"),
            Codes("data_type_codes", "declared_data_types", of="data_types", optional=True),
        ],
        key=("source_code", "target_code"),
        only_added=True,
        lookup=("source__code_folded", "target__code_folded"),
        names={
            "systems": [("source_code",), ("target_code",)],
            "logical_flows": [("source_code", "target_code")],
        },
    ),
    Table(
        "physical_flows",
        PhysicalFlow,
        [
            Code("source_code", "logical_flow.source", of="systems"),
            Code("target_code", "logical_flow.target", of="systems"),
            Code("specification_code", "specification", of="specifications"),
            Text("name", optional=True, fold=folded),
            Choice("transport"),
            Choice("frequency"),
            Number("basis_offset"),
            Choice("criticality"),
            Text("description", optional=True),
            ForeignCode("external_id", optional=True),
        ],
        key=(
            "source_code",
            "target_code",
            "specification_code",
            "name",
            "transport",
            "frequency",
            "basis_offset",
        ),
        only_added=True,
        lookup=("logical_flow__source__code_folded", "logical_flow__target__code_folded"),
        names={
            "systems": [("source_code",), ("target_code",)],
            "specifications": [("specification_code",)],
            "logical_flows": [("source_code", "target_code")],
            "physical_flows": [("source_code", "target_code")],
        },
    ),
]
TABLES = {table.name: table for table in _TABLES}
