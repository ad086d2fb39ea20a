-- What each record says today, one row per record: the current claims side by side, as keys.
-- Records that are gone from their platform stay, marked present = false. Rows that we inserted are no evidence and do not
-- stand here: they belong to their resident by receipt; nor do records of places, which speak of nobody. One pass over the claims.
-- Who bears the same checked ID number and the same name as a record that states a former name was called that, too, and so
-- was who has the name and the phone of any of these: else the registry, which says both, would be torn between those who
-- already say the new name and those who say the old one.
with said as (
    select
        record_id,
        max("key") filter (where field = 'name') as name,
        max(quality) filter (where field = 'name') as name_quality,
        max("key") filter (where field = 'former_name' and quality = 'ok') as former_name,
        max("key") filter (where field = 'id_number') as id_number,
        max(quality) filter (where field = 'id_number') as id_quality,
        max("key") filter (where field = 'birth_date') as birth_date,
        max(quality) filter (where field = 'birth_date') as birth_date_quality,
        max("key") filter (where field = 'sex') as sex,
        max("key") filter (where field = 'phone') as phone,
        max("key") filter (where field = 'address') as address,
        max("key") filter (where field = 'registered_address') as registered_address,
        max("key") filter (where field = 'community') as community,
        max("key") filter (where field = 'household_number') as household_number,
        max("key") filter (where field = 'relation') as relation,
        max("key") filter (where field = 'head_name') as head_name,
        max("key") filter (where field = 'head_id_number') as head_id_number
    from staged.own
    group by record_id
),

renamed as (
    select said.id_number, said.name, min(said.former_name) as former_name
    from said
    join facts.quality as q on q.quality = said.id_quality and q.good
    where said.former_name <> said.name and said.id_number is not null
    group by said.id_number, said.name
    having count(distinct said.former_name) = 1
),

numbered as (
    select said.* replace (coalesce(said.former_name, renamed.former_name) as former_name)
    from said
    left join renamed on renamed.id_number = said.id_number and renamed.name = said.name
),

called as (
    select name, phone, min(former_name) as former_name
    from numbered
    where former_name <> name and phone is not null
    group by name, phone
    having count(distinct former_name) = 1
)

select
    r.record_id,
    r.platform,
    r.first_night,
    r.present,
    numbered.* exclude (record_id) replace (coalesce(numbered.former_name, called.former_name) as former_name)
from staged.record as r
left join numbered on numbered.record_id = r.record_id
left join called on called.name = numbered.name and called.phone = numbered.phone
anti join staged.adopted as a on a.record_id = r.record_id
anti join staged.place as place on place.record_id = r.record_id
order by r.record_id
