-- What may stand in a platform's cell because it was copied from another platform, from a record that nobody recognised as this
-- person's: the platform copies the field (facts.feed), and somebody there who says the same name, number or phone says this, or
-- said so until lately (`copied` in policy.toml, in nights): it takes a while until it stands where it is copied to.
-- As of tonight ($night, a variable). A table of its own, so that how few these are is known where every wanted cell is held
-- against them.
with copies as (
    select distinct platform, source from facts.feed
),

-- Whom a source may hold under a record of its own that is with somebody else: it says the same name or ID
-- number, the ID number that others know of this resident (a record of an old name), or, where a name is missing, the same
-- phone; of a newborn whom one of the two does not know by name, the same birth date.
perhaps as (
    select p.record_id, p.platform, s.record_id as source_record, s.platform as source
    from staged.person as p
    join copies on copies.platform = p.platform
    join staged.person as s on s.platform = copies.source and s.present and s.name = p.name
    union
    select p.record_id, p.platform, s.record_id, s.platform
    from staged.person as p
    join copies on copies.platform = p.platform
    join staged.person as s on s.platform = copies.source and s.present and s.id_number = p.id_number
    union
    select p.record_id, p.platform, s.record_id, s.platform
    from staged.person as p
    join copies on copies.platform = p.platform
    join resolved.record as r on r.record_id = p.record_id
    join golden.value as number on number.resident_id = r.resident_id and number.field = 'id_number'
    join staged.person as s on s.platform = copies.source and s.present and s.id_number = number.value
    union
    select p.record_id, p.platform, s.record_id, s.platform
    from staged.person as p
    join copies on copies.platform = p.platform
    join staged.person as s on s.platform = copies.source and s.present and s.phone = p.phone
    where s.name is null or p.name is null  -- a family shares its phone
    union
    select p.record_id, p.platform, s.record_id, s.platform
    from staged.person as p
    join copies on copies.platform = p.platform
    join staged.person as s on s.platform = copies.source and s.present and s.birth_date = p.birth_date
    where 'newborn' in (s.name_quality, p.name_quality)
)

select distinct perhaps.record_id, feed.field, f.kind, c."key"
from perhaps
join facts.feed as feed on feed.platform = perhaps.platform and feed.source = perhaps.source
join facts.field as f on f.field = feed.field
join staged.claim as c on c.record_id = perhaps.source_record and c.field = feed.field
cross join facts.release as release
where c."key" is not null and coalesce(c.until >= getvariable('night') - release.copied, true)
order by all
