-- What becomes of every wanted cell tonight ($night, a variable).
-- decision: shown     the platform is in shadow: the cell stands in tonight's file, which nobody is sent
--           noted     the same, and an earlier night's file already shows it
--           release   it goes out tonight
--           awaiting  the platform was told this value and has not exported since: nobody tells it blindly again
--           refused   the platform does not take this value; a person looks at its words
--           stuck     it was told as often as policy.toml allows and its exports still do not show it; a newcomer's row, once:
--                     told again, somebody might be kept there twice
--           backlog   somebody whom the platform never had although everybody else did: nobody is asked, a person may say so
--           embargo   somebody new, for whom no owner vouches and who was not there long enough (policy.toml)
--           approval  a person has to agree first; `why` says what to: a closing, an overwriting on one source's word alone
--                     (near: by a phone that is one digit off, a slip on one side or the other),
--                     one of a value that others still confirm or that somebody changed at the platform after us, a value that
--                     contradicts what another platform entered lately (golden.conflict), taking back what came from a record
--                     that fell away from this resident without a number or a person saying that it is somebody else's, what
--                     follows from an address where the platform has another address that is not corrected tonight, or taking in somebody of whom outbox.newcomer says
--                     why not without asking. What a person has pinned needs no second word
--           declined  a person said that it must not go
--           flood     more records would change than policy.toml allows for one platform and night without a person
-- A person's word holds for this very value of this cell, as far as that person could see: not on a contradiction that came
-- up later. A newcomer's row goes as a whole or not at all: all of its cells
-- await, or are stuck, refused, declined or under embargo together.
--
-- Others confirm a value when so many independent platforms (policy.toml) say what agrees with it and not with ours, and
-- have not said it for longer than ours has been said: on the first night nobody knows who is late. What the owner, or two
-- platforms, enter after that is newer than what the others still hold, and needs nobody; but the name, number, sex or birth date
-- with which a record begins is no change: it was typed, and the others have not heard otherwise. A list of phones that names both
-- confirms it, too. Against what follows from an address speaks another address than the golden one (lives_elsewhere): a
-- grid can be no surer than where somebody lives.
with opposition as (
    select w.record_id, w.field, count(distinct c.platform) as others, bool_or(asked.about = w.field) as there
    from outbox.wanted as w
    join (
        select field, field as about from facts.field
        union all
        select field, leader from facts.follows
    ) as asked on asked.field = w.field
    join facts.field as f on f.field = asked.about
    join resolved.record as r
        on r.resident_id = w.resident_id and r.record_id <> w.taken_from and r.record_id <> w.record_id
    join staged.own as c on c.record_id = r.record_id and c.field = asked.about
    join facts.quality as q on q.quality = c.quality and q.golden
    left join golden.value as leader
        on leader.resident_id = w.resident_id and leader.field = asked.about and leader.field <> w.field
    left join staged.own as ours on ours.record_id = w.taken_from and ours.field = w.field
    left join staged.record as source on source.record_id = w.taken_from
    anti join facts.feed as feed on feed.platform = c.platform and feed.field = c.field
    where w.kind = 'correct'
        and c."key" is not null
        and (coalesce(c.since >= ours.since, true) or (f.golden = 'stable' and source.first_night = ours.since))
        and case
            when asked.about <> w.field then leader.value is not null and not facts.agree(f.kind, c."key", leader.value)
            else facts.agree(f.kind, c."key", w.held_key) and (not facts.agree(f.kind, c."key", w.told) or f.kind = 'phone')
        end
    group by w.record_id, w.field
),

-- Of whom it is certain that what was told came from somebody else: both have an ID number, or a person parted their records.
number as (
    select v.resident_id, v.value
    from golden.value as v
    join facts.quality as q on q.quality = v.quality and q.good
    where v.field = 'id_number'
),

apart as (
    select mine.resident_id, theirs.resident_id as other
    from (select distinct resident_id, misled_by from outbox.wanted where misled_by is not null) as w
    join number as mine on mine.resident_id = w.resident_id
    join number as theirs on theirs.resident_id = w.misled_by and theirs.value <> mine.value
    union
    select l.resident_id, r.resident_id
    from (
        select "left", "right" from outbox.parted
        union
        select "right", "left" from outbox.parted
    ) as p
    join resolved.record as l on l.record_id = p."left"
    join resolved.record as r on r.record_id = p."right"
),

