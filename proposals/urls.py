from django.contrib.auth import views as auth
from django.urls import path
from django.views.generic import RedirectView

from .views import flows, inbox, proposals, systems

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="home"),
    path("inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("healthz", inbox.healthz, name="healthz"),
    path("sign-in/", auth.LoginView.as_view(template_name="proposals/sign_in.html"), name="sign-in"),
    path("sign-out/", auth.LogoutView.as_view(), name="sign-out"),
    # Proposals
    path("proposals/", proposals.proposal_list, name="proposals"),
    path("proposals/new/", proposals.new, name="proposal-new"),
    path("proposals/new/specifications/", proposals.specifications, name="specifications"),
    path("proposals/<int:pk>/", proposals.ProposalPage.as_view(), name="proposal"),
    path("proposals/<int:pk>/edit/", proposals.edit, name="proposal-edit"),
    path("proposals/<int:pk>/propose/", proposals.propose, name="proposal-propose"),
    path("proposals/<int:pk>/approve/", proposals.approve, name="proposal-approve"),
    path("proposals/<int:pk>/reject/", proposals.reject, name="proposal-reject"),
    path("proposals/<int:pk>/cancel/", proposals.cancel, name="proposal-cancel"),
    # Systems
    path("systems/", systems.SystemList.as_view(), name="systems"),
    path("systems/options/", systems.system_options, name="system-options"),
    path("systems/<int:pk>/", systems.SystemPage.as_view(), name="system"),
    # Flows
    path("flows/", flows.FlowList.as_view(), name="flows"),
    path("flows/<int:pk>/", flows.FlowPage.as_view(), name="flow"),
    path("flows/<int:pk>/physical/new/", flows.add_physical_flow, name="physical-flow-new"),
    path("physical-flows/<int:pk>/", flows.PhysicalFlowPage.as_view(), name="physical-flow"),
]
