-- Every cell that a platform lacks or has wrong and that we may tell it, as of tonight ($night, a variable).
--
-- To whom. Platforms that receive the field (their allow-list), that do not own it and do not copy it from another one,
--   about residents they already have: records still present there; and about residents whom they take in and do not have
--   (outbox.newcomer): of those also the fields that their page says they are told of a newcomer. Of residents who have died
--   or moved out nothing but that.
--   Residents under 14, and those whose birth date nobody knows, only to the departments of warehouse/policy.toml;
--   the fields it lists, only to the departments it lists.
-- What. What may be told at all (outbox.tellable).
--   What stands in a field that the platform copies from others may come from a record there that nobody recognised as this
--   person's (outbox.fed): it is filled where it is blank, and not corrected: it would be undone the next night.
-- In which words. A code is told as the platform's own list can say it (facts.expressible): `told` is the golden value,
--   or the broader code that is still true. A code that the platform cannot say at all is not wanted.
-- When. recall: what stands there is our own word, taken from a record that turned out to be somebody else's (a merge was
--   undone, a number was corrected): the right value is told, or the platform's own last, or that the cell is to be emptied.
--   misled_by: whose record that is today.
--   insert: a cell of a newcomer's row. close: it does not know that the resident died or moved out, or believes so of one who lives here. fill: the platform states nothing there, an explicit "has none", or something unusable (masked, cut off,
--   invalid). correct: it states another key than the one it would be told, and ours is neither of a poorer grade nor
--   less precise: a date to the month never replaces a full one, an address without the room never one with it, nor one
--   that only leaves out a part of it; a broader code never the narrower one it covers, and one phone never a list that already holds it.
with departments as (
    select slug as platform, unnest(string_split(department, '/')) as department
    from facts.platform
    where receives
),

tells_children as (
    select distinct d.platform
    from departments as d
    join facts.child_policy as c on starts_with(d.department, c.department)
),

tells_field as (
    select distinct d.platform, o.field
    from departments as d
    join facts.department_only as o on starts_with(d.department, o.department)
),

receiver as (
    select
        pf.platform,
        pf.field,
        pf."column",
        f.kind,
        pf.receives,
        tells_children.platform is not null as children
    from facts.platform_field as pf
    join facts.field as f on f.field = pf.field and f.publish
    left join tells_children on tells_children.platform = pf.platform
    left join tells_field on tells_field.platform = pf.platform and tells_field.field = pf.field
    where (pf.receives or pf.admits)
        and not pf.authority
        and (tells_field.field is not null or pf.field not in (select field from facts.department_only))
),

held as (
    select c.record_id, c.field, c.stated, c."key", q.place
    from staged.claim as c
    semi join receiver on receiver.platform = c.platform and receiver.field = c.field
    left join facts.quality as q on q.quality = c.quality and q.golden
    where c.until is null
),

-- Cells in which our own word stands, taken from a record that turned out to be somebody else's.
misled as (
    select e.record_id, e.field, own."key", q.place, theirs.resident_id as other
    from staged.echo as e
    join (
        select * from outbox.told where live and state in ('sending', 'sent')
        qualify row_number() over (partition by record_id, field order by line desc) = 1
    ) as t on t.record_id = e.record_id and t.field = e.field
    join resolved.record as mine on mine.record_id = e.record_id
    join resolved.record as theirs on theirs.record_id = t.taken_from
    left join staged.claim as own on own.record_id = e.record_id and own.field = e.field and own.since = e.instead
    left join facts.quality as q on q.quality = own.quality and q.publish
    where theirs.resident_id <> mine.resident_id
),

-- What a platform copies every night from another one that has the resident (facts.feed): told, it would be undone.
copied as (
    select distinct feed.platform, r.resident_id, feed.field
    from facts.feed as feed
    join staged.record as s on s.platform = feed.source and s.present
    join resolved.record as r on r.record_id = s.record_id
),

