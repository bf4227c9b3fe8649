"""REST routes of marketplace."""

from django.urls import path

from domains.marketplace.api import jobs, offers, proposals, taxonomy

urlpatterns = [
    path("categories", taxonomy.CategoryList.as_view()),
    path("skills", taxonomy.SkillList.as_view()),
    path("jobs", jobs.JobList.as_view()),
    path("jobs/mine", jobs.MyJobs.as_view()),
    path("jobs/<uuid:job_id>", jobs.JobDetail.as_view()),
    path("jobs/<uuid:job_id>/publish", jobs.JobPublish.as_view()),
    path("jobs/<uuid:job_id>/pause", jobs.JobPause.as_view()),
    path("jobs/<uuid:job_id>/resume", jobs.JobResume.as_view()),
    path("jobs/<uuid:job_id>/close", jobs.JobClose.as_view()),
    path("jobs/<uuid:job_id>/proposals", proposals.ProposalsOfJob.as_view()),
    path("proposals/mine", proposals.MyProposals.as_view()),
    path("proposals/<uuid:proposal_id>", proposals.ProposalDetail.as_view()),
    path("proposals/<uuid:proposal_id>/view", proposals.ProposalView.as_view()),
    path("proposals/<uuid:proposal_id>/shortlist", proposals.ProposalShortlist.as_view()),
    path("proposals/<uuid:proposal_id>/decline", proposals.ProposalDecline.as_view()),
    path("proposals/<uuid:proposal_id>/withdraw", proposals.ProposalWithdraw.as_view()),
    path("proposals/<uuid:proposal_id>/offers", offers.OffersOfProposal.as_view()),
    path("offers/<uuid:offer_id>", offers.OfferDetail.as_view()),
    path("offers/<uuid:offer_id>/accept", offers.OfferAccept.as_view()),
    path("offers/<uuid:offer_id>/decline", offers.OfferDecline.as_view()),
    path("offers/<uuid:offer_id>/withdraw", offers.OfferWithdraw.as_view()),
]
