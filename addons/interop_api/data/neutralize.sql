-- a copy of the database lets nobody in, signs nothing and fetches no keys
UPDATE interop_service_account SET active = false, jwks_url = NULL;
UPDATE interop_service_credential
   SET secret_hash = CASE kind WHEN 'secret' THEN 'neutralized' END, revoked_at = now() AT TIME ZONE 'UTC'
 WHERE revoked_at IS NULL;
UPDATE interop_trusted_issuer SET active = false;
DELETE FROM interop_signing_key;
-- What partners exported is not for a copy.
DELETE FROM interop_rest_job WHERE kind = 'export';
