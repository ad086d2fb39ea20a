-- The cells of waiting_cell (waiting_cell.sql), which the caller named: what the platform holds, what it would be told, and whose
-- word that is.
select
    d.platform,
    d.record_id,
    d.resident_id,
    coalesce(who.name, '') as person,
    d.field,
    d.kind,
    d.held_key,
    d.told,
    d.rule,
    d.sources,
    coalesce(source.platform, '') as source,
    coalesce(v.as_of::varchar, '') as "on",
    d.taken_from,
    d.digest,
    d.decision,
    coalesce(d.why, '') as why,
    d.word,
    coalesce(r.words, '') as words
from waiting_cell as d
left join golden.resident as who on who.resident_id = d.resident_id
left join staged.record as source on source.record_id = d.taken_from
left join golden.value as v on v.resident_id = d.resident_id and v.field = d.field
left join outbox.receipt as r
    on r.platform = d.platform and r.record_id = d.record_id and r.field = d.field and d.decision = 'refused'
