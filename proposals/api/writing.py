"""What programs propose, say and decide: the forms and verbs of the pages."""

from typing import Any, Literal

from django.forms import BaseForm, model_to_dict
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from ninja import Header, Schema, Status
from pydantic import ConfigDict, Field

from .. import workflow
from ..forms import ActionForm, ChangeForm, ProposalForm, RemarkForm, RemovalForm
from ..models import (
    DataType,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    ProposalType,
    Reason,
    Verb,
    folded,
    verbs,
)
from . import written
from .access import Call, decides, proposes
from .lists import sentences
from .once import Answer, Key, once
from .problems import Problem
from .reading import router, tag_of

FORMS: dict[str, Any] = {
    ProposalType.CREATE: ProposalForm,
    ProposalType.EDIT: ChangeForm,
    ProposalType.DELETE: RemovalForm,
}
Id = Field(None, ge=1, le=2**63 - 1)


class Strict(Schema):
    # A name that is misspelt would otherwise be left out without a word.
    model_config = ConfigDict(extra="forbid")


class Content(Strict):
    """What a proposal says; what is left out stays as it is in the flow, or in the round before."""

    source: str | None = Field(None, max_length=300, description="Code or name.")
    target: str | None = Field(None, max_length=300, description="Code or name.")
    with_physical_flow: bool | None = None
    specification: int | None = Id
    specification_name: str | None = Field(
        None,
        max_length=200,
        description="Of a new one; of a change, that of one of its own, where other routes share "
        "the present one and the data types change.",
    )
    specification_format: str | None = Field(None, max_length=20)
    specification_description: str | None = Field(None, max_length=4000)
    data_types: list[str] | None = Field(None, max_length=500, description="Codes.")
    name: str | None = Field(None, max_length=200)
    transport: str | None = Field(None, max_length=30)
    frequency: str | None = Field(None, max_length=30)
    basis_offset: int | None = Field(None, ge=-999, le=999)
    criticality: str | None = Field(None, max_length=10)
    description: str | None = Field(None, max_length=4000)
    external_id: str | None = Field(None, max_length=200)
    reason: str | None = Field(None, max_length=100, description="Its name.")
    justification: str | None = Field(None, max_length=4000)
    meant_offset: int | None = Field(
        None, ge=-999, le=999, description="A basis offset that is hardly meant, said again."
    )
    draft: bool = Field(False, description="Kept as a draft instead of submitted.")


class Wish(Content):
    type: ProposalType = ProposalType.CREATE
    physical_flow: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Which is to change or to go."
    )
    logical_flow: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Without physical flow, which is to go."
    )


class Comment(Strict):
    comment: str = Field("", max_length=4000)


class Decision(Comment):
    decision: Literal["approve", "reject", "return"]
    side: Literal["SOURCE", "TARGET", "BOTH"]


class Said(Strict):
    text: str = Field(max_length=4000)
    topic: str = Field("", max_length=30)
    answers: int | None = Id


class Done(Schema):
    number: int
    state: str
    page: str


class Remarked(Schema):
    id: int
    page: str


@router.post("/proposals", auth=proposes, response={201: Done}, summary="Propose, or keep a draft")
def propose(request: Call, sent: Wish, key: str = Key):
    def act() -> tuple[str, Answer]:
        proposal = _begun(request, sent)
        return _kept(request, proposal, sent, {"with_physical_flow": True})

    return Status(201, once(request, key, sent.model_dump(), act))


@router.post(
    "/proposals/{int:number}/revise",
    auth=proposes,
    response={201: Done},
    summary="Begin the next round of one that was closed without agreement",
)
def revise(request: Call, number: int, sent: Content, key: str = Key):
    original = _visible(request, number)

    def act() -> tuple[str, Answer]:
        workflow.require_revisable(original, request.user)
        proposal = _begun(request, original)
        proposal.revise(original)
        return _kept(request, proposal, sent, _as_written(original))

    return Status(201, once(request, key, sent.model_dump(), act))


