-- One row per platform that something would be written to, counting every cell that must not be. Where our own word is
-- taken back, what the platform itself said before is told, or that the cell is to be emptied (rule = own).
with held as (
    select platform, count(*) as records
    from staged.record
    where present
    group by platform
)

select
    t.platform,
    count(*) as cells,
    count(*) filter (
        where not coalesce(f.publish, false)
            or not coalesce(mine.receives or (mine.admits and t.kind in ('insert', 'recall')), false)
    ) as outside_allow_list,
    count(*) filter (where own.record_id is null and new.record_id is null) as not_admitted,
    count(*) filter (where t.rule is distinct from 'own' and not coalesce(g.shareable, false)) as not_shareable,
    count(*) filter (
        where (t.rule is distinct from 'own' and coalesce(trim(t."value"), '') = '') or contains(t."value", '*')
    ) as masked_values,
    count(*) - count(distinct (t.record_id, t.field)) as cells_twice,
    count(*) filter (where t.held_key = t.told) as unchanged_cells,
    count(distinct t.record_id) filter (where t.kind = 'correct') / nullif(max(h.records), 0) as corrected_share
from outbox.wanted as t
left join facts.platform_field as mine on mine.platform = t.platform and mine.field = t.field
left join facts.field as f on f.field = t.field
left join staged.record as own on own.platform = t.platform and own.record_id = t.record_id and own.present
left join outbox.newcomer as new on new.platform = t.platform and new.record_id = t.record_id and t.kind = 'insert'
left join golden.value as g on g.resident_id = t.resident_id and g.field = t.field and g."value" = t."value"
left join held as h on h.platform = t.platform
group by t.platform
order by t.platform
