-- What stands in the files of the outbox and is still wanted: every wanted cell whose last note in the ledger is this
-- very value, with the night of that note. A cell that no file could hold (too long, a required cell missing, a
-- household that does not agree) is not noted and stands in outbox.left_out instead.
-- `value` is the golden value, `told` how this platform is told it.
with noted as (
    select * from outbox.told
    qualify row_number() over (partition by platform, record_id, field order by line desc) = 1
)

select
    noted.night,
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
join outbox.digest as d on d.value = w.told
join noted
    on noted.platform = w.platform and noted.record_id = w.record_id and noted.field = w.field
    and noted.digest = d.digest
order by w.platform, w.record_id, w.field
