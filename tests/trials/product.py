"""The verbs of the model, done to the real thing: people, systems and flows by the names and places
of the model.
"""

from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils import timezone

from proposals import workflow
from proposals.models import (
    DataType,
    Delegation,
    ImportBatch,
    Involvement,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    User,
)

from .. import factories
from .model import RULES, RULES_OF


class Product:
    """A company of people and systems, all in the database; the places of its proposals are in
    `numbers`.
    """

    def __init__(self, people, systems, types):
        for name in types:
            factories.data_type(name)
        # One reads each mail, the others a digest: to write mails is not what takes the time here.
        self.people = {
            name: factories.user(name, notices_wanted="DIGEST").pk for name in people[1:]
        }
        self.people[people[0]] = factories.user(people[0]).pk
        self.systems = {name: factories.system(name).pk for name in systems}
        self.reason, self.numbers = factories.reason(), []
        for kind, may in RULES.items():
            factories.rule(kind, *may)
        for system, rules in RULES_OF.items():
            for kind, may in rules.items():
                factories.rule(kind, *may, system=self._system(system))

    def imported(self, route, spec=None, types=(), **attributes):
        """What an import brought: a route and, with the name of a specification, a physical flow on
        it.
        """
        source, target = map(self._system, route)
        hand = {"by": None, "why": "Import", "at": timezone.now()}
        batch = ImportBatch.objects.create(outcome="a route")
        flow = LogicalFlow(
            source=source,
            target=target,
            origin_batch=batch,
            lifecycle="ACTIVE" if spec else "PENDING",
        )
        factories.store(flow, **hand)
        if spec:
            sent = PhysicalSpecification.objects.filter(owner=source, name=spec).first()
            sent = sent or factories.specification(source, spec, self._types(types))
            attributes = factories.WISH | attributes
            attributes = {
                field: value
                for field, value in attributes.items()
                if not field.startswith("specification")
            }
            factories.store(
                PhysicalFlow(
                    logical_flow=flow, specification=sent, origin_batch=batch, **attributes
                ),
                **hand,
            )

    # What is asked for

    def draft(self, wish):
        self._write(wish, workflow.save_draft)

    def submit(self, wish):
        self._write(wish, workflow.submit)

    def _write(self, wish, verb):
        proposal = self._proposal(wish)
        verb(proposal, self._types(wish.types), by=proposal.maker)
        self.numbers.append(proposal.pk)

    def _proposal(self, wish):
        maker = self._person(wish.maker)
        if wish.type == "CREATE":
            source, target = map(self._system, wish.route)
            made = factories.wish(maker=maker, source=source, target=target, **self._content(wish))
        elif wish.type == "EDIT":
            made = Proposal.change_of(self._flow(wish.flow), maker)
            made.frequency, made.criticality = wish.frequency, wish.criticality
            made.specification_name = wish.spec if isinstance(wish.spec, str) else ""
        else:
            made = Proposal.removal_of(
                self._flow(wish.flow) if wish.flow is not None else self._route(wish), maker
            )
        made.reason = self.reason
        return made

    def _content(self, wish):
        if wish.spec is None:
            return factories.BARE
        content = {"frequency": wish.frequency, "criticality": wish.criticality}
        if isinstance(wish.spec, str):
            return content | {"specification_name": wish.spec}
        spec = PhysicalSpecification.objects.order_by("pk")[wish.spec]
        return content | {
            "specification": spec,
            "specification_name": "",
            "specification_format": "",
        }

    def further(self, wish):
        made = factories.wish(**self._content(wish))
        workflow.add_physical_flow(
            self._route(wish), made, self._types(wish.types), by=self._person(wish.maker)
        )

    # What is done with it

    def redraft(self, place, types, by):
        workflow.save_draft(self._numbered(place), self._types(types), by=self._person(by))

    def propose(self, place, by):
        workflow.propose(self._numbered(place), by=self._person(by))

    def approve(self, place, sides, by):
        workflow.approve(self._numbered(place), sides=sides, by=self._person(by))

    def reject(self, place, side, by, comment):
        workflow.reject(self._numbered(place), side=side, by=self._person(by), comment=comment)

    def request_changes(self, place, side, by, comment):
        proposal, person = self._numbered(place), self._person(by)
        workflow.request_changes(proposal, side=side, by=person, comment=comment)

    def revise(self, place, types, by):
        before, person = self._numbered(place), self._person(by)
        if before.type == "CREATE":
            content = (*factories.WISH, "specification", "with_physical_flow")
            made = Proposal(**{name: getattr(before, name) for name in content})
            made.source, made.target, made.maker = before.source, before.target, person
        elif before.type == "EDIT":
            made = Proposal.change_of(before.concerned, person)
            made.frequency, made.criticality = before.frequency, before.criticality
            made.specification_name = before.specification_name
        else:
            made = Proposal.removal_of(before.concerned, person)
        made.reason = self.reason
        made.revise(before)
        workflow.save_draft(made, self._types(types), by=person)
        self.numbers.append(made.pk)

    def cancel(self, place, by):
        workflow.cancel(self._numbered(place), by=self._person(by))

    def time_out(self, place, late):
        proposal = self._numbered(place)
        due = proposal.due_at or timezone.now()
        workflow.time_out(proposal, at=due + timedelta(seconds=1 if late else -1))

    # What administrators and people themselves do

    def choose_policy(self, name, value):
        factories.policy(**{name: value})

    def involve(self, person, system, kind):
        person, system = self._person(person), self._system(system)
        running = (
            Involvement.objects.open().filter(user=person, system=system, kind__name=kind).first()
        )
        if running:
            running.ended_at = timezone.now()
            running.save()
        else:
            factories.involve(person, system, kind)

    def delegate(self, delegator, delegate, only):
        delegator, delegate = self._person(delegator), self._person(delegate)
        system = self._system(only) if only else None
        now = timezone.now()
        running = Delegation.objects.filter(
            delegator=delegator, delegate=delegate, system=system, ends_at__gt=now
        ).first()
        if running:
            running.ends_at = now
            running.save()
        else:
            factories.delegate(delegator, delegate, system=system)

    def employ(self, person):
        person = self._person(person)
        person.is_active = not person.is_active
        person.save()

    def appoint(self, person):
        person, stewards = self._person(person), Group.objects.get(name="Stewards")
        appointed = person.groups.filter(pk=stewards.pk).exists()
        (person.groups.remove if appointed else person.groups.add)(stewards)

    def retire(self, system):
        system = self._system(system)
        system.lifecycle = "ACTIVE" if system.is_removed else "REMOVED"
        system.save()

    def externalise(self, system):
        system = self._system(system)
        system.is_external = not system.is_external
        system.save()

    def deprecate(self, data_type):
        data_type = DataType.objects.get(name=data_type)
        data_type.is_deprecated = not data_type.is_deprecated
        data_type.save()

    def _person(self, name):
        return User.objects.get(pk=self.people[name])

    def _system(self, name):
        return System.objects.get(pk=self.systems[name])

    def _types(self, names):
        return list(DataType.objects.filter(name__in=names))

    def _numbered(self, place):
        return Proposal.objects.get(pk=self.numbers[place])

    def _flow(self, place):
        return PhysicalFlow.objects.order_by("pk")[place]

    def _route(self, wish):
        source, target = map(self._system, wish.route)
        return LogicalFlow.objects.get(source=source, target=target)

    def waits_for(self, person):
        waiting = Proposal.objects.awaiting(self._person(person)).values_list("pk", flat=True)
        return sorted(self.numbers.index(pk) for pk in waiting)