@router.post(
    "/proposals/{int:number}/submit", auth=proposes, response=Done, summary="Submit a draft"
)
def submit(request: Call, number: int, key: str = Key):
    return _carried_out(request, number, "propose", {}, key)


@router.post("/proposals/{int:number}/cancel", auth=proposes, response=Done, summary="Take it back")
def cancel(request: Call, number: int, sent: Comment, key: str = Key):
    return _carried_out(request, number, "cancel", sent.model_dump(), key)


@router.post(
    "/proposals/{int:number}/decide",
    auth=decides,
    response=Done,
    summary="Approve, reject or request changes, where the policy lets programs decide",
)
def decide(
    request: Call,
    number: int,
    sent: Decision,
    read: str = Header(
        "", alias="If-Match", max_length=200, description="The ETag of the proposal as it was read."
    ),
    key: str = Key,
):
    # Required and not only believed: a program decides on what it has read, or not at all.
    if not read:
        raise Problem(428, "Say by If-Match which version of the proposal was read.")
    content = sent.model_dump()
    return _carried_out(request, number, content.pop("decision"), content, key, read=read)


@router.post(
    "/proposals/{int:number}/remarks",
    auth=proposes,
    response={201: Remarked},
    summary="Say something about an open proposal",
)
def remark(request: Call, number: int, sent: Said, key: str = Key):
    proposal = _visible(request, number)

    def act() -> tuple[str, Answer]:
        form = RemarkForm(_typed(sent.model_dump()), proposal=proposal)
        _require_valid(form)
        made = workflow.remark(
            proposal,
            form.cleaned_data["text"],
            by=request.user,
            topic=form.cleaned_data["topic"],
            answers=form.cleaned_data["answers"],
        )
        page = made.get_absolute_url()
        return page, {"id": made.pk, "page": page}

    return Status(201, once(request, key, sent.model_dump(), act))


def _visible(request: Call, number: int) -> Proposal:
    return get_object_or_404(Proposal.objects.visible_to(request.user).listed(), pk=number)


def _begun(request: Call, like: Wish | Proposal) -> Proposal:
    """A new proposal of this kind, about the same flow."""
    if like.type == ProposalType.CREATE:
        return Proposal(maker=request.user)
    if isinstance(like, Wish):
        physical, logical = like.physical_flow, like.logical_flow
    else:
        physical, logical = like.concerned_physical_flow_id, like.concerned_logical_flow_id
    if physical:
        rows = PhysicalFlow.objects.select_related(
            "logical_flow__source", "logical_flow__target", "specification"
        )
        flow = get_object_or_404(rows, pk=physical)
        is_edit = like.type == ProposalType.EDIT
        return (Proposal.change_of if is_edit else Proposal.removal_of)(flow, request.user)
    if logical and like.type == ProposalType.DELETE:
        flows = LogicalFlow.objects.select_related("source", "target")
        return Proposal.removal_of(get_object_or_404(flows, pk=logical), request.user)
    sentence = "Name the flow that is to change or to go."
    raise Problem(422, sentence, errors={"physical_flow": sentence})


def _as_written(proposal: Proposal) -> dict[str, Any]:
    """The content of a round, as its form shows it."""
    names = [*ProposalForm.Meta.fields, "source", "target"]
    content = model_to_dict(proposal, fields=names)
    content |= {"source": proposal.source.code, "target": proposal.target.code}
    content["data_types"] = [row.pk for row in content["data_types"]]
    return content


def _kept(
    request: Call, proposal: Proposal, sent: Content, before: dict[str, Any]
) -> tuple[str, Answer]:
    """Submitted, or kept as a draft."""
    said = sent.model_dump(exclude_none=True, exclude={"type", "physical_flow", "logical_flow"})
    is_draft = said.pop("draft", False)
    form_class = FORMS[proposal.type]
    if proposal.type == ProposalType.EDIT:
        shown = form_class(instance=proposal)
        before = {name: shown[name].value() for name in shown.fields} | {
            name: value for name, value in before.items() if name in shown.fields
        }
        before["data_types"] = [getattr(row, "pk", row) for row in before["data_types"]]
    data = _typed(before | _by_id(said))
    data["draft" if is_draft else "submit"] = "1"
    form = form_class(data, instance=proposal)
    _require_valid(form)
    types = form.cleaned_data.get("data_types", [])
    if is_draft:
        workflow.save_draft(proposal, types, by=request.user)
    else:
        workflow.submit(proposal, types, by=request.user, token=request.auth.name)
    return _done(proposal)


