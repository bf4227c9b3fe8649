"""Frozen terms and signatures may lose their words, when the person who wrote them is erased, and nothing else."""

from django.db import migrations

from kelmah.db.roles import runtime_role

ERASED = "'[erased]'"

MAY_BE_ERASED = f"""
DROP TRIGGER contract_terms_are_frozen ON contracts_contract;
CREATE TRIGGER contract_terms_are_frozen BEFORE UPDATE ON contracts_contract FOR EACH ROW
WHEN ((old.id, old.job_id, old.offer_id, old.hirer_id, old.worker_id, old.kind, old.amount_minor,
       old.currency, old.fee_plan, old.text_sha256)
      IS DISTINCT FROM
      (new.id, new.job_id, new.offer_id, new.hirer_id, new.worker_id, new.kind, new.amount_minor,
       new.currency, new.fee_plan, new.text_sha256)
      OR (old.title, old.text) IS DISTINCT FROM (new.title, new.text)
      AND ((new.title, new.text) IS DISTINCT FROM ({ERASED}, {ERASED}) OR new.ended_at IS NULL))
EXECUTE FUNCTION contracts_terms_are_frozen();
DROP TRIGGER milestone_terms_are_frozen ON contracts_milestone;
CREATE TRIGGER milestone_terms_are_frozen BEFORE UPDATE ON contracts_milestone FOR EACH ROW
WHEN ((old.id, old.contract_id, old.position, old.amount_minor, old.currency)
      IS DISTINCT FROM
      (new.id, new.contract_id, new.position, new.amount_minor, new.currency)
      OR (old.title, old.description) IS DISTINCT FROM (new.title, new.description)
      AND (new.title, new.description) IS DISTINCT FROM ({ERASED}, ''))
EXECUTE FUNCTION contracts_terms_are_frozen();
CREATE TRIGGER signature_words_are_frozen BEFORE UPDATE ON contracts_signature FOR EACH ROW
WHEN ((new.legal_name, coalesce(new.address::text, ''), new.user_agent) IS DISTINCT FROM ({ERASED}, '', ''))
EXECUTE FUNCTION contracts_terms_are_frozen();
"""
FROZEN_AGAIN = """
DROP TRIGGER signature_words_are_frozen ON contracts_signature;
DROP TRIGGER contract_terms_are_frozen ON contracts_contract;
DROP TRIGGER milestone_terms_are_frozen ON contracts_milestone;
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
WORDS = "UPDATE (legal_name, address, user_agent) ON contracts_signature"


class Migration(migrations.Migration):
    dependencies = [("contracts", "0002_frozen")]
    operations = [
        migrations.RunSQL(MAY_BE_ERASED, FROZEN_AGAIN),
        migrations.RunSQL(
            f"GRANT {WORDS} TO {runtime_role('contracts')}", f"REVOKE {WORDS} FROM {runtime_role('contracts')}"
        ),
    ]
