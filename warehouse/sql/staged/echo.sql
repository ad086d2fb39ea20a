-- The current claims that only repeat what we told the platform: a claim of the very value that we last told it, from the
-- night of telling on, unless the platform stated in between what we never told it. An echo confirms that we were heard.
-- It is no evidence: `instead` is when the platform's own last word on the cell began; staged.own reads that.
-- What we tell a platform that others copy from (facts.feed) we tell these, too: their records of the same name, unless both
-- state an ID number and not the same.
with recursive called as (
    select
        record_id,
        platform,
        any_value("key") filter (where field = 'name') as name,
        any_value("key") filter (where field = 'id_number') as id_number
    from staged.claim
    where until is null and field in ('name', 'id_number')
        and platform in (select platform from facts.feed union select source from facts.feed)
    group by record_id, platform
),

told (platform, record_id, field, digest, night) as (
    select platform, record_id, field, digest, night from outbox.told where live and state in ('sending', 'sent')
    union
    select copy.platform, copy.record_id, told.field, told.digest, told.night
    from told
    join facts.feed as feed on feed.source = told.platform and feed.field = told.field
    join called as source on source.record_id = told.record_id
    join called as copy
        on copy.platform = feed.platform and copy.name = source.name
        and coalesce(copy.id_number = source.id_number, true)
),

spoken as (
    select c.record_id, c.field, c.since, c.until, d.digest, c."key" is null as blank
    from staged.claim as c
    semi join told on told.record_id = c.record_id and told.field = c.field
    left join outbox.digest as d on d.value = c."key"
),

-- When we last told it this value before it said so; null: it never had it from us.
heard as (
    select s.*, max(told.night) as told_on
    from spoken as s
    left join told
        on told.record_id = s.record_id and told.field = s.field and told.digest = s.digest and told.night <= s.since
    group by all
),

judged as (
    select
        h.*,
        h.told_on is not null and not exists (
            select 1 from heard as other
            where other.record_id = h.record_id and other.field = h.field
                and other.told_on is null and not other.blank
                and other.since > h.told_on and other.since < h.since
        ) as echo
    from heard as h
)

select
    j.record_id,
    j.field,
    j.since,
    max(own.since) as instead
from judged as j
left join judged as own on own.record_id = j.record_id and own.field = j.field and not own.echo
where j.until is null and j.echo
group by j.record_id, j.field, j.since
order by j.record_id, j.field
