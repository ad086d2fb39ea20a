-- The golden values with which a form may be filled, one row each, for a purpose: its fields ($fields) and the department
-- whose form it is ($department).
--
-- Who. Residents who are there, alive and live here; those under 14, or whose birth date nobody knows, only for the
--   departments of warehouse/policy.toml.
-- What. What may be told at all (outbox.tellable), of fields that this department may have, and of which no news contradict
--   each other (golden.conflict): nobody has been asked yet which is right.
select t.resident_id, t.field, t.value, t.taken_from
from outbox.tellable as t
join golden.resident as r on r.resident_id = t.resident_id and r.present and not r.deceased and not r.moved_out
anti join golden.conflict as c on c.resident_id = t.resident_id and c.field = t.field
where list_contains($fields, t.field)
    and (not t.child or exists (select 1 from facts.child_policy as c where starts_with($department, c.department)))
    and (
        t.field not in (select field from facts.department_only)
        or exists (select 1 from facts.department_only as o where o.field = t.field and starts_with($department, o.department))
    )
