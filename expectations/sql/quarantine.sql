-- Rows that stand in quarantine, by platform and reason.
select platform, reason, count(*) as row_count
from staged.quarantine
where until is null
group by platform, reason
order by platform, row_count desc, reason
