-- News that contradict each other: two platforms entered different values of one field of one resident, both after their
-- first exports, one as lately as the other (`contest` in policy.toml, in nights); or one entered what the other, on that
-- day or later, confirmed to be otherwise (a row dated anew without any other change). Neither the owner of the field nor a pin
-- has settled it: which of the two is the slip, no data can tell, and a person asks. Until then the golden value follows
-- the written rules, and goes nowhere without a person.
-- taken_from, rival_from: the records that say the golden value and the other one. since: the night from which both stood.
with opened as (
    select platform, min(night) as night from landed.pull where status = 'staged' group by platform
),

entered as (
    select
        r.resident_id,
        c.record_id,
        c.field,
        c."key",
        least(c.since, c.as_of) as began,
        greatest(c.since, c.as_of) as spoken,
        c.since > opened.night as new
    from staged.own as c
    join opened on opened.platform = c.platform and greatest(c.since, c.as_of) > opened.night
    join resolved.record as r on r.record_id = c.record_id
    join facts.quality as q on q.quality = c.quality and q.golden
    anti join facts.feed as feed on feed.platform = c.platform and feed.field = c.field
    where c."key" is not null
)

select
    v.resident_id,
    v.field,
    v.value,
    v.taken_from,
    rival."key" as rival,
    min(rival.record_id) as rival_from,
    max(greatest(rival.spoken, ours.spoken)) as since
from golden.value as v
join entered as ours on ours.record_id = v.taken_from and ours.field = v.field
join facts.field as f on f.field = v.field
join entered as rival on rival.resident_id = v.resident_id and rival.field = v.field
cross join facts.release as release
where v.rule not in ('authority', 'former', 'pin')
    and not facts.agree(f.kind, rival."key", v.value)
    and abs(date_diff('day', rival.spoken, ours.spoken)) <= release.contest
    and (ours.new or (rival.new and ours.spoken >= rival.began))
    and (rival.new or (ours.new and rival.spoken >= ours.began))
group by v.resident_id, v.field, v.value, v.taken_from, rival."key"
order by v.resident_id, v.field, rival."key"
