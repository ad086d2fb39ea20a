-- Which record of a platform is the row that we inserted there: the first one, in an export after the telling, whose first
-- words are the very name and ID number that we told. It belongs to its resident by this receipt and is kept out of
-- matching: a wrong merge cannot glue two people together through the row that it produced.
-- newcomer: what the ledger calls the row, `+` and the record whose ID number it was told.
with inserted as (
    select
        platform,
        record_id as newcomer,
        min(night) as night,
        max(digest) filter (where field = 'name') as name,
        max(digest) filter (where field = 'id_number') as id_number
    from outbox.told
    where kind = 'insert' and live and state in ('sending', 'sent') and refused is null and starts_with(record_id, '+')
    group by platform, record_id
),

introduced as (
    select
        r.platform,
        r.record_id,
        r.first_night,
        max(d.digest) filter (where c.field = 'name') as name,
        max(d.digest) filter (where c.field = 'id_number') as id_number
    from staged.record as r
    join staged.claim as c on c.record_id = r.record_id and c.since = r.first_night and c.field in ('name', 'id_number')
    join outbox.digest as d on d.value = c."key"
    where r.platform in (select platform from inserted)
    group by r.platform, r.record_id, r.first_night
)

select i.newcomer, n.record_id, n.platform
from inserted as i
join introduced as n
    on n.platform = i.platform and n.name = i.name and n.id_number = i.id_number and n.first_night > i.night
qualify row_number() over (partition by i.newcomer, i.platform order by n.first_night, n.record_id) = 1
    and row_number() over (partition by n.record_id order by i.night, i.newcomer) = 1
order by n.record_id
