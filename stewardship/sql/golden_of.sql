-- The values we stand for of one resident, each with the platform whose word it is.
select v.field, v.value, v.rule, v.sources, coalesce(v.as_of::varchar, '') as "on", s.platform
from golden.value as v
join staged.record as s on s.record_id = v.taken_from
where v.resident_id = $resident
order by v.field
