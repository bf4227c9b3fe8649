"""The steps to take a domain out for real, and the way back, from the same facts as the report."""

from kelmah.extraction.facts import Ties

_STEPS = """## Doing it for real

`OLD` and `NEW` are the administrator's URLs of the common database and of {domain}'s own.

1. **Processes first, data later (no downtime).** Start {domain}'s {processes} with `LOCAL_DOMAINS={domain}` and the
   places of all others in `DOMAIN_URLS`, on the *old* database. Give all other processes `LOCAL_DOMAINS` without
   {domain} and `DOMAIN_URLS={domain}=…`, and restart them one by one; route {routes}
   to the new processes at the gateway (`manage.py deployment` writes its files). Watch `manage.py events list`. Back:
   the old settings.{keys}
2. **Prepare the new database.** `{name}_DATABASE_URL=NEW manage.py prepare_databases --domain {domain}`: the database,
   the roles `kelmah_{domain}` and its owner, extensions. It may be prepared days before.
3. **Copy, either of two ways.**
   - *Short freeze.* Stop {domain}'s processes: {waits}
     Then `pg_dump -Fc -n {domain} OLD | pg_restore --exit-on-error -1 -d NEW` after `DROP SCHEMA {domain}` there.
   - *Logical replication, seconds of freeze.* `wal_level=logical`; restore the schema only (`pg_dump -s`); on OLD
     `CREATE PUBLICATION leave FOR TABLES IN SCHEMA {domain}`, on NEW `CREATE SUBSCRIPTION arrive CONNECTION 'OLD'
     PUBLICATION leave`. When `pg_stat_subscription` has caught up, stop {domain}'s processes, wait until
     `pg_current_wal_lsn()` is replayed, `DROP SUBSCRIPTION arrive`, and set every sequence of NEW to its value in OLD:
     replication does not carry them.
4. **Compare before anybody writes.** `manage.py extract {domain} --compare OLD NEW`: rows and checksums of its {tables}
   tables, and sequences{proof}. On any difference start {domain}'s processes on OLD again: nothing was lost.
5. **Go.** Start {domain}'s processes with `{name}_DATABASE_URL=NEW`. `GET /health/ready` of each must say `ready`; the
   outboxes of {tellers} drain by themselves, in order, once each.
6. **Close the old door.** Revoke `CONNECT` of `kelmah_{domain}` on OLD; keep its schema, read-only, until the next
   backup of NEW was restored somewhere and compared.

**The way back**, as long as step 6 is not done: stop {domain}'s processes, move the schema from NEW to OLD the same way
(the rehearsal above did), compare, start them with the old URL. After that: the same with the roles swapped.

**Meanwhile people see:** {meanwhile}
"""


_KEYS = """ {domain} seals people's data: its processes need its key file (`CRYPTO_KEYS_FILE`) from
   the first moment, and say `keys_unavailable` without. When step 6 is done, take the file from the old processes and
   change the key: `manage.py crypto new-kek --domain {domain}`, `rewrap`, and after the last old backup `drop-kek`."""


def runbook(ties: Ties) -> str:
    """As Markdown."""
    tellers = sorted({event.domain for event in ties.events_in} - {ties.domain})
    askers = sorted({caller for caller, _ in ties.calls_in})
    kinds = ["api", "relay", *(["worker"] if ties.tasks else []), *(["beat"] if ties.schedule else [])]
    meanwhile = f"503 with Retry-After for what {ties.domain} serves"
    if askers:
        meanwhile += f"; what {' and '.join(askers)} must ask it answers 503, too"
    if tellers:
        meanwhile += f"; what {', '.join(tellers)} tell it waits in their outboxes and follows in order"
    return _STEPS.format(
        domain=ties.domain,
        name=ties.domain.upper(),
        processes=", ".join(kinds),
        routes=f"`/admin/{ties.domain}/` and its part of `/api/v1/`",
        waits=f"events for it wait in the outboxes of {', '.join(tellers)}." if tellers else "no event is for it.",
        tables=len(ties.tables),
        keys=_KEYS.format(domain=ties.domain) if ties.seals else "",
        proof=f", and `manage.py {' '.join(ties.proof)}`" if ties.proof else "",
        tellers=", ".join(tellers) or "the others",
        meanwhile=meanwhile + ".",
    )
