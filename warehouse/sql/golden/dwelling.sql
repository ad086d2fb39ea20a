-- One row per dwelling and its address as one whole key: of the living addresses stated by its records the
-- better grade, then the one most platforms state, then the one with more parts, then the smaller key. The record
-- taken from is of the most trusted platform that states it, then the smallest id. Residents: those whose home it
-- is today, without the deceased and those who moved out.
with stated as (
    select
        r.dwelling_id,
        c."key" as address,
        min(q.place) as place,
        count(distinct c.platform) as platforms,
        len(list_filter(string_split(c."key", '|'), lambda part: part <> '')) as parts,
        bool_or(s.present) as present,
        arg_min(c.record_id, struct_pack(distrust := -coalesce(p.trust, 0), record_id := c.record_id)) as taken_from
    from staged.own as c
    join resolved.record as r on r.record_id = c.record_id
    join staged.record as s on s.record_id = c.record_id
    join facts.quality as q on q.quality = c.quality and q.golden
    left join facts.platform as p on p.slug = c.platform
    where c.field = 'address' and c."key" is not null and r.dwelling_id is not null
    group by r.dwelling_id, c."key"
),

best as (
    select *
    from stated
    qualify row_number() over (
        partition by dwelling_id order by present desc, place, platforms desc, parts desc, address
    ) = 1
),

living as (
    select dwelling_id, count(*)::integer as residents
    from golden.resident
    where dwelling_id is not null and not deceased and not moved_out
    group by dwelling_id
)

select
    every.dwelling_id,
    best.address,
    coalesce(living.residents, 0) as residents,
    best.taken_from
from (select distinct dwelling_id from resolved.record where dwelling_id is not null) as every
left join best on best.dwelling_id = every.dwelling_id
left join living on living.dwelling_id = every.dwelling_id
order by every.dwelling_id
