DROP FUNCTION rate_sweep;
DROP FUNCTION rate_charge;
DROP FUNCTION rate_give_back;
DROP FUNCTION rate_take;
DROP TABLE rate_lease;
DROP TABLE rate_budget;
ALTER TABLE task DROP COLUMN charged_to;
