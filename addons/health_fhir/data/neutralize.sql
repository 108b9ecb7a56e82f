-- The FHIR server of a copy answers nobody.
UPDATE interop_interface SET state = 'paused' WHERE handler = 'health.fhir.handler' AND state = 'active';
