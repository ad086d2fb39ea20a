-- Records that lately stopped saying the phone by which they were known to be somebody's: of each, the resident of whom
-- another record says that phone and the same name today, and who is not this one by now. Matching reads what is stated today
-- and lets go; whether somebody has a new phone, or was never meant, a person has to ask.
-- Each two records once, also where both let go of a phone that the other has today (two brothers who swapped): of the later one.
-- Not where reliable ID numbers tell the two apart, nor where matching itself asks about the two (already, which the
-- caller made). $nights: how far back. until: the night from which the record says otherwise.
with number as (
    select distinct r.resident_id, c."key" as id_number
    from staged.own as c
    join resolved.record as r on r.record_id = c.record_id
    join facts.quality as q on q.quality = c.quality and q.good
    where c.field = 'id_number' and c."key" is not null
),

-- What a platform says because we told it is no word of its own on whose phone that is.
ours as (
    select t.record_id, t.field, d.value, t.night
    from outbox.told as t
    join outbox.digest as d on d.digest = t.digest
    where t.live and t.state in ('sending', 'sent')
),

gone as (
    select mine.record_id, mine.resident_id, said.name, c."key" as phone, c.until
    from staged.claim as c
    join facts.quality as q on q.quality = c.quality and q.golden
    join staged.person as said on said.record_id = c.record_id and said.present
    join resolved.record as mine on mine.record_id = c.record_id
    join staged.own as name on name.record_id = c.record_id and name.field = 'name' and name.since < c.until
    anti join ours
        on ours.record_id = c.record_id and ours.field = c.field and ours.value = c."key" and ours.night <= c.since
    where c.field = 'phone'
        and c."key" is not null
        and c.until >= (select max(night) from landed.pull) - $nights
        and not coalesce(facts.agree('phone', c."key", said.phone), false)
),

pair as (
    select
        gone.record_id,
        gone.resident_id,
        theirs.resident_id as other,
        max(gone.until) as until,
        min(theirs.record_id) as other_record
    from gone
    join staged.person as now on now.name = gone.name and now.present and facts.agree('phone', now.phone, gone.phone)
    join resolved.record as theirs on theirs.record_id = now.record_id and theirs.resident_id <> gone.resident_id
    group by gone.record_id, gone.resident_id, theirs.resident_id
),

settled as (
    select pair.resident_id, pair.other
    from pair
    join number as mine on mine.resident_id = pair.resident_id
    join number as theirs on theirs.resident_id = pair.other and theirs.id_number <> mine.id_number
    union
    select l.resident_id, r.resident_id
    from (
        select "left", "right" from already
        union
        select "right", "left" from already
    ) as a
    join resolved.record as l on l.record_id = a."left"
    join resolved.record as r on r.record_id = a."right"
)

select
    least(pair.record_id, pair.other_record) as "left",
    greatest(pair.record_id, pair.other_record) as "right",
    pair.until::varchar as until,
    coalesce(p.title, r.platform) as platform
from pair
join staged.record as r on r.record_id = pair.record_id
left join facts.platform as p on p.slug = r.platform
anti join settled on settled.resident_id = pair.resident_id and settled.other = pair.other
qualify row_number() over (
    partition by least(pair.record_id, pair.other_record), greatest(pair.record_id, pair.other_record)
    order by pair.until desc, pair.record_id
) = 1
order by "left", "right"
