-- What hangs on each case: the trust of the most trusted sensitive platform that holds either resident, the platforms,
-- and how many cells would at most be told differently if the two became one: of each field that one side has and the
-- other lacks or has otherwise, the platforms that receive it.
-- Reads sitting (case_id, side, record_id, resident_id), which the caller made.
with held as (
    select distinct s.case_id, s.side, s.resident_id, r.record_id, r.platform
    from sitting as s
    join resolved.record as r using (resident_id)
),
stakes as (
    select
        h.case_id,
        max(case when p.tier = 'T3' then p.trust else 0 end) as stakes,
        list_sort(list(distinct h.platform)) as platforms
    from held as h
    left join facts.platform as p on p.slug = h.platform
    group by h.case_id
),
told as (
    select h.case_id, h.side, f.field, count(*) as cells
    from held as h
    join sitting as s on s.case_id = h.case_id and s.side <> h.side and s.resident_id <> h.resident_id
    join facts.platform_field as f on f.platform = h.platform and f.receives
    join golden.value as theirs on theirs.resident_id = s.resident_id and theirs.field = f.field
    left join golden.value as mine on mine.resident_id = h.resident_id and mine.field = f.field
    where mine.value is distinct from theirs.value
    group by all
),
cells as (
    select case_id, sum(most) as cells
    from (select case_id, field, max(cells) as most from told group by all)
    group by case_id
)
select s.case_id, coalesce(s.stakes, 0) as stakes, s.platforms, coalesce(c.cells, 0)::bigint as cells
from stakes as s
left join cells as c using (case_id)
