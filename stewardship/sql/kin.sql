-- The cases whose two people may be family: any record of the one states the household number or the birth date that one of
-- the other does, or both belong to one household or dwelling. Twins answer every comparison alike; each is looked at alone.
-- Reads sitting (case_id, side, record_id, resident_id), which the caller made.
with said as (
    select distinct s.case_id, s.side, c.field, c."key"
    from sitting as s
    join resolved.record as r using (resident_id)
    join staged.own as c on c.record_id = r.record_id and c.field in ('household_number', 'birth_date')
    where c."key" is not null
    union
    select s.case_id, s.side, v.field, v.value
    from sitting as s
    join golden.value as v on v.resident_id = s.resident_id and v.field = 'birth_date'
    union
    select s.case_id, s.side, 'home', unnest([r.household_living_id, r.household_registered_id, r.dwelling_id])
    from sitting as s
    join resolved.record as r using (resident_id)
)

select distinct l.case_id
from said as l
join said as r using (case_id, field, "key")
where l.side = 'left' and r.side = 'right'
