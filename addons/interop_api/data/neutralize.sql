-- a copy of the database lets nobody in and signs nothing
UPDATE interop_service_account SET active = false;
UPDATE interop_service_credential
   SET secret_hash = 'neutralized', revoked_at = now() AT TIME ZONE 'UTC'
 WHERE revoked_at IS NULL;
DELETE FROM interop_signing_key;