def _by_id(said: dict[str, Any]) -> dict[str, Any]:
    """Data types and the reason, which programs know by code and name, by their ids."""
    if "reason" in said:
        # All of them: they are few, and no operation lists what a program may choose from.
        reasons = {row.name_folded: row for row in Reason.objects.filter(is_active=True)}
        reason = reasons.get(folded(said["reason"]))
        if reason is None:
            names = ", ".join(row.name for row in reasons.values()) or "there is none yet"
            wrong = f"“{said['reason']}” is not one of the reasons: {names}."
            raise Problem(422, wrong, errors={"reason": wrong})
        said["reason"] = reason.pk
    if "data_types" in said:
        codes = {folded(code): code for code in said["data_types"]}
        known = dict(
            DataType.objects.filter(code_folded__in=codes).values_list("code_folded", "pk")
        )
        missing = [code for key, code in codes.items() if key not in known]
        if missing:
            wrong = f"No data type has the code {', '.join(f'“{code}”' for code in missing)}."
            raise Problem(422, wrong, errors={"data_types": wrong})
        said["data_types"] = list(known.values())
    return said


def _typed(content: dict[str, Any]) -> QueryDict:
    """As a browser would send it."""
    data = QueryDict(mutable=True)
    for name, value in content.items():
        if isinstance(value, list):
            data.setlist(name, [str(item) for item in value])
        elif value is not None:
            data[name] = str(value)
    return data


def _require_valid(form: BaseForm) -> None:
    if not form.is_valid():
        errors = sentences(form)
        raise Problem(422, " ".join(errors.values()), errors=errors)


def _carried_out(
    request: Call, number: int, verb: str, content: dict, key: str, read: str = ""
) -> Answer:
    """What a verb of the table names, on a proposal that its reader has seen as it is."""
    proposal = _visible(request, number)

    def act() -> tuple[str, Answer]:
        if read:
            _require_unchanged(request, number, read)
        form = _form_of(verbs()[verb], content)
        done = workflow.act(
            proposal,
            verb,
            by=request.user,
            sides=form.sides,
            comment=form.written,
            token=request.auth.name,
        )
        return _done(done)

    return once(request, key, [verb, content, read], act)


def _form_of(verb: Verb, content: dict) -> ActionForm:
    form = ActionForm(_typed(content), verb=verb)
    _require_valid(form)
    return form


def _require_unchanged(request: Call, number: int, read: str) -> None:
    """Problem (412), with what has changed since, if it is not as it was read. It stays so until
    the transaction ends.
    """
    Proposal.objects.select_for_update(of=("self",)).get(pk=number)
    content = written.proposal_in_full(_visible(request, number), request.user)
    tag = read.removeprefix("W/")  # of an answer that was compressed on its way
    if tag == tag_of(content):
        return
    steps, _, rest = tag.strip('"').partition("-")
    remarks = rest.partition("-")[0]
    changes = [
        f"{step['action']} on {step['at']:%Y-%m-%d %H:%M:%S} UTC"
        for step in content["transitions"][_number(steps) :]
    ]
    changes += [
        f"Remark {said['id']}: {said['text']}" for said in content["remarks"][_number(remarks) :]
    ]
    changes = changes or ["Who may decide, or what you may do, is no longer the same."]
    raise Problem(412, "The proposal is no longer as it was read. Read it again.", changes=changes)


def _number(text: str) -> int:
    # A tag may say anything. One that says no number names all that happened as changed.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _done(proposal: Proposal) -> tuple[str, Answer]:
    page = proposal.get_absolute_url()
    return page, {"number": proposal.pk, "state": proposal.state, "page": page}
