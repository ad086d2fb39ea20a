-- What each record says today, one row per record: the current claims side by side, as keys.
-- Records that are gone from their platform stay, marked present = false. Rows that we inserted are no evidence and do not
-- stand here: they belong to their resident by receipt. One pass over the claims.
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
)
select
    r.record_id,
    r.platform,
    r.first_night,
    r.present,
    said.* exclude (record_id)
from staged.record as r
left join said on said.record_id = r.record_id
anti join staged.adopted as a on a.record_id = r.record_id
order by r.record_id
