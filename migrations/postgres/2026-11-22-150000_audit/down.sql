DROP TABLE audit;
DROP FUNCTION audit_is_kept();
DROP TABLE audit_counter;
