-- One row per golden resident. A trustworthy number is graded ok and agrees with the birth date that its own
-- record states; a number alone, or one that contradicts its record, may be the parent's and is not counted here.
with trusted as (
    select r.resident_id, count(distinct p.id_number) as trusted_numbers
    from resolved.record as r
    inner join staged.person as p on p.record_id = r.record_id
    where
        p.id_quality = 'ok'
        and replace(p.birth_date, '-', '') = substr(p.id_number, 7, 8)
        and (p.sex is null or p.sex not in ('1', '2') or p.sex::int % 2 = substr(p.id_number, 17, 1)::int % 2)
    group by r.resident_id
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
