-- A copy of the database answers no demo client and has no demo passwords.
UPDATE interop_service_account SET active = FALSE WHERE client_id IN ('demo-ehr', 'demo-portal', 'demo-analytics');
UPDATE res_users SET active = FALSE WHERE login IN ('operator', 'biller', 'steward', 'viewer');
