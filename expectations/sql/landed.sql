-- One row per platform that sent a file tonight ($night, a variable): what the import gate found of the last of them.
with tonight as (
    select platform, sha256
    from landed.pull
    where night = getvariable('night') and status in ('staged', 'unchanged', 'refused')
    qualify row_number() over (partition by platform order by turn desc) = 1
)

select
    t.platform,
    count(*) filter (where f.severity = 'critical') as critical,
    count(*) filter (where f.severity = 'warning') as warnings
from tonight as t
left join landed.finding as f
    on f.platform = t.platform and f.sha256 = t.sha256 and f.night = getvariable('night')
group by t.platform
order by t.platform
