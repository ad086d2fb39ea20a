-- The value we stand for: one per resident and field, chosen among all that the resident's records say today.
--
-- Who may speak. What platforms themselves say today (staged.own: never our own word coming back), with a key whose
--   quality may be golden (warehouse/qualities.toml): a masked, cut-off, refused or placeholder value never is, however
--   alone it stands. An address competes as one whole key, so its parts never come from two records.
--   A record that is gone from a complete file speaks only where no record that is still there does.
-- Which of two addresses that do not contradict each other is meant. An address that leaves out the unit, the floor
--   or the estate's road gives its vote to the one fuller address of the same resident that it agrees with.
-- What decides, in this order, for every field:
--   pin        what a person settled: the word of this record, for as long as it says so and until the pin ends
--   former     name only: a value that an owner states as the former name of who is called otherwise now stands behind
--              every other
--   authority  the platform that owns the field (一数一源), when its own value is good; a birth date or sex that the
--              checked ID number of the same record contradicts is not: the number is the owner's word too
--   quality    the better grade: a full value before an upgraded, dated-to-the-month or partial one
-- and then, for the stable fields (name, id_number, sex, birth_date, ethnic):
--   id_number  birth_date and sex only: what the resident's own checked ID number says, when somebody states that
--              value, or when nobody states a full one (then the number itself speaks). A number that contradicts
--              every stated value (a parent's number on a child) has no word.
--   agreement  the value that more independent platforms state; a platform and those that copy from it are one
--   newest     the value stated or confirmed last
-- and for the current fields (former_name, phone, address, registered_address, community, grid, relation, marital,
-- education, political, employment, employer, hukou_type, residence_flag, death_flag, death_date, moved_out_flag,
-- moved_out_date, guardian, guardian_phone, disability_number):
--   newest     the value stated or confirmed last; one that was there at a platform's first load, undated, is older
--              than any dated one, because nobody knows since when it stood
--   agreement  as above
-- and at last
--   trust      the more trusted platform
--   tie        the smaller id of the record taken from, so that a rerun gives the same answer
-- `rule` names the first of these by which the value beat its best rival; "only" and "unanimous" had no rival.
-- `shareable`: some platform that states the value may pass the field on, and its grade is fit to be published.
with recursive reached (platform, field, origin) as (
    select platform, field, source from facts.feed
    union
    select reached.platform, reached.field, feed.source
    from reached
    join facts.feed on feed.platform = reached.origin and feed.field = reached.field
),

-- Whose voice a copying platform speaks with: its outermost source; in a ring of copies the first by name.
voice as (
    select
        reached.platform,
        reached.field,
        coalesce(min(reached.origin) filter (where feed.platform is null), min(reached.origin)) as origin
    from reached
    left join facts.feed on feed.platform = reached.origin and feed.field = reached.field
    group by reached.platform, reached.field
),

first_load as (
    select platform, min(night) as night from landed.pull where status = 'staged' group by platform
),

-- Everything a platform's voice needs, looked up once per platform and field instead of once per claim.
speaker as (
    select
        pf.platform,
        pf.field,
        coalesce(voice.origin, pf.platform) as voice,
        pf.authority,
        pf.shares,
        p.trust,
        p.household,
        first_load.night as first_load
    from facts.platform_field as pf
    join facts.platform as p on p.slug = pf.platform
    left join voice on voice.platform = pf.platform and voice.field = pf.field
    left join first_load on first_load.platform = pf.platform
),

-- The addresses that each resident's records state, in parts.
place as (
    select distinct r.resident_id, c.field, c."key", string_split(c."key", '|') as parts
    from staged.own as c
    join resolved.record as r on r.record_id = c.record_id
    join facts.field as f on f.field = c.field and f.kind = 'address'
    join facts.quality as q on q.quality = c.quality and q.golden
    where c."key" is not null
),

fuller as (
    select blunt.resident_id, blunt.field, blunt."key", any_value(sharp."key") as value
    from place as blunt
    join place as sharp on sharp.resident_id = blunt.resident_id and sharp.field = blunt.field
    where
        sharp."key" <> blunt."key"
        and len(list_filter(list_zip(blunt.parts, sharp.parts), lambda pair: pair[1] <> '' and pair[1] <> pair[2])) = 0
    group by blunt.resident_id, blunt.field, blunt."key"
    having count(*) = 1  -- fuller in two ways: nobody knows which
),

-- Birth dates and sexes that the checked ID number of their own record contradicts.
belied as (
    select c.record_id, c.field
    from staged.own as c
    join staged.own as n on n.record_id = c.record_id and n.field = 'id_number'
    join facts.quality as q on q.quality = n.quality and q.good
    join golden.id_number_says as says on says.id_number = n."key"
    where (c.field = 'birth_date' and not starts_with(says.birth_date, c."key"))
        or (c.field = 'sex' and says.sex <> c."key")
),

stated as (
    select
        r.resident_id,
        c.field,
        coalesce(fuller.value, c."key") as value,
        fuller.value is not null as blunt,
        c.record_id,
        c.quality,
        c.as_of,
        case when c.as_of is distinct from sp.first_load then c.as_of end as dated,
        s.present,
        q.place as quality_place,
        q.good,
        q.good and sp.authority and belied.record_id is null as authority,
        q.publish and sp.shares as shareable,
        pin.record_id is not null as pinned,
        sp.voice,
        sp.trust
    from staged.own as c
    join resolved.record as r on r.record_id = c.record_id
    join staged.record as s on s.record_id = c.record_id
    join facts.field as f on f.field = c.field and f.golden <> 'none'
    join facts.quality as q on q.quality = c.quality and q.golden
    join speaker as sp
        on sp.platform = c.platform and sp.field = c.field and coalesce(f.household, sp.household) = sp.household
    left join golden.pin as pin on pin.record_id = c.record_id and pin.field = c.field and pin.value = c."key"
    left join belied on belied.record_id = c.record_id and belied.field = c.field
    left join fuller on fuller.resident_id = r.resident_id and fuller.field = c.field and fuller."key" = c."key"
    where c."key" is not null
),

-- Names that an owner of the name, in a record of the same resident, says to be former ones.
renamed as (
    select distinct r.resident_id, 'name' as field, former."key" as value
    from staged.own as former
    join staged.own as now on now.record_id = former.record_id and now.field = 'name' and now."key" <> former."key"
    join facts.quality as q on q.quality = now.quality and q.good
    join facts.platform_field as pf on pf.platform = now.platform and pf.field = 'name' and pf.authority
    join resolved.record as r on r.record_id = former.record_id
    where former.field = 'former_name'
),

heard as (
    select * from stated where present
    union all
    select *
    from stated
    anti join (select resident_id, field from stated where present) as still_there using (resident_id, field)
    where not present
),

told as (
    select heard.*, false as by_number from heard
    union all by name
    select heard.* replace (says.field as field, says.value as value, false as authority, false as pinned), true as by_number
    from heard
    join (
        unpivot golden.id_number_says on birth_date, sex into name field value value
    ) as says on says.id_number = heard.value
    where heard.field = 'id_number' and heard.good
),

supported as (
    select
        resident_id,
        field,
        value,
        not bool_and(by_number) as stated,
        bool_or(by_number) as by_number,
        bool_or(authority) as authority,
        bool_or(pinned) as pinned,
        min(quality_place) as quality_place,
        list_unique(list(voice) filter (where not by_number)) as voices,
        max(dated) as dated,
        max(trust) as trust,
        bool_or(shareable) as shareable,
        min(struct_pack(
            second_hand := by_number,
            unpinned := not pinned,
            blunt := blunt,
            unowned := not authority,
            place := quality_place,
            days := -coalesce(datediff('day', date '1900-01-01', dated), 0),
            distrust := -trust,
            record_id := record_id,
            quality := quality,
            as_of := as_of
        )) as best
    from told
    group by resident_id, field, value
),

rivals as (
    select
        supported.*,
        renamed.value is not null as former,
        f.golden = 'stable' as stable,
        greatest(voices, 1) as sources,
        best.record_id as taken_from
    from supported
    join facts.field as f on f.field = supported.field
    left join renamed
        on renamed.resident_id = supported.resident_id and renamed.field = supported.field and renamed.value = supported.value
    -- A number speaks for itself only where nobody states the field in full.
    left join (
        select distinct resident_id, field from supported where stated and quality_place = 0
    ) as in_full on in_full.resident_id = supported.resident_id and in_full.field = supported.field
    where supported.stated or in_full.field is null
),

ranked as (
    select
        *,
        row_number() over by_rule as place,
        lead(pinned) over by_rule as rival_pinned,
        lead(former) over by_rule as rival_former,
        lead(authority) over by_rule as rival_authority,
        lead(quality_place) over by_rule as rival_quality,
        lead(by_number) over by_rule as rival_by_number,
        lead(sources) over by_rule as rival_sources,
        lead(dated) over by_rule as rival_dated,
        lead(trust) over by_rule as rival_trust
    from rivals
    window by_rule as (
        partition by resident_id, field
        order by
            pinned desc,
            former,
            authority desc,
            quality_place,
            case when stable then by_number end desc nulls last,
            case when stable then sources end desc nulls last,
            dated desc nulls last,
            sources desc,
            trust desc,
            taken_from
    )
)

select
    resident_id,
    field,
    value,
    taken_from,
    case
        when pinned and not coalesce(rival_pinned, false) then 'pin'
        when authority and rival_former and not former then 'former'
        when authority and not coalesce(rival_authority, false) then 'authority'
        when rival_quality is null and not stated then 'id_number'
        when rival_quality is null and sources > 1 then 'unanimous'
        when rival_quality is null then 'only'
        when quality_place < rival_quality then 'quality'
        when stable and by_number and not rival_by_number then 'id_number'
        when stable and sources > rival_sources then 'agreement'
        when dated > rival_dated or (dated is not null and rival_dated is null) then 'newest'
        when sources > rival_sources then 'agreement'
        when trust > rival_trust then 'trust'
        else 'tie'
    end as rule,
    sources::integer as sources,
    shareable,
    best.quality as quality,
    best.as_of as as_of
from ranked
where place = 1
order by resident_id, field
