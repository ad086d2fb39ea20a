-- One row per resident: every golden value side by side, and where the resident lives and is registered.
--
-- Living household and dwelling: those of the record from which the golden living address was taken; where it
-- names none, those that most of the resident's records name, records still at their platform first; then the
-- smaller id. The registered household in the same way, by the golden registered address.
-- `present` is false when no platform has the resident any more.
with told as (
    select
        resident_id,
        max(value) filter (where field = 'name') as name,
        max(value) filter (where field = 'former_name') as former_name,
        max(value) filter (where field = 'id_number') as id_number,
        max(value) filter (where field = 'sex') as sex,
        max(value) filter (where field = 'birth_date') as birth_date,
        max(value) filter (where field = 'ethnic') as ethnic,
        max(value) filter (where field = 'phone') as phone,
        max(value) filter (where field = 'address') as address,
        max(value) filter (where field = 'registered_address') as registered_address,
        max(value) filter (where field = 'community') as community,
        max(value) filter (where field = 'grid') as grid,
        max(value) filter (where field = 'relation') as relation,
        max(value) filter (where field = 'marital') as marital,
        max(value) filter (where field = 'education') as education,
        max(value) filter (where field = 'political') as political,
        max(value) filter (where field = 'employment') as employment,
        max(value) filter (where field = 'employer') as employer,
        max(value) filter (where field = 'hukou_type') as hukou_type,
        max(value) filter (where field = 'residence_flag') as residence_flag,
        max(value) filter (where field = 'death_flag') as death_flag,
        max(value) filter (where field = 'death_date') as death_date,
        max(value) filter (where field = 'moved_out_flag') as moved_out_flag,
        max(value) filter (where field = 'moved_out_date') as moved_out_date,
        max(value) filter (where field = 'guardian') as guardian,
        max(value) filter (where field = 'guardian_phone') as guardian_phone,
        max(value) filter (where field = 'disability_number') as disability_number
    from golden.value
    group by resident_id
),

member as (
    select
        r.*,
        s.present,
        s.first_night,
        coalesce(living.field is not null, false) as tells_address,
        coalesce(registered.field is not null, false) as tells_registered
    from resolved.record as r
    join staged.record as s on s.record_id = r.record_id
    left join golden.value as living
        on living.resident_id = r.resident_id and living.field = 'address' and living.taken_from = r.record_id
    left join golden.value as registered
        on registered.resident_id = r.resident_id
        and registered.field = 'registered_address'
        and registered.taken_from = r.record_id
),

named as (
    select resident_id, 'household_living_id' as kind, household_living_id as id, tells_address as tells, present
    from member
    union all
    select resident_id, 'household_registered_id', household_registered_id, tells_registered, present from member
    union all
    select resident_id, 'dwelling_id', dwelling_id, tells_address, present from member
),

weighed as (
    select resident_id, kind, id, bool_or(tells) as tells, sum(present::integer) as standing, count(*) as records
    from named
    where id is not null
    group by resident_id, kind, id
),

home as (
    select
        resident_id,
        max(id) filter (where kind = 'household_living_id') as household_living_id,
        max(id) filter (where kind = 'household_registered_id') as household_registered_id,
        max(id) filter (where kind = 'dwelling_id') as dwelling_id
    from (
        select *
        from weighed
        qualify row_number() over (
            partition by resident_id, kind order by tells desc, standing desc, records desc, id
        ) = 1
    )
    group by resident_id
),

counted as (
    select
        resident_id,
        count(*)::integer as records,
        bool_or(present) as present,
        min(first_night) as first_night
    from member
    group by resident_id
)

select
    counted.*,
    home.* exclude (resident_id),
    told.* exclude (resident_id),
    -- Nothing is written about a resident who has died or moved out. A date alone says so too, unless the flag,
    -- stated by somebody, denies it.
    coalesce(told.death_flag = '1' or (told.death_flag is null and told.death_date is not null), false) as deceased,
    coalesce(
        told.moved_out_flag = '1' or (told.moved_out_flag is null and told.moved_out_date is not null), false
    ) as moved_out
from counted
left join home on home.resident_id = counted.resident_id
left join told on told.resident_id = counted.resident_id
order by counted.resident_id
