-- One row per household, twice: who lives together (living, 居住) and who stands in one book (registered, 户籍).
--
-- Members: residents whose own household it is (golden/resident.sql). The deceased belong to neither; who has
-- moved out no longer lives there but may still stand in the book.
-- Head (户主): a member whose relation is 户主 (02), before all others one of whom a person settled that; where nobody is, a
-- member whose name is stated as the head's
-- name by a record of the household; else the eldest. Between several: the eldest, then the smaller id.
-- `head_by` says which. Dwelling: of a living household, where most of its members live, then the smaller id.
with member as (
    select 'living' as kind, household_living_id as household_id, * from golden.resident
    where household_living_id is not null and not deceased and not moved_out
    union all
    select 'registered' as kind, household_registered_id as household_id, * from golden.resident
    where household_registered_id is not null and not deceased
),

said as (
    select distinct r.household_living_id, r.household_registered_id, c."key" as name
    from staged.own as c
    join resolved.record as r on r.record_id = c.record_id
    where c.field = 'head_name' and c.quality = 'ok'
),

named as (
    select 'living' as kind, household_living_id as household_id, name from said where household_living_id is not null
    union
    select 'registered', household_registered_id, name from said where household_registered_id is not null
),

candidate as (
    select
        member.kind,
        member.household_id,
        member.resident_id,
        member.birth_date,
        case
            when settled.resident_id is not null then 0
            when member.relation = '02' then 1
            when named.name is not null then 2
            else 3
        end as ground
    from member
    left join golden.value as settled
        on settled.resident_id = member.resident_id
        and settled.field = 'relation' and settled.value = '02' and settled.rule = 'pin'
    left join named
        on named.kind = member.kind and named.household_id = member.household_id and named.name = member.name
),

head as (
    select *
    from candidate
    qualify row_number() over (
        partition by kind, household_id order by ground, birth_date nulls last, resident_id
    ) = 1
),

home as (
    select household_id, dwelling_id
    from member
    where kind = 'living' and dwelling_id is not null
    group by household_id, dwelling_id
    qualify row_number() over (partition by household_id order by count(*) desc, dwelling_id) = 1
),

counted as (
    select kind, household_id, count(*)::integer as members from member group by kind, household_id
)

select
    counted.household_id,
    counted.kind,
    head.resident_id as head_resident_id,
    case when head.ground <= 1 then 'relation' when head.ground = 2 then 'head_name' else 'eldest' end as head_by,
    counted.members,
    case when counted.kind = 'living' then home.dwelling_id end as dwelling_id
from counted
join head on head.kind = counted.kind and head.household_id = counted.household_id
left join home on home.household_id = counted.household_id
order by counted.kind, counted.household_id
