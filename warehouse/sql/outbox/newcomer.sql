-- Every resident whom a platform takes in and does not have, as of tonight ($night, a variable).
--
-- Who is taken in: whom the platform's own page admits (facts.admits), of those who live here: somebody still has them,
--   they have neither died nor moved out, their living address is known, and their name and ID number are of a grade on
--   which an owner could insist. A platform that has, or ever had, a record of the resident has them: it may have struck
--   the record off on purpose.
-- record_id: what the row is called until the platform has given it a number (staged.adopted): `+` and the record whose
--   ID number is told, so that after a split the row stays with whom it names; once told, what it was called then.
-- backlog: the resident was known before the platform's first export came, so that somebody there may have had reasons; they
--   are told of only when a person says so.
-- why: namesake, if a person has to look first: the platform has a record that may be the same person and of which no ID
--   number says otherwise; a person kept twice is worse than one typed once.
with resident as (
    select
        g.resident_id,
        g.first_night,
        g.sex,
        try_cast(g.birth_date as date) as born,
        g.name,
        g.id_number,
        g.birth_date,
        g.phone,
        g.address,
        number.rule = 'authority' as vouched,
        number.taken_from as record_id
    from golden.resident as g
    join golden.value as number on number.resident_id = g.resident_id and number.field = 'id_number' and number.shareable
    join golden.value as name on name.resident_id = g.resident_id and name.field = 'name' and name.shareable
    join facts.quality as q on q.quality = number.quality and q.good and q.publish
    join facts.quality as p on p.quality = name.quality and p.good and p.publish
    where g.present and not g.deceased and not g.moved_out and g.address is not null
),

holding as (
    select resident_id, list(field) as fields
    from golden.value
    where field in (select unnest(holding) from facts.admits)
    group by resident_id
),

had as (
    select distinct s.platform, r.resident_id
    from staged.record as s
    join resolved.record as r on r.record_id = s.record_id
),

admitted as (
    select a.platform, resident.*
    from resident
    cross join facts.admits as a
    left join holding on holding.resident_id = resident.resident_id
    anti join had on had.platform = a.platform and had.resident_id = resident.resident_id
    where (a.youngest is null or date_sub('year', resident.born, getvariable('night')) between a.youngest and a.oldest)
        and (a.sex is null or a.sex = resident.sex)
        and list_has_all(coalesce(holding.fields, []), a.holding)
),

-- Told, and not seen since.
pending as (
    select t.platform, r.resident_id, arg_min(t.record_id, t.line) as record_id
    from outbox.told as t
    join resolved.record as r on t.record_id = '+' || r.record_id
    where t.live and t.state in ('sending', 'sent')
    group by t.platform, r.resident_id
),

known as (
    select p.platform, p.name, p.birth_date, p.phone, p.address, p.id_number, p.id_quality
    from staged.person as p
    where p.present and p.platform in (select platform from facts.admits)
),

alike as (
    select a.platform, a.resident_id, a.id_number, k.id_number as theirs, k.id_quality
    from admitted as a join known as k on k.platform = a.platform and k.name = a.name
    union all
    select a.platform, a.resident_id, a.id_number, k.id_number, k.id_quality
    from admitted as a join known as k on k.platform = a.platform and k.birth_date = a.birth_date and k.phone = a.phone
    union all
    select a.platform, a.resident_id, a.id_number, k.id_number, k.id_quality
    from admitted as a join known as k on k.platform = a.platform and k.birth_date = a.birth_date and k.address = a.address
    union all
    select a.platform, a.resident_id, a.id_number, k.id_number, null
    from admitted as a join known as k on k.platform = a.platform and k.id_number = a.id_number
),

namesake as (
    select distinct platform, resident_id
    from alike
    where not coalesce(id_quality = 'ok' and theirs <> id_number, false)
),

opened as (
    select platform, min(night) as night from landed.pull where status = 'staged' group by platform
)

select
    a.platform,
    coalesce(pending.record_id, '+' || a.record_id) as record_id,
    a.resident_id,
    a.first_night as since,
    a.vouched,
    a.first_night <= opened.night as backlog,
    case when namesake.resident_id is not null then 'namesake' end as why
from admitted as a
join opened on opened.platform = a.platform
left join pending on pending.platform = a.platform and pending.resident_id = a.resident_id
left join namesake on namesake.platform = a.platform and namesake.resident_id = a.resident_id
order by a.platform, a.resident_id
