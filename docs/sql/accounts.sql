-- Once, by an administrator of the server: the three accounts and the database.

CREATE ROLE waltzflow_owner LOGIN;
CREATE ROLE waltzflow_app LOGIN;
CREATE ROLE waltzflow_auditor LOGIN;
CREATE DATABASE waltzflow OWNER waltzflow_owner;
\connect waltzflow
-- A temporary table would stand in front of the one that a statement names.
REVOKE TEMPORARY, CREATE ON DATABASE waltzflow FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO waltzflow_app, waltzflow_auditor;
-- What a later migrate makes is granted by itself; DELETE never is.
ALTER DEFAULT PRIVILEGES FOR ROLE waltzflow_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE ON TABLES TO waltzflow_app;
ALTER DEFAULT PRIVILEGES FOR ROLE waltzflow_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO waltzflow_app;
ALTER DEFAULT PRIVILEGES FOR ROLE waltzflow_owner IN SCHEMA public GRANT SELECT ON TABLES TO waltzflow_auditor;
