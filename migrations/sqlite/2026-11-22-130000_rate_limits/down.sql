ALTER TABLE task DROP COLUMN charged_to;
