-- Records of one platform that are one resident, of the platforms that can be told so ($platforms): each with the one of them
-- that was there first. Rows without a key of the platform's own cannot be named to it.
with there as (
    select r.platform, r.resident_id, r.record_id, s.source_key, s.first_night
    from resolved.record as r
    join staged.record as s on s.record_id = r.record_id
    where s.present and list_contains($platforms, r.platform) and not starts_with(s.source_key, '#')
),

with_first as (
    select *, first_value(record_id) over first_one as kept, first_value(source_key) over first_one as kept_key
    from there
    window first_one as (partition by platform, resident_id order by first_night, record_id)
)

select platform, kept, record_id as other, kept_key, source_key as other_key
from with_first
where source_key <> kept_key
order by platform, kept, other
