"""Sending as one call: lock, number, check and store in the database, for one message or for a batch.

A call costs one round trip however many messages it carries, and its statements are planned once per connection. Each
statement inside sees what was committed before the lock was granted, which a single statement with CTEs would not.
"""

from django.db import migrations

# Every message is written by somebody who is, or was, a member.
SENDER_IS_MEMBER = """
ALTER TABLE messaging_message ADD CONSTRAINT message_sender_is_member
    FOREIGN KEY (sender_id, conversation_id) REFERENCES messaging_member (user_id, conversation_id)
"""

# Rows that every message changes: room on the page keeps those changes out of the indexes.
ROOM = "ALTER TABLE messaging_conversation SET (fillfactor = 50); ALTER TABLE messaging_member SET (fillfactor = 70)"

SEND = """
CREATE FUNCTION messaging_send(
    conversations_ uuid[], senders_ uuid[], client_ids_ text[], ids_ uuid[], texts_ text[], file_counts_ smallint[],
    at_ timestamptz, per_minute_ int, patient_ boolean
) RETURNS TABLE (outcome text, message_id uuid, number bigint, free_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    n int;
    ours uuid[];
BEGIN
    -- From here to the commit nobody else numbers messages of these conversations, and nobody else stores a message
    -- under the same client_id. Locked in one order everywhere, so that two calls never wait for each other.
    IF patient_ THEN
        ours := ARRAY(SELECT id FROM messaging_conversation WHERE id = ANY (conversations_)
                      ORDER BY id FOR NO KEY UPDATE);
    ELSE
        -- A batch does not wait for the one conversation that somebody holds: its messages come with a later batch.
        ours := ARRAY(SELECT id FROM messaging_conversation WHERE id = ANY (conversations_)
                      ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    FOR n IN 1 .. cardinality(ids_) LOOP
        outcome := NULL; message_id := NULL; number := NULL; free_at := NULL;
        PERFORM 1 FROM messaging_member m
        WHERE m.user_id = senders_[n] AND m.conversation_id = conversations_[n] AND m.left_at IS NULL;
        IF NOT FOUND THEN
            outcome := 'not_found';
        ELSIF NOT conversations_[n] = ANY (ours) THEN
            outcome := 'busy';
        ELSE
            SELECT 'repeated', m.id, m.seq INTO outcome, message_id, number FROM messaging_message m
            WHERE m.conversation_id = conversations_[n] AND m.sender_id = senders_[n] AND m.client_id = client_ids_[n];
        END IF;
        IF outcome IS NULL THEN
            -- The one that must have left the last minute before another may be written.
            SELECT 'too_many', m.created_at + interval '1 minute' INTO outcome, free_at FROM messaging_message m
            WHERE m.sender_id = senders_[n] AND m.created_at > at_ - interval '1 minute'
            ORDER BY m.created_at DESC OFFSET per_minute_ - 1 LIMIT 1;
        END IF;
        IF outcome IS NULL THEN
            outcome := 'sent';
            message_id := ids_[n];
            UPDATE messaging_conversation c
            SET last_seq = c.last_seq + 1, last_message_at = greatest(c.last_message_at, at_)
            WHERE c.id = conversations_[n] RETURNING c.last_seq INTO number;
            INSERT INTO messaging_message
                (id, conversation_id, seq, sender_id, client_id, text, file_count, created_at)
            VALUES (ids_[n], conversations_[n], number, senders_[n], client_ids_[n], texts_[n], file_counts_[n], at_);
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [
        migrations.RunSQL(SENDER_IS_MEMBER, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunSQL(SEND, "DROP FUNCTION messaging_send"),
    ]