weighed as (
    select
        w.*,
        d.digest,
        live.platform is not null as live,
        p.night as noted_on,
        p.digest is not distinct from d.digest as noted_same,
        r.receipt,
        r.times,
        r.digest is not distinct from d.digest as told_same,
        case
            when w.kind <> 'insert' then if(a.night < contested.since::varchar, null, a.word)
            when bool_or(a.word = 'declined') over row_of then 'declined'
            when bool_and(coalesce(a.word = 'approved', false)) over row_of then 'approved'
        end as word,
        case when w.kind = 'insert' then max(r.receipt) over row_of end as row_receipt,
        coalesce(n.backlog, false) as backlog,
        w.kind = 'insert' and not n.vouched and getvariable('night') - n.since < release.embargo as too_new,
        case
            when w.kind = 'insert' then coalesce(n.why, max(if(contested.field is null, null, 'contested')) over row_of)
            when w.kind = 'close' then 'close'
            when w.kind = 'recall' then if(apart.resident_id is null, 'parted', null)
            when w.rule = 'pin' then null
            when contested.field is not null then 'contested'
            when r.receipt = 'changed_there' and r.digest = d.digest then 'changed_there'
            when opposition.others >= release.against then if(opposition.there, 'confirmed_there', 'lives_elsewhere')
            when w.kind = 'correct' and w.rule not in ('authority', 'former') and w.sources < release.sources
                then if(f.kind = 'phone' and damerau_levenshtein(w.told, w.held_key) = 1, 'near', 'one_source')
        end as why
    from outbox.wanted as w
    cross join facts.release as release
    join outbox.digest as d on d.value = w.told
    join facts.field as f on f.field = w.field
    left join outbox.newcomer as n on n.platform = w.platform and n.record_id = w.record_id
    left join opposition on opposition.record_id = w.record_id and opposition.field = w.field
    left join (select resident_id, field, max(since) as since from golden.conflict group by all) as contested
        on contested.resident_id = w.resident_id and contested.field = w.field and w.kind <> 'recall'
    left join apart on apart.resident_id = w.resident_id and apart.other = w.misled_by
    left join outbox.live as live on live.platform = w.platform
    left join (
        select * from outbox.told
        qualify row_number() over (partition by platform, record_id, field order by line desc) = 1
    ) as p on p.platform = w.platform and p.record_id = w.record_id and p.field = w.field
    left join outbox.receipt as r on r.platform = w.platform and r.record_id = w.record_id and r.field = w.field
    left join outbox.approval as a
        on a.platform = w.platform and a.record_id = w.record_id and a.field = w.field and a.digest = d.digest
    window row_of as (partition by w.platform, w.record_id)
),

decided as (
    select
        weighed.*,
        case
            when backlog and word is null then 'backlog'
            when not live and noted_same and noted_on < getvariable('night') then 'noted'
            when not live then 'shown'
            when row_receipt is not null then if(row_receipt = 'still_old', 'stuck', row_receipt)
            when told_same and receipt in ('awaiting', 'refused') then receipt
            when word = 'declined' then 'declined'
            when too_new and word is null then 'embargo'
            when why is not null and word is null then 'approval'
            when told_same and weighed.times >= release.times then 'stuck'
            else 'release'
        end as decision
    from weighed
    cross join facts.release as release
),

-- A grid told to a record that goes on stating another address would contradict its own row.
unled as (
    select d.record_id, d.field
    from decided as d
    join facts.follows as follows on follows.field = d.field
    join facts.field as f on f.field = follows.leader
    join golden.value as leader on leader.resident_id = d.resident_id and leader.field = follows.leader
    join staged.claim as c on c.record_id = d.record_id and c.field = follows.leader and c.until is null
    left join decided as l on l.record_id = d.record_id and l.field = follows.leader
    where d.decision = 'release' and d.word is null and d.kind in ('fill', 'correct')
        and not facts.agree(f.kind, c."key", leader.value)
        and coalesce(l.decision not in ('release', 'awaiting'), true)
),

flooded as (
    select decided.platform
    from decided
    cross join facts.release as release
    where decided.decision = 'release' and decided.word is null
    group by decided.platform
    having count(distinct decided.record_id) > greatest(
        max(release.records),
        max(release.share) * (select count(*) from staged.record as s where s.platform = decided.platform and s.present)
    )
)

select
    decided.* exclude (
        live, noted_on, noted_same, receipt, row_receipt, times, told_same, word, backlog, too_new, decision, why
    ),
    if(unled.record_id is null, decided.why, 'follows') as why,
    case
        when unled.record_id is not null then 'approval'
        when flooded.platform is not null and decided.decision = 'release' and decided.word is null then 'flood'
        else decided.decision
    end as decision
from decided
left join flooded on flooded.platform = decided.platform
left join unled on unled.record_id = decided.record_id and unled.field = decided.field
order by decided.platform, decided.record_id, decided.field
