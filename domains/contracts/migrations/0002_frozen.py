"""What both sides signed stays as it was signed: a trigger for the terms, privileges for the signatures."""

from django.db import migrations

from kelmah.db.roles import runtime_role

FREEZE = """
CREATE FUNCTION contracts_terms_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the terms of a contract are frozen: make an amendment' USING errcode = '42501';
END $$;
CREATE TRIGGER contract_terms_are_frozen BEFORE UPDATE ON contracts_contract FOR EACH ROW
WHEN ((old.id, old.job_id, old.offer_id, old.hirer_id, old.worker_id, old.title, old.kind, old.amount_minor,
       old.currency, old.fee_plan, old.text, old.text_sha256)
      IS DISTINCT FROM
      (new.id, new.job_id, new.offer_id, new.hirer_id, new.worker_id, new.title, new.kind, new.amount_minor,
       new.currency, new.fee_plan, new.text, new.text_sha256))
EXECUTE FUNCTION contracts_terms_are_frozen();
CREATE TRIGGER milestone_terms_are_frozen BEFORE UPDATE ON contracts_milestone FOR EACH ROW
WHEN ((old.id, old.contract_id, old.position, old.title, old.description, old.amount_minor, old.currency)
      IS DISTINCT FROM
      (new.id, new.contract_id, new.position, new.title, new.description, new.amount_minor, new.currency))
EXECUTE FUNCTION contracts_terms_are_frozen();
"""
THAW = """
DROP TRIGGER contract_terms_are_frozen ON contracts_contract;
DROP TRIGGER milestone_terms_are_frozen ON contracts_milestone;
DROP FUNCTION contracts_terms_are_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]
    operations = [
        migrations.RunSQL(FREEZE, THAW),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE ON contracts_signature FROM {runtime_role('contracts')}",
            f"GRANT UPDATE, DELETE ON contracts_signature TO {runtime_role('contracts')}",
        ),
    ]
