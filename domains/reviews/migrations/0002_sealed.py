"""What constraints can't say: who may review whom, that a review waits for its window, and that it stays as published."""

from django.db import migrations

from kelmah.db.roles import runtime_role

SEAL = """
CREATE FUNCTION reviews_window_and_reviews_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its reviews_reviewwindow%ROWTYPE;
BEGIN
    SELECT * INTO its FROM reviews_reviewwindow WHERE id = (to_jsonb(new) ->> TG_ARGV[0])::uuid;
    IF EXISTS (
        SELECT 1 FROM reviews_review WHERE window_id = its.id AND (author_role, author_id, subject_id) NOT IN
        (('hirer', its.hirer_id, its.worker_id), ('worker', its.worker_id, its.hirer_id))
    ) THEN
        RAISE EXCEPTION 'only the two sides of a contract review each other' USING errcode = '23514';
    END IF;
    IF EXISTS (
        SELECT 1 FROM reviews_review WHERE window_id = its.id AND (state = 'hidden') <> (its.state = 'open')
    ) THEN
        RAISE EXCEPTION 'a review is hidden while its window is open, and only then' USING errcode = '23514';
    END IF;
    RETURN NULL;
END $$;
-- At commit: window and reviews are published one after the other.
CREATE CONSTRAINT TRIGGER review_fits_its_window AFTER INSERT OR UPDATE ON reviews_review
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_window_and_reviews_fit('window_id');
CREATE CONSTRAINT TRIGGER window_fits_its_reviews AFTER UPDATE ON reviews_reviewwindow
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_window_and_reviews_fit('id');

CREATE FUNCTION reviews_published_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is published stays as it was written' USING errcode = '23514';
END $$;
CREATE TRIGGER published_review_is_sealed BEFORE UPDATE ON reviews_review FOR EACH ROW
WHEN (old.state <> 'hidden' AND
      (new.state = 'hidden' OR
       (old.id, old.window_id, old.author_id, old.subject_id, old.author_role, old.quality, old.communication,
        old.punctuality, old.value, old.clarity, old.payment, old.respect, old.stars, old.text, old.private_feedback,
        old.submitted_at, old.published_at)
       IS DISTINCT FROM
       (new.id, new.window_id, new.author_id, new.subject_id, new.author_role, new.quality, new.communication,
        new.punctuality, new.value, new.clarity, new.payment, new.respect, new.stars, new.text, new.private_feedback,
        new.submitted_at, new.published_at)
       OR old.replied_at IS NOT NULL AND
       (old.reply_text, old.replied_at) IS DISTINCT FROM (new.reply_text, new.replied_at)))
EXECUTE FUNCTION reviews_published_is_sealed();
CREATE TRIGGER window_is_sealed BEFORE UPDATE ON reviews_reviewwindow FOR EACH ROW
WHEN (old.state = 'published' AND new.state <> 'published' OR
      (old.id, old.contract_id, old.hirer_id, old.worker_id, old.opened_at, old.closes_at)
      IS DISTINCT FROM
      (new.id, new.contract_id, new.hirer_id, new.worker_id, new.opened_at, new.closes_at))
EXECUTE FUNCTION reviews_published_is_sealed();
"""
UNSEAL = """
DROP TRIGGER window_is_sealed ON reviews_reviewwindow;
DROP TRIGGER published_review_is_sealed ON reviews_review;
DROP TRIGGER window_fits_its_reviews ON reviews_reviewwindow;
DROP TRIGGER review_fits_its_window ON reviews_review;
DROP FUNCTION reviews_published_is_sealed();
DROP FUNCTION reviews_window_and_reviews_fit();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [
        migrations.RunSQL(SEAL, UNSEAL),
        migrations.RunSQL(
            f"REVOKE DELETE ON reviews_review, reviews_reviewwindow FROM {runtime_role('reviews')}",
            f"GRANT DELETE ON reviews_review, reviews_reviewwindow TO {runtime_role('reviews')}",
        ),
    ]
