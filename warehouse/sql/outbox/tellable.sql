-- Every golden value that may be told at all, as of tonight ($night, a variable): to whom, is for the platform's page, or a
-- form's purpose, to say. Of a grade that may be published, of a field that may be, stated by somebody who may pass the
-- field on (shareable). A phone that stands for several residents is nobody's own and is not told. A grid or community, only
-- as a record states it that does not live somewhere else (facts.follows), unless it was entered after that address: it then
-- follows from where somebody moved to, and the address is only late; or unless it is named after the community in which the golden
-- address lies and the record's own does not: that address is then out of step with its own row. Nor one that is named after
-- another community than the one in which the golden address lies. Of residents who have died or moved out nothing but that.
-- child: under 14, or of a birth date that nobody knows: only for the departments of warehouse/policy.toml.
with
-- The latest day on which a resident can have been born, from a full date, a month or a year.
resident as (
    select
        resident_id,
        deceased,
        moved_out,
        try_cast(
            case length(birth_date) when 10 then birth_date when 7 then birth_date || '-28' else birth_date || '-12-31' end
            as date
        ) as born,
        coalesce(born + to_years((select max(under) from facts.child_policy)) > getvariable('night'), true) as child
    from golden.resident
),

part as (
    select v.resident_id, v.field, unnest(string_split(v.value, ';')) as part
    from golden.value as v
    join facts.personal_only as o on o.field = v.field
),

not_personal as (
    select distinct resident_id, field
    from part
    where (field, part) in (select (field, part) from part group by field, part having count(distinct resident_id) > 1)
),

-- What is named after a community that some address names. Names are few: each is looked at once, not for every resident.
named as (
    select distinct v.value
    from (select distinct value from golden.value semi join facts.follows using (field)) as v
    join (select distinct split_part(value, '|', 3) as name from golden.value where field = 'address') as community
        on community.name <> '' and starts_with(v.value, community.name)
),

-- What follows from another golden value, on the word of a record that contradicts that one, or in a name that does.
out_of_step as (
    select v.resident_id, v.field
    from golden.value as v
    join facts.follows as follows on follows.field = v.field
    join facts.field as f on f.field = follows.leader
    join golden.value as leader on leader.resident_id = v.resident_id and leader.field = follows.leader
    join staged.own as own on own.record_id = v.taken_from and own.field = follows.leader
    join staged.own as entered on entered.record_id = v.taken_from and entered.field = v.field
    where own."key" is not null
        and entered.since <= own.since
        and not facts.agree(f.kind, own."key", leader.value)
        and not (
            split_part(own."key", '|', 3) <> '' and not starts_with(v.value, split_part(own."key", '|', 3))
            and split_part(leader.value, '|', 3) <> '' and starts_with(v.value, split_part(leader.value, '|', 3))
        )
    union
    select v.resident_id, v.field
    from golden.value as v
    join facts.follows as follows on follows.field = v.field
    join golden.value as leader on leader.resident_id = v.resident_id and leader.field = follows.leader
    semi join named on named.value = v.value
    where split_part(leader.value, '|', 3) <> '' and not starts_with(v.value, split_part(leader.value, '|', 3))
)

select v.resident_id, v.field, v.value, v.taken_from, v.rule, v.sources, q.place, resident.child
from golden.value as v
join resident on resident.resident_id = v.resident_id
join facts.field as f on f.field = v.field and f.publish
join facts.quality as q on q.quality = v.quality and q.publish
anti join not_personal as n on n.resident_id = v.resident_id and n.field = v.field
anti join out_of_step as o on o.resident_id = v.resident_id and o.field = v.field
where v.shareable
    and case
        when v.field in ('death_flag', 'death_date') then resident.deceased or (v.value = '0' and not resident.moved_out)
        when v.field in ('moved_out_flag', 'moved_out_date')
            then not resident.deceased and (resident.moved_out or v.value = '0')
        else not resident.deceased and not resident.moved_out
    end
order by v.resident_id, v.field
