"""What bench/compare is made of, lowest first: `world` the processes, `contenders` who is measured, `runs` how,
`report` the table, `aims` what it should say, `plans` what is measured in which form, `machine` where."""
