-- Values of one field of one resident that contradict each other (golden.conflict), one row per value, the golden one first:
-- which record of which platform says it, since which night, and as of which day by its own word.
with said as (
    select resident_id, field, value, taken_from as record_id, true as golden, max(since) as since
    from golden.conflict
    group by resident_id, field, value, taken_from
    union all
    select resident_id, field, rival, rival_from, false, since from golden.conflict
)

select
    'value' as kind,
    s.resident_id as about,
    s.field,
    s.since::varchar as since,
    list_filter([who.community, who.grid], lambda one: one is not null) as areas,
    s.record_id,
    r.platform,
    s.value,
    c.since::varchar as entered,
    coalesce(c.as_of::varchar, '') as dated,
    s.resident_id,
    coalesce(who.name, '') as person,
    '' as home,
    s.golden
from said as s
join staged.record as r on r.record_id = s.record_id
join staged.own as c on c.record_id = s.record_id and c.field = s.field
left join golden.resident as who on who.resident_id = s.resident_id
order by s.resident_id, s.field, s.golden desc, s.value, s.record_id
