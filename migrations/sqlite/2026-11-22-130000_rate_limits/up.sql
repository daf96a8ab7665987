-- Whose token budget a task's usage is charged to. The budgets themselves are kept in memory: one process serves the file.
ALTER TABLE task ADD COLUMN charged_to text;
