-- The golden values with which a form may be filled, one row each, as of a night ($night) and for a purpose: its fields
-- ($fields) and the department whose form it is ($department). The rules are those of outbox.wanted, where they speak of what
-- may be told and not of what a platform holds.
--
-- Who. Residents who are there, alive and live here; those under 14, or whose birth date nobody knows, only for the
--   departments of warehouse/policy.toml.
-- What. Values of a grade that may be published, stated by somebody who may pass the field on (shareable), of fields that
--   this department may have. A phone that stands for several residents is nobody's own.
with resident as (
    select
        resident_id,
        try_cast(
            case length(birth_date) when 10 then birth_date when 7 then birth_date || '-28' else birth_date || '-12-31' end
            as date
        ) as born
    from golden.resident
    where present and not deceased and not moved_out
),

admitted as (
    select resident.resident_id
    from resident
    where exists (select 1 from facts.child_policy as c where starts_with($department, c.department))
        or born + to_years((select max(under) from facts.child_policy)) <= $night
),

part as (
    select v.resident_id, v.field, unnest(string_split(v.value, ';')) as part
    from golden.value as v
    join facts.personal_only as o on o.field = v.field
),

not_personal as (
    select distinct resident_id, field
    from part
    where (field, part) in (select (field, part) from part group by field, part having count(distinct resident_id) > 1)
)

select v.resident_id, v.field, v.value, v.taken_from
from golden.value as v
join admitted on admitted.resident_id = v.resident_id
join facts.field as f on f.field = v.field and f.publish
join facts.quality as q on q.quality = v.quality and q.publish
anti join not_personal as n on n.resident_id = v.resident_id and n.field = v.field
where v.shareable
    and list_contains($fields, v.field)
    and (
        v.field not in (select field from facts.department_only)
        or exists (select 1 from facts.department_only as o where o.field = v.field and starts_with($department, o.department))
    )
order by v.resident_id, v.field
