-- One row per platform: the balance of its latest export, and how much of what it states could be read.
-- "Read" counts stated, non-empty cells that gave a key; a platform without such a column gets null, not 0.
with latest as (
    select platform, rows_in, staged, quarantined
    from landed.pull
    where status in ('staged', 'unchanged')
    qualify row_number() over (partition by platform order by night desc, turn desc) = 1
),

records as (
    select platform, count(*) as records, count(*) - count(distinct record_id) as records_twice
    from staged.record
    where present
    group by platform
),

cells as (
    select
        platform,
        field,
        count(*) filter (where quality not in ('empty', 'none')) as stated,
        count("key") filter (where quality not in ('empty', 'none')) as "read",
        count("key") filter (where quality in ('ok', 'ok_unknown_area')) as full_value
    from staged.claim
    where until is null
    group by platform, field
),

shares as (
    select
        c.platform,
        max(c."read") filter (where c.field = 'name') as names,
        max(c."read" / nullif(c.stated, 0)) filter (where c.field = 'id_number') as id_number_read_share,
        max(c.full_value / nullif(c."read", 0)) filter (where c.field = 'id_number') as id_number_full_share,
        max(c."read" / nullif(c.stated, 0)) filter (where c.field = 'birth_date') as birth_date_read_share,
        max(c."read" / nullif(c.stated, 0)) filter (where c.field = 'address') as address_read_share,
        sum(c."read") filter (where f.kind = 'code')
        / nullif(sum(c.stated) filter (where f.kind = 'code'), 0) as code_read_share
    from cells as c
    left join facts.field as f on f.field = c.field
    group by c.platform
)

select
    l.platform,
    l.rows_in,
    l.staged,
    l.quarantined,
    l.rows_in - l.staged - l.quarantined as unbalanced,
    coalesce(r.records, 0) as records,
    coalesce(r.records_twice, 0) as records_twice,
    l.quarantined / nullif(l.rows_in, 0) as quarantine_share,
    s.names / nullif(r.records, 0) as name_share,
    s.id_number_read_share,
    s.id_number_full_share,
    s.birth_date_read_share,
    s.address_read_share,
    s.code_read_share
from latest as l
left join records as r on r.platform = l.platform
left join shares as s on s.platform = l.platform
order by l.platform
