-- The households and the dwelling that are asked for ($homes), each with whose they are; address: of the dwelling, as a key.
select m.kind, m.household_id as home, coalesce(d.address, '') as address, r.resident_id, r.name, r.birth_date,
    m.relation, r.community, r.grid
from golden.household_member as m
join golden.household as h on h.household_id = m.household_id and h.kind = m.kind
join golden.resident as r on r.resident_id = m.resident_id
left join golden.dwelling as d on d.dwelling_id = h.dwelling_id
where list_contains($homes, m.household_id)
union all
select 'dwelling', r.dwelling_id, coalesce(d.address, ''), r.resident_id, r.name, r.birth_date, null, r.community, r.grid
from golden.resident as r
join golden.dwelling as d on d.dwelling_id = r.dwelling_id
where list_contains($homes, r.dwelling_id) and not r.deceased and not r.moved_out
order by all
