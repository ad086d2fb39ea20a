-- One row per golden resident. A trustworthy number is graded ok and agrees with the birth date that its own
-- record states; a number alone, or one that contradicts its record, may be the parent's and is not counted here. Several
-- numbers count as one where people declared each two of them to be one person's.
with number as (
    select distinct r.resident_id, p.id_number
    from resolved.record as r
    inner join staged.person as p on p.record_id = r.record_id
    where
        p.id_quality = 'ok'
        and replace(p.birth_date, '-', '') = substr(p.id_number, 7, 8)
        and (p.sex is null or p.sex not in ('1', '2') or p.sex::int % 2 = substr(p.id_number, 17, 1)::int % 2)
),

undeclared as (
    select distinct a.resident_id
    from number as a
    inner join number as b on b.resident_id = a.resident_id and b.id_number > a.id_number
    anti join matched.one_person as o on o.low = a.id_number and o.high = b.id_number
),

trusted as (
    select n.resident_id, case when any_value(u.resident_id) is null then 1 else count(*) end as trusted_numbers
    from number as n
    left join undeclared as u on u.resident_id = n.resident_id
    group by n.resident_id
),

chosen as (
    select
        resident_id,
        count(*) filter (where taken_from is null) as unsourced,
        max("value") filter (where field = 'id_number' and quality = 'ok') as full_id_number
    from golden.value
    group by resident_id
)

select
    g.resident_id,
    g.name,
    g.sex,
    c.full_id_number,
    (
        length(g.birth_date) = 10
        and replace(g.birth_date, '-', '') <> substr(c.full_id_number, 7, 8)
    )::int as birth_date_differs,
    coalesce(c.unsourced, 0) as unsourced,
    coalesce(t.trusted_numbers, 0) as trusted_numbers,
    g.records
from golden.resident as g
left join chosen as c on c.resident_id = g.resident_id
left join trusted as t on t.resident_id = g.resident_id
