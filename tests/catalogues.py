"""A small catalogue as texts, for tests to import whole or with one thing changed."""

from proposals.files.catalogue import Report, import_catalogue

CATALOGUE = {
    "organisational_units": (
        "code,name,parent_code,description\nBANK,Bank,,\nIT,Technology,BANK,Runs things\n"
    ),
    "data_types": (
        "code,name,parent_code,description,deprecated,unknown\n"
        "PARTY,Party,,,false,false\nCLIENT,Client,PARTY,,,\nOLD,Old,,,true,false\nUNKNOWN,Unknown,,,false,true\n"
    ),
    "people": (
        "email,employee_id,name,title,manager_employee_id,organisational_unit_code,is_removed\n"
        "ada@example.com,E2,Ada,Owner,E1,IT,false\nBo@example.com,E1,Bo,Chief,,BANK,false\ncy@example.com,,Cy,,,,true\n"
    ),
    "systems": (
        "kind,code,name,description,organisational_unit_code,external,lifecycle_status\n"
        "APPLICATION,LEDGER,Ledger,Books,IT,false,ACTIVE\nAPPLICATION,RISK,Risk,,,,\nACTOR,FED,Regulator,,,true,ACTIVE\n"
    ),
    "involvement_kinds": "name,description\nData Owner,Owns data\n",
    "approver_rules": (
        "involvement_kind,system_kind,system_code,may_approve,may_reject\n"
        "Data Owner,APPLICATION,,true,true\nData Owner,ACTOR,FED,true,false\n"
    ),
    "involvements": (
        "system_kind,system_code,email,involvement_kind\n"
        "APPLICATION,LEDGER,ada@example.com,Data Owner\nAPPLICATION,RISK,bo@example.com,Data "
        "Owner\n"
    ),
    "specifications": (
        "code,name,owner_code,format,description,data_type_codes\n"
        "S1,trades.csv,LEDGER,FLAT_FILE,All trades,CLIENT;OLD\n"
    ),
    "logical_flows": (
        "source_code,target_code,data_type_codes\nLEDGER,RISK,CLIENT\nLEDGER,FED,UNKNOWN;OLD\nRISK,RISK,\n"
    ),
    "physical_flows": (
        "source_code,target_code,specification_code,name,transport,frequency,basis_offset,criticality,description,"
        "external_id\nLEDGER,RISK,S1,Night run,EMAIL,DAILY,-1,HIGH,,X9\n"
    ),
}


def texts(**changed: str) -> dict[str, bytes]:
    """The whole catalogue, with files replaced, or with `more_<file>` appended to one."""
    found = dict(CATALOGUE)
    for name, text in changed.items():
        file = name.removeprefix("more_")
        found[file] = text if file == name else found[file] + text
    return {name: text.encode() for name, text in found.items()}


def bring(**files: str) -> Report:
    """Import these files and no others."""
    return import_catalogue({name: text.encode() for name, text in files.items()})
