"""What is made once for many tests is for each as if it were made for that one alone."""

import pytest
from django.db import connection

from proposals import workflow
from proposals.models import Proposal, User


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_does_no_other_sees(cast, maker, source, proposal, turn):
    assert (maker.name, source.lifecycle, proposal.state) == (
        *("Mia Maker", "ACTIVE", "PENDING_APPROVALS"),
    )
    assert User.objects.get(pk=maker.pk).name == "Mia Maker"
    assert Proposal.objects.get().state == "PENDING_APPROVALS"
    assert (cast.maker, proposal.source) == (maker, source)
    maker.name = "Somebody Else"
    maker.save()
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    assert Proposal.objects.get().state == "FULLY_APPROVED"


def test_who_asks_for_the_cast_alone_meets_no_proposal(cast):
    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_who_asks_for_nobody_meets_nobody():
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_stands_on_nothing_uncommitted(cast):
    assert not connection.in_atomic_block
    assert User.objects.count() == len(vars(cast))
