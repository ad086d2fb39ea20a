-- How much of each golden field every platform fills: records with a usable value, of all its records.
with held as (
    select platform, count(*) as records
    from staged.record
    where present
    group by platform
)

select c.platform, c.field, count(c."key") / max(h.records) as filled
from staged.claim as c
inner join held as h on h.platform = c.platform
inner join facts.field as f on f.field = c.field and f.golden <> 'none'
where c.until is null
group by c.platform, c.field
