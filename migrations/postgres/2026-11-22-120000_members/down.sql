DROP INDEX project_team;
DROP TABLE membership;
DROP TABLE team;
DROP TABLE member;
