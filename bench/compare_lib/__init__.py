"""What bench/compare is made of: `world` the processes, `contenders` who is measured, `runs` how, `plans` what in which
form, `report` the table and the aims."""
