-- Every change still wanted, with the night on which it was first prepared: the ledger's night when the last thing
-- prepared for that cell was this very value, else tonight.
select
    coalesce(p.night, getvariable('night')) as night,
    w.platform,
    w.record_id,
    w.source_key,
    w.resident_id,
    w.field,
    w."column",
    w.kind,
    w.held_stated,
    w.held_key,
    w.value,
    w.taken_from,
    w.rule
from outbox.wanted as w
join outbox.digest as d on d.value = w.value
left join outbox.prepared as p
    on p.platform = w.platform and p.record_id = w.record_id and p.field = w.field and p.digest = d.digest
order by w.platform, w.record_id, w.field