known as (
    select
        s.platform,
        s.record_id,
        s.source_key,
        r.resident_id,
        receiver.field,
        receiver."column",
        receiver.kind as parser,
        t.value,
        case when receiver.kind in ('code', 'flag') then e.told else t.value end as told,
        t.place,
        t.taken_from,
        t.rule,
        t.sources
    from staged.record as s
    join resolved.record as r on r.record_id = s.record_id
    join receiver on receiver.platform = s.platform
    left join misled as m on m.record_id = s.record_id and m.field = receiver.field
    join outbox.tellable as t on t.resident_id = r.resident_id and t.field = receiver.field
    left join facts.expressible as e on e.platform = s.platform and e.field = receiver.field and e.value = t.value
    anti join copied
        on copied.platform = s.platform and copied.resident_id = r.resident_id and copied.field = receiver.field
    where s.present and (receiver.receives or m.record_id is not null) and (receiver.children or not t.child)
),

-- Of those the ones of which nobody tells us better: what the platform itself said before is told, or nothing (the
-- cell has to be emptied).
taken_back as (
    select
        s.platform,
        s.record_id,
        s.source_key,
        r.resident_id,
        m.field,
        receiver."column",
        receiver.kind as parser,
        coalesce(case when m.place is not null then m."key" end, '') as value,
        value as told,
        m.place,
        s.record_id as taken_from,
        'own' as rule,
        1 as sources
    from misled as m
    join staged.record as s on s.record_id = m.record_id and s.present
    join resolved.record as r on r.record_id = m.record_id
    join receiver on receiver.platform = s.platform and receiver.field = m.field
    anti join known on known.record_id = m.record_id and known.field = m.field and known.told is not null
),

-- The cells of newcomers' rows: those of whom name and ID number can be told.
introduced as (
    select
        n.platform,
        n.record_id,
        '' as source_key,
        n.resident_id,
        receiver.field,
        receiver."column",
        receiver.kind as parser,
        t.value,
        case when receiver.kind in ('code', 'flag') then e.told else t.value end as told,
        t.place,
        t.taken_from,
        t.rule,
        t.sources
    from outbox.newcomer as n
    join receiver on receiver.platform = n.platform
    join outbox.tellable as t on t.resident_id = n.resident_id and t.field = receiver.field
    left join facts.expressible as e on e.platform = n.platform and e.field = receiver.field and e.value = t.value
    anti join copied
        on copied.platform = n.platform and copied.resident_id = n.resident_id and copied.field = receiver.field
    where receiver.children or not t.child
)

select
    k.platform,
    k.record_id,
    k.source_key,
    k.resident_id,
    k.field,
    k."column",
    case
        when starts_with(k.record_id, '+') then 'insert'
        when m.record_id is not null then 'recall'
        when k.field in ('death_flag', 'death_date', 'moved_out_flag', 'moved_out_date') then 'close'
        when held."key" is null or held.place is null then 'fill'
        else 'correct'
    end as kind,
    held.stated as held_stated,
    held."key" as held_key,
    k.value,
    k.told,
    k.taken_from,
    k.rule,
    k.sources,
    m.other as misled_by
from (
    select * from known
    union all by name
    select * from taken_back
    union all by name
    select * from introduced
) as k
left join misled as m on m.record_id = k.record_id and m.field = k.field
left join held on held.record_id = k.record_id and held.field = k.field
left join facts.broader as b on b.field = k.field and b.code = held."key" and b.broader = k.told
anti join outbox.fed as fed
    on fed.record_id = k.record_id and fed.field = k.field
    and m.record_id is null and facts.agree(fed.kind, fed."key", held."key")
where k.told is not null
    and not (k.field in ('death_flag', 'moved_out_flag') and k.value = '0' and held."key" is null)
    and (
        held."key" is null
        or held.place is null
        or (m.record_id is not null and held."key" <> k.told)
        or (
            held."key" <> k.told
            and k.place <= held.place
            and b.code is null
            and not (k.parser = 'date' and length(k.told) < length(held."key"))
            and not (k.parser = 'address' and string_split(held."key", '|')[11] <> '' and string_split(k.told, '|')[11] = '')
            and not (
                k.parser = 'address'
                and facts.agree('address', held."key", k.told)
                and len(list_filter(
                    list_zip(string_split(held."key", '|'), string_split(k.told, '|')),
                    lambda pair: pair[1] <> '' and pair[2] = ''
                )) > 0
            )
            and not (k.parser = 'phone' and list_has_all(string_split(held."key", ';'), string_split(k.told, ';')))
        )
    )
order by k.platform, k.record_id, k.field
