"""A ready file stays what was looked at: what others were shown, signed for or paid for can't be exchanged later."""

from django.db import migrations

KEEP = """
CREATE FUNCTION files_checked_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a checked file stays as it was checked: upload another' USING errcode = '23514';
END $$;
CREATE TRIGGER checked_file_stays BEFORE UPDATE ON files_file FOR EACH ROW
WHEN (old.state = 'ready' AND
      (old.id, old.owner_id, old.kind, old.name, old.content_type, old.size, old.sha256, old.storage_key,
       old.created_at, old.completed_at)
      IS DISTINCT FROM
      (new.id, new.owner_id, new.kind, new.name, new.content_type, new.size, new.sha256, new.storage_key,
       new.created_at, new.completed_at)
      OR old.state = 'ready' AND new.state NOT IN ('ready', 'deleted')
      OR old.state IN ('failed', 'deleted') AND new.state <> old.state)
EXECUTE FUNCTION files_checked_file_stays();
"""
FORGET = """
DROP TRIGGER checked_file_stays ON files_file;
DROP FUNCTION files_checked_file_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("files", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
