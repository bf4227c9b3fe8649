"""Published reviews may lose their words, when the person who wrote them or is meant is erased, and nothing else."""

from django.db import migrations

_SAME = """(old.id, old.window_id, old.author_id, old.subject_id, old.author_role, old.quality, old.communication,
        old.punctuality, old.value, old.clarity, old.payment, old.respect, old.stars, old.submitted_at,
        old.published_at)
       IS DISTINCT FROM
       (new.id, new.window_id, new.author_id, new.subject_id, new.author_role, new.quality, new.communication,
        new.punctuality, new.value, new.clarity, new.payment, new.respect, new.stars, new.submitted_at,
        new.published_at)"""

_REPLACE = """
DROP TRIGGER published_review_is_sealed ON reviews_review;
CREATE TRIGGER published_review_is_sealed BEFORE UPDATE ON reviews_review FOR EACH ROW
WHEN (old.state <> 'hidden' AND
      (new.state = 'hidden' OR
       {same}
       OR (old.text, old.private_feedback) IS DISTINCT FROM (new.text, new.private_feedback) {words}
       OR old.replied_at IS NOT NULL AND
       (old.reply_text, old.replied_at) IS DISTINCT FROM (new.reply_text, new.replied_at) {reply}))
EXECUTE FUNCTION reviews_published_is_sealed();
"""
MAY_BE_ERASED = _REPLACE.format(
    same=_SAME,
    words="AND (new.text, new.private_feedback) IS DISTINCT FROM ('', '')",
    reply="AND (new.reply_text, new.replied_at) IS DISTINCT FROM ('[erased]', old.replied_at)",
)


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_sealed")]
    operations = [migrations.RunSQL(MAY_BE_ERASED, _REPLACE.format(same=_SAME, words="", reply=""))]
