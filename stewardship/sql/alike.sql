-- Residents of whom what is typed says so much that they may be meant, the likeliest first;
-- of those who live in these areas ($areas), if any are named.
with met as (
    select
        resident_id, name, id_number, birth_date, phone, address,
        coalesce(id_number = $id_number, false) as same_number,
        coalesce(name = $name, false) as same_name,
        coalesce(birth_date = $birth_date, false) as same_birth,
        coalesce(list_has_any(string_split(phone, ';'), string_split($phone, ';')), false) as same_phone,
        coalesce(address = $address, false) as same_address
    from golden.resident
    where len($areas) = 0 or list_has_any($areas, [community, grid])
)

select
    resident_id, name, id_number, birth_date, phone, address,
    case
        when same_number then 'id_number'
        when same_name and same_birth then 'name_birth'
        when same_name and same_phone then 'name_phone'
        when same_name and same_address then 'name_address'
        when same_phone and same_birth then 'phone_birth'
        else 'name'
    end as because
from met
where same_number or same_name or (same_phone and same_birth)
order by
    same_number desc,
    same_name::integer + same_birth::integer + same_phone::integer + same_address::integer desc,
    resident_id
limit $most
