-- A copy of a production database tells nobody anything.
UPDATE interop_subscription SET state = 'paused' WHERE state = 'active' AND kind <> 'listener';
UPDATE interop_subscription SET url = NULL, trusted = FALSE WHERE url IS NOT NULL;
DELETE FROM interop_subscription_secret;
