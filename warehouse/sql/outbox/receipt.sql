-- What became of what a platform was told: of every cell the last telling, held against the platform's next export.
-- receipt: refused       the platform said that it does not take it
--          confirmed     its export states it (in its own normal form: padding and code words are no difference)
--          awaiting      no export has come since
--          still_old     an export came, and states what it stated before, or nothing, or what we told it earlier: it was away when
--                        it was told better
--          changed_there an export came, and states something that is neither: somebody changed it at the platform
-- times: how often the platform was told this very value.
with last_told as (
    select
        *,
        count(*) over (partition by platform, record_id, field, digest) as times
    from outbox.told
    where live and state in ('sending', 'sent')
    qualify row_number() over (partition by platform, record_id, field order by line desc) = 1
),

read_back as (
    select platform, max(night) as night from landed.pull where status in ('staged', 'unchanged') group by platform
)

select
    t.platform,
    t.record_id,
    t.field,
    t.digest,
    t.batch,
    t.night,
    t.kind,
    t.taken_from,
    t.times,
    case
        when d.digest = t.digest then 'confirmed'
        when t.refused is not null then 'refused'
        when coalesce(r.night <= t.night, true) then 'awaiting'
        when c.since > t.night and c."key" is not null and e.record_id is null then 'changed_there'
        else 'still_old'
    end as receipt,
    t.refused as words
from last_told as t
left join read_back as r on r.platform = t.platform
left join staged.claim as c on c.record_id = t.record_id and c.field = t.field and c.until is null
left join staged.echo as e on e.record_id = t.record_id and e.field = t.field
left join outbox.digest as d on d.value = c."key"
order by t.platform, t.record_id, t.field
