-- Who belongs to a household, and how to its head: the members that golden/household.sql counted.
-- The head is 户主 (02). The others keep their golden relation only where a platform's word named the head
-- (by relation or by name): a relation says nothing towards somebody who is merely the eldest.
select
    h.household_id,
    h.kind,
    r.resident_id,
    case
        when r.resident_id = h.head_resident_id then '02'
        when h.head_by = 'eldest' or r.relation = '02' then null
        else r.relation
    end as relation
from golden.household as h
join golden.resident as r
    on h.household_id = case h.kind when 'living' then r.household_living_id else r.household_registered_id end
where not r.deceased and (h.kind = 'registered' or not r.moved_out)
order by h.kind, h.household_id, r.resident_id
