-- Dry runs are trials now, as what-ifs are. The last ones can be asked for again.
DROP TABLE dry_run_change;
DROP TABLE dry_run;
