-- What each record says today, one row per record: the current claims side by side, as keys.
-- Records that are gone from their platform stay, marked present = false. Rows that we inserted are no evidence and do not
-- stand here: they belong to their resident by receipt; nor do records of places, which speak of nobody. One pass over the claims,
-- and what concerns the few who were renamed once more.
-- Who bears the same checked ID number and the same name as a record that states a former name was called that, too, and so
-- was who has the name and the phone of any of these: else the registry, which says both, would be torn between those who
-- already say the new name and those who say the old one.
with changed_name as (
    select record_id from staged.own where field = 'former_name' and quality = 'ok' and "key" is not null
),

-- Who says a former name, or bears the number of who does.
concerned as (
    select record_id from changed_name
    union
    select record_id from staged.own semi join (
        select "key" from staged.own semi join changed_name using (record_id) where field = 'id_number'
    ) as borne using ("key")
    where field = 'id_number'
),

known as (
    select
        record_id,
        max("key") filter (where field = 'name') as name,
        max("key") filter (where field = 'former_name' and quality = 'ok') as former_name,
        max("key") filter (where field = 'id_number') as id_number,
        max(quality) filter (where field = 'id_number') as id_quality,
        max("key") filter (where field = 'phone') as phone
    from staged.own semi join concerned using (record_id)
    group by record_id
),

renamed as (
    select id_number, name, min(former_name) as former_name
    from known
    join facts.quality as q on q.quality = known.id_quality and q.good
    where former_name <> name and id_number is not null
    group by id_number, name
    having count(distinct former_name) = 1
),

called as (
    select known.name, known.phone, min(coalesce(known.former_name, renamed.former_name)) as former_name
    from known
    left join renamed on renamed.id_number = known.id_number and renamed.name = known.name
    where coalesce(known.former_name, renamed.former_name) <> known.name and known.phone is not null
    group by known.name, known.phone
    having count(distinct coalesce(known.former_name, renamed.former_name)) = 1
),

said as (
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
)

select
    r.record_id,
    r.platform,
    r.first_night,
    r.present,
    said.* exclude (record_id) replace (coalesce(said.former_name, renamed.former_name, called.former_name) as former_name)
from staged.record as r
left join said on said.record_id = r.record_id
left join renamed on renamed.id_number = said.id_number and renamed.name = said.name
left join called on called.name = said.name and called.phone = said.phone
anti join staged.adopted as a on a.record_id = r.record_id
anti join staged.place as place on place.record_id = r.record_id
order by r.record_id
