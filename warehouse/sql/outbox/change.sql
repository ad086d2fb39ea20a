-- What stands in the files of the outbox and is still wanted: every wanted cell whose last note in the ledger is this
-- very value, with the night of that note. A cell that no file could hold (too long, a required cell missing, a
-- household that does not agree) is not noted and stands in outbox.left_out instead.
-- `value` is the golden value, `told` how this platform is told it.
select
    p.night,
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
    w.told,
    w.taken_from,
    w.rule
from outbox.wanted as w
join outbox.digest as d on d.told = w.told
join outbox.prepared as p
    on p.platform = w.platform and p.record_id = w.record_id and p.field = w.field and p.digest = d.digest
order by w.platform, w.record_id, w.field
