-- Books that contradict each other, and heads that do. Of each question all sides, the one that holds now first:
--   two_books   one resident stands in the books of two registering platforms, and the others in the one book are another
--               household than the others in the other. One row per household, of the record of the most trusted platform.
--   two_heads   the golden relation of two members of one registered household is that each is its head (02).
-- home: the registered household that a side speaks of. resident_id: whose record it is, and who stands in it.
with book as (
    select
        c.platform, c."key" as number, c.record_id, r.resident_id, who.household_registered_id as home, p.trust,
        c.since, c.as_of
    from staged.own as c
    join staged.record as s on s.record_id = c.record_id and s.present
    join resolved.record as r on r.record_id = c.record_id
    join facts.platform as p on p.slug = c.platform and p.household = 'registered'
    join golden.resident as who on who.resident_id = r.resident_id and not who.deceased
    where c.field = 'household_number' and c."key" is not null
),

-- How many people of a book belong to which household; only where these may be most of those beside one of them.
shares as (
    select platform, number, home, people, total
    from (
        select
            platform, number, home, count(distinct resident_id) as people,
            sum(count(distinct resident_id)) over (partition by platform, number) as total
        from book
        group by platform, number, home
    )
    where home is not null and 2 * people >= total - 1
),

-- What each book is without the resident themselves: the household of most of the others.
without as (
    select book.*, shares.home as book_home
    from book
    join shares on shares.platform = book.platform and shares.number = book.number
    where 2 * (shares.people - (shares.home is not distinct from book.home)::integer) > shares.total - 1
),

sides as (
    select *
    from without
    qualify row_number() over (partition by resident_id, book_home order by trust desc, since desc, record_id) = 1
),

two_books as (
    select
        'two_books' as kind, resident_id as about, resident_id, 'household_number' as field, record_id, platform,
        number as value, since, as_of, book_home as home, book_home is not distinct from home as golden
    from sides
    qualify count(*) over (partition by resident_id) > 1
),

heads as (
    select who.resident_id, who.household_registered_id as home, v.taken_from as record_id, v.value
    from golden.resident as who
    join golden.value as v on v.resident_id = who.resident_id and v.field = 'relation' and v.value = '02'
    where who.household_registered_id is not null and not who.deceased
    qualify count(*) over (partition by who.household_registered_id) > 1
),

two_heads as (
    select
        'two_heads' as kind, heads.home as about, heads.resident_id, 'relation' as field, heads.record_id, c.platform,
        heads.value, c.since, c.as_of, heads.home, h.head_resident_id = heads.resident_id as golden
    from heads
    join staged.own as c on c.record_id = heads.record_id and c.field = 'relation'
    join golden.household as h on h.household_id = heads.home and h.kind = 'registered'
)

select
    one.kind, one.about, one.field, one.since::varchar as since,
    list_filter([who.community, who.grid], lambda area: area is not null) as areas,
    one.record_id, one.platform, one.value, one.since::varchar as entered, coalesce(one.as_of::varchar, '') as dated,
    one.resident_id, coalesce(who.name, '') as person, one.home, one.golden
from (from two_books union all from two_heads) as one
join golden.resident as who on who.resident_id = one.resident_id
order by one.kind, one.about, one.golden desc, one.value, one.record_id
