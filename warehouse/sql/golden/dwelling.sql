-- One row per dwelling and its address as one whole key: as the owner of the address lists it (一数一源: a platform that lists
-- dwellings and nobody in them, with the authority for addresses), else of the living addresses stated by its records the
-- better grade, then the one most platforms state, then the one with more parts, then the smaller key. The record
-- taken from is the owner's, else of the most trusted platform that states it, then the smallest id.
-- Code (地址编码): the key of the owner's record, where that is its alone. Residents: those whose home it is today, without the
-- deceased and those who moved out; 0 where nobody is known to live, which does not say that it is empty.
with owner as (
    select platform from facts.platform_field where field = 'address' and authority
),

home as (
    select record_id, dwelling_id, false as owned from resolved.record where dwelling_id is not null
    union all
    select record_id, dwelling_id, platform in (from owner) from resolved.place where dwelling_id is not null
),

stated as (
    select
        r.dwelling_id,
        c."key" as address,
        bool_or(r.owned) as owned,
        min(q.place) as place,
        count(distinct c.platform) as platforms,
        len(list_filter(string_split(c."key", '|'), lambda part: part <> '')) as parts,
        bool_or(s.present) as present,
        arg_min(
            c.record_id, struct_pack(stray := not r.owned, distrust := -coalesce(p.trust, 0), record_id := c.record_id)
        ) as taken_from
    from staged.own as c
    join home as r on r.record_id = c.record_id
    join staged.record as s on s.record_id = c.record_id
    join facts.quality as q on q.quality = c.quality and q.golden
    left join facts.platform as p on p.slug = c.platform
    where c.field = 'address' and c."key" is not null
    group by r.dwelling_id, c."key"
),

best as (
    select *
    from stated
    qualify row_number() over (
        partition by dwelling_id order by present desc, owned desc, place, platforms desc, parts desc, address
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
    best.taken_from,
    case when best.owned and not starts_with(listed.source_key, '#') then listed.source_key end as code
from (select distinct dwelling_id from home) as every
left join best on best.dwelling_id = every.dwelling_id
left join resolved.place as listed on listed.record_id = best.taken_from
left join living on living.dwelling_id = every.dwelling_id
order by every.dwelling_id
