"""What Django can't declare about offers: an offer belongs to the job of its proposal, and the milestones of a fixed
price sum to it exactly, while work by the hour has none."""

from django.db import migrations

SAME_JOB = """
ALTER TABLE marketplace_offer ADD CONSTRAINT offer_of_its_proposals_job
    FOREIGN KEY (proposal_id, job_id) REFERENCES marketplace_proposal (id, job_id);
"""

EXACT_SUM = """
CREATE FUNCTION marketplace_sum_of(milestones jsonb) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(sum((step ->> 'amount')::numeric), 0) FROM jsonb_array_elements(milestones) AS step);
ALTER TABLE marketplace_offer ADD CONSTRAINT offer_milestones_sum_to_amount CHECK (
    marketplace_sum_of(milestones) = CASE kind WHEN 'fixed' THEN amount_minor ELSE 0 END
);
"""


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0002_taxonomy")]

    operations = [
        migrations.RunSQL(
            SAME_JOB, "ALTER TABLE marketplace_offer DROP CONSTRAINT offer_of_its_proposals_job"
        ),
        migrations.RunSQL(
            EXACT_SUM,
            "ALTER TABLE marketplace_offer DROP CONSTRAINT offer_milestones_sum_to_amount;"
            "DROP FUNCTION marketplace_sum_of(jsonb)",
        ),
    ]
